//! The contact centre: its parameters, its contacts, staffing, and agents side by side.

use super::super::{Column, Table, bigint, boolean, day, double, instant, integer, money, text};

/// Internal and published tables.
pub fn tables() -> Vec<Table> {
    vec![centre_contacts(), contact_orders(), staffing_demand(), agent_comparison()]
}

/// What the pipeline makes of `[contact_centre]`.
pub fn parameter_tables() -> Vec<Table> {
    vec![business_days(), contact_centre_params(), contact_cuts(), defect_reasons(), life_event_offers()]
}

fn business_days() -> Table {
    let columns = vec![
        day("day", "the day"),
        instant("start_us", "when it begins in the business time zone"),
        instant("shift_us", "when the clock is put forward or back on it; null on other days").optional(),
        bigint("shift_by_us", "by how many microseconds, forward is positive").optional(),
        integer("weekday", "1 is Monday"),
        day("month_day", "first day of its month"),
        day("month_end_day", "first day of the next month"),
    ];
    Table::new("business_days", "one day of the contact centre's window", &["day"], columns).internal()
}

fn contact_centre_params() -> Table {
    let columns = vec![
        day("window_day", "first day whose contacts count"),
        bigint("window_us", "length of the window in microseconds"),
        day("recent_day", "first of the days that have rows of their own"),
        integer("repeat_days", "days within which a contact repeats another"),
        bigint("repeat_us", "the same in microseconds"),
        bigint("attribution_us", "microseconds after a contact in which an order belongs to it"),
        bigint("short_abandon_e4", "who gives up sooner counts nowhere, in ten-thousandths of a second"),
        bigint("service_level_e4", "an answer within this is in time, in ten-thousandths of a second"),
        text("service_level_rule", "abandoned_after, all_abandoned or answered_only"),
        text("service_level_variant", "what the service level is, in words"),
        day("staffing_day", "first day of staffing_demand"),
        bigint("min_cases", "fewest contacts for a comparison"),
        boolean("mix_queue", "whether agents are compared within queues"),
        boolean("mix_channel", "whether agents are compared within channels"),
        boolean("mix_tier", "whether agents are compared within tiers"),
        boolean("mix_reason", "whether agents are compared within reasons"),
        integer("life_event_half_life_days", "days after which a life event is half as fresh"),
    ];
    Table::new("contact_centre_params", "the one row of parameters of the contact centre", &["window_day"], columns)
        .internal()
}

fn contact_cuts() -> Table {
    let columns = vec![
        text("cut", "all, or what it parts, separated by blanks"),
        boolean("by_site", "whether sites are apart"),
        boolean("by_queue", "whether queues are apart"),
        boolean("by_agent", "whether agents are apart"),
        boolean("by_channel", "whether channels are apart"),
        boolean("by_tier", "whether tiers are apart"),
        boolean("by_hour", "whether hours are apart"),
    ];
    Table::new("contact_cuts", "one cut of the contact centre summary", &["cut"], columns).internal()
}

fn defect_reasons() -> Table {
    let columns = vec![text("reason_code", "the reason")];
    Table::new("defect_reasons", "one reason that says that a product is faulty", &["reason_code"], columns).internal()
}

fn life_event_offers() -> Table {
    let columns = vec![
        text("life_event_code", "the event"),
        text("category", "category of products that it may lead to, with all below it"),
    ];
    Table::new("life_event_offers", "one event in life and what it may lead to", &["life_event_code"], columns)
        .internal()
}

/// Flags are 0 or 1, so that sums count them.
fn flag(name: &'static str, doc: &'static str) -> Column {
    integer(name, doc)
}

