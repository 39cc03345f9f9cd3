//! Contracts of what concerns one person: signs and preferences (`spec/definitions.md` 3.11). Clocks and occasions are in
//! [`clocks`], questions and facts in [`facts`].

mod clocks;
mod facts;

use super::{Column, Table, bigint, boolean, day, double, instant, integer, text};

/// What the pipeline itself makes for them.
pub(super) fn parameter_tables() -> Vec<Table> {
    let mut tables = vec![preference_params(), contact_weights(), allowed_slots()];
    tables.extend(clocks::parameter_tables());
    tables.extend(facts::parameter_tables());
    tables
}

/// What SQL and models make, internal and published.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = vec![
        contact_signals(),
        contact_slots(),
        contact_pools(),
        pool_hours(),
        contact_choices(),
        channel_choices(),
        customer_preferences(),
        contact_preferences(),
    ];
    tables.extend(clocks::tables());
    tables.extend(facts::tables());
    tables
}

/// The columns that `customers` has of them, at its end.
pub(super) fn customers_columns() -> Vec<Column> {
    vec![
        text("pref_channel", "the channel on which they are reached best: see the table contact_preferences")
            .optional(),
        double("pref_channel_n", "weighed signs that speak for it; null for who objected to profiling").optional(),
        integer("pref_hour", "the best hour on that channel, of their own clock").optional(),
        integer("pref_weekday", "the best weekday on it, 1 is Monday").optional(),
        text("pref_daypart", "the best part of the day on it: night, morning, afternoon, evening").optional(),
        text("pref_source", "own, segment, everybody, none or not_profiled: whose contacts decided"),
        text("contact_time_zone", "time zone of their clock: their own, that of the region or of the business"),
        day("next_birthday_day", "their next birthday, on their own calendar; today counts")
            .published_as("next_birthday")
            .optional(),
        day("next_anniversary_day", "next anniversary of the sign-up").published_as("next_anniversary").optional(),
        text("next_question_id", "the one question to put to them next").optional(),
    ]
}

/// The columns that `campaign_targets` has of them, at its end.
pub(super) fn target_columns() -> Vec<Column> {
    vec![
        integer("send_hour_local", "the best hour on the channel, of the clock of time_zone").optional(),
        text("send_hour_source", "own, segment or everybody: whose contacts decided").optional(),
    ]
}

fn customer() -> Column {
    text("customer_id", "the customer")
}

fn channel() -> Column {
    text("channel", "the channel")
}

fn measure() -> Column {
    text("measure", "hour, weekday, daypart or channel")
}

fn slot() -> Column {
    integer("slot", "the hour, the weekday from 1 for Monday, or the part of the day from 1 for night; 0 for a channel")
}

fn segment() -> Column {
    text("segment", "what its customers have in common; empty for who has none")
}

fn preference_params() -> Table {
    Table::new(
        "preference_params",
        "the one row of [preferences]",
        &["segment_by"],
        vec![
            text("segment_by", "what customers of a segment have in common"),
            bigint("prior_contacts", "signs that weigh as much as the pool's"),
            bigint("prior_trials", "trials that weigh as much as the pool's"),
            bigint("min_contacts", "fewest weighed contacts of a choice of one's own"),
            bigint("min_pool", "fewest weighed contacts of a segment of its own"),
            boolean("page_views", "whether page views are signs"),
        ],
    )
    .internal()
}

fn contact_weights() -> Table {
    Table::new(
        "contact_weights",
        "one day of which contacts still weigh something",
        &["day"],
        vec![
            day("day", "the day of the business"),
            instant("start_us", "the instant at which it begins"),
            bigint("weight_e4", "2^(-age / half-life) with age 0 for the last day that is read, in ten-thousandths"),
        ],
    )
    .internal()
}

fn allowed_slots() -> Table {
    Table::new(
        "allowed_slots",
        "one hour or part of the day on one channel",
        &["channel", "measure", "slot"],
        vec![channel(), measure(), slot(), boolean("is_allowed", "whether somebody may be contacted in it")],
    )
    .internal()
}

fn contact_signals() -> Table {
    Table::new(
        "contact_signals",
        "what one hour of one weekday says about one customer on one channel",
        &["customer_id", "channel", "weekday", "hour"],
        vec![
            customer(),
            channel(),
            integer("weekday", "1 is Monday, of the customer's calendar"),
            integer("hour", "hour of the customer's clock, -1 where it is not known"),
            bigint("signs_e4", "weighed contacts that they began and calls that they answered, in ten-thousandths"),
            bigint("trials_e4", "weighed calls and messages of ours of which it is known whether they reached them"),
            bigint("reached_e4", "of these, those that did"),
            bigint("opened_e4", "of these, messages: when they were opened is not known"),
            bigint("sales_e4", "of signs and opened, those of campaigns, leads and calls of ours"),
        ],
    )
    .internal()
}