fn centre_contacts() -> Table {
    let columns = vec![
        bigint("contact_no", "number, by customer and time; unknown callers come last"),
        text("interaction_id", "the contact's id").optional(),
        text("customer_id", "who; null for an unknown caller").optional(),
        flag("is_unidentified", "1 for an unknown caller"),
        instant("ts_us", "when it began"),
        day("day", "day on which it began"),
        day("month_day", "first day of its month"),
        day("recent_day", "the day, if it has rows of its own in the summary").optional(),
        integer("weekday", "1 is Monday"),
        integer("half_hour", "half hour of the wall clock, 0 to 47"),
        text("site", "site, or unknown"),
        text("queue", "queue, or unknown"),
        text("agent", "agent, or unknown"),
        text("channel", "channel, or unknown"),
        text("tier", "the customer's value tier now, 0 without value, or unidentified"),
        text("reason", "reason, or unknown"),
        text("product_id", "product it was about").optional(),
        text("competitor_code", "competitor that was named").optional(),
        bigint("n", "how many contacts the row stands for"),
        flag("is_in", "1 when the customer began it"),
        flag("in_vru", "1 when it was in the voice response unit"),
        flag("vru_done", "1 when that did the task; null when it is not known").optional(),
        flag("is_live", "1 on channels where a person waits"),
        flag("answered", "1 when somebody answered"),
        flag("abandoned", "1 when it was given up before"),
        flag("queued", "1 when it is live and was in a queue"),
        flag("offered", "1 when it is live and reached a queue or an agent"),
        flag("is_short", "1 when it was given up so soon that it counts in no rate"),
        bigint("wait_e4", "wait in ten-thousandths of a second; null when nobody knows").optional(),
        bigint("handle_e4", "talk, hold and wrap-up in ten-thousandths of a second").optional(),
        flag("resolved", "1 when it was solved; null when it is not known").optional(),
        flag("resolvable", "1 when a first line could solve it; null when it is not known").optional(),
        flag("is_leg", "1 when it was handed over from another contact"),
        flag("is_transferred", "1 when it was handed over to another"),
        flag(
            "is_repeat",
            "1 when the customer turned to us for the same reason shortly before; null of unknown callers",
        )
        .optional(),
        flag("is_followed", "1 when they did so again shortly after; null when that is not over yet").optional(),
        flag("complaint", "1 for a complaint; null when it is not known").optional(),
        flag("lead", "1 when it gave a lead; null when it is not known").optional(),
        bigint("satisfaction_e4", "satisfaction in ten-thousandths of its scale").optional(),
        money("cost_e4", "what the row's contacts cost us").optional(),
    ];
    Table::new("centre_contacts", "one contact of the contact centre's window", &["contact_no"], columns).internal()
}

fn contact_orders() -> Table {
    let columns = vec![
        bigint("contact_no", "the contact"),
        text("order_id", "the order"),
        text("customer_id", "who bought").optional(),
        text("rule", "named by the order, or the customer's last_contact before it"),
        money("net_revenue_e4", "what the order brought"),
        money("margin_e4", "less the cost of the goods; null when that is not known").optional(),
    ];
    Table::new("contact_orders", "one order that belongs to a contact", &[], columns).internal()
}

fn staffing_demand() -> Table {
    let columns = vec![
        text("dimension", "all, tier or queue"),
        text("name", "all, the tier or the queue"),
        integer("weekday", "1 is Monday"),
        text("half_hour", "when the half hour begins, on the wall clock of the business"),
        bigint("dates", "dates of that weekday that were looked at"),
        bigint("arrivals", "contacts that reached the queue or an agent, on all of them"),
        double("mean_arrivals", "a date"),
        double("p90_arrivals", "what one date in ten exceeds"),
        bigint("most_arrivals", "of a date"),
        double("aht_s", "mean seconds of talk, hold and wrap-up").optional(),
        double("work_s", "seconds of talk, hold and wrap-up that arrive a date"),
        text("status", "ok, or few_dates: fewer than four"),
    ];
    let key = ["dimension", "name", "weekday", "half_hour"];
    Table::new("staffing_demand", "one half hour of the week", &key, columns)
}

fn agent_comparison() -> Table {
    let columns = vec![
        text("agent", "the agent"),
        text("metric", "handling, solved_first, came_back, satisfaction or lead"),
        bigint("contacts", "contacts of which it is known and which can be compared"),
        bigint("contacts_alone", "contacts of which colleagues have too few like them"),
        double("observed", "seconds, points, or a share from 0 to 1").optional(),
        double("expected", "what colleagues reach with the same mix").optional(),
        double("difference", "observed less expected").optional(),
        double("lo", "lower end of 95 % of the difference").optional(),
        double("hi", "upper end").optional(),
        double("adjusted", "the centre's mean and the difference: comparable between agents").optional(),
        double("centre", "mean of all agents"),
        text("verdict", "above, below, as_expected or too_few"),
    ];
    Table::new("agent_comparison", "one measure of one agent", &["agent", "metric"], columns)
}