fn contact_slots() -> Table {
    Table::new(
        "contact_slots",
        "what one customer's contacts on one channel say of one hour, weekday or part of the day",
        &["customer_id", "channel", "measure", "slot"],
        vec![
            customer(),
            channel(),
            measure(),
            slot(),
            bigint("signs_e4", "weighed signs, in ten-thousandths"),
            bigint("trials_e4", "weighed trials"),
            bigint("reached_e4", "weighed trials that reached them"),
            bigint("sales_e4", "weighed signs of sales"),
        ],
    )
    .internal()
}

fn contact_pools() -> Table {
    Table::new(
        "contact_pools",
        "what the contacts of one segment on one channel say of one hour, weekday or part of the day",
        &["segment", "channel", "measure", "slot"],
        vec![
            segment(),
            channel(),
            measure(),
            slot(),
            text("basis", "segment, or everybody where the segment is too small"),
            bigint("signs_e4", "weighed signs, in ten-thousandths"),
            bigint("trials_e4", "weighed trials"),
            bigint("share_e6", "share of the pool's signs, in millionths"),
            bigint("rate_e6", "rate of trials that reached somebody; null without a trial").optional(),
            boolean("is_allowed", "whether somebody may be contacted in it"),
            integer("share_place", "place by share among the allowed slots"),
            integer("rate_place", "place by rate among them"),
            bigint("tried_slots", "allowed slots of the pool with trials"),
            bigint("pool_signs_e4", "weighed signs of the pool"),
        ],
    )
    .internal()
}

fn pool_hours() -> Table {
    Table::new(
        "pool_hours",
        "the best hour, weekday and part of the day of one segment on one channel",
        &["segment", "channel"],
        vec![
            segment(),
            channel(),
            integer("hour", "the hour").optional(),
            integer("weekday", "the weekday").optional(),
            integer("daypart", "the part of the day").optional(),
            text("basis", "segment or everybody, of the hour").optional(),
        ],
    )
    .internal()
}

fn contact_choices() -> Table {
    Table::new(
        "contact_choices",
        "the best hour, weekday or part of the day of one customer on one channel",
        &["customer_id", "channel", "measure"],
        vec![
            customer(),
            channel(),
            measure(),
            slot(),
            text("method", "signs or trials: what decided"),
            text("source", "own, segment or everybody"),
            bigint("contacts_e4", "weighed contacts that decided, in ten-thousandths"),
            double("probability", "share of signs, or rate of trials, in the slot"),
            double("lift", "how many times the pool's it is").optional(),
        ],
    )
    .internal()
}

fn channel_choices() -> Table {
    Table::new(
        "channel_choices",
        "one channel on which one customer may be reached best, the best first",
        &["customer_id", "channel"],
        vec![
            customer(),
            channel(),
            integer("place", "place among the channels"),
            text("source", "own, segment or everybody"),
            bigint("all_signs_e4", "weighed signs on all channels, in ten-thousandths"),
            bigint("signs_e4", "weighed signs on this one"),
            bigint("sales_e4", "of these, those of sales"),
            double("probability", "share of the channel"),
            double("lift", "how many times the pool's it is").optional(),
        ],
    )
    .internal()
}

fn customer_preferences() -> Table {
    let mut columns = customers_columns();
    columns.truncate(7);
    columns.insert(0, customer());
    columns.push(text("zone_source", "customer, region or business"));
    Table::new("customer_preferences", "the best way and time to reach one known customer", &["customer_id"], columns)
        .internal()
}

fn contact_preferences() -> Table {
    Table::new(
        "contact_preferences",
        "when, and how gladly, one customer is reached on one channel",
        &["customer_id", "channel"],
        vec![
            customer(),
            channel(),
            integer("place", "place among the customer's channels; null where we only sent in vain").optional(),
            text("channel_source", "own, segment or everybody: whose contacts placed it").optional(),
            double("channel_n", "weighed signs on the channel, messages opened included"),
            double("sales_n", "of these, answers to campaigns and calls of ours, and leads"),
            double("service_n", "the others"),
            double("channel_p", "share of the channel, drawn to the pool's").optional(),
            double("channel_lift", "how many times the pool's it is").optional(),
            integer("hour", "best hour, of the clock of time_zone; null where no hour is allowed").optional(),
            text("hour_method", "signs or trials: what decided; null where the customer has none").optional(),
            text("hour_source", "own, segment or everybody").optional(),
            double("hour_n", "weighed contacts of the customer behind it"),
            double("hour_p", "share of signs, or rate of trials, in that hour, drawn to the pool's").optional(),
            double("hour_lift", "how many times the pool's it is").optional(),
            integer("weekday", "best weekday, 1 is Monday").optional(),
            text("weekday_source", "own, segment or everybody").optional(),
            double("weekday_p", "as hour_p").optional(),
            text("daypart", "night (until 6), morning (until 12), afternoon (until 18) or evening").optional(),
            text("daypart_source", "own, segment or everybody").optional(),
            double("daypart_p", "as hour_p").optional(),
            text("time_zone", "time zone of the customer's clock"),
            text("zone_source", "customer, region or business: whose time zone it is"),
        ],
    )
    .for_lookups()
}
