//! The contact centre summary, and the sums that it is made of.

use super::super::{Column, Table, bigint, day, double, integer, money, text};

/// What identifies a row of the summary.
const KEY: [&str; 9] = ["cut", "period_kind", "period_start_day", "site", "queue", "agent", "channel", "tier", "hour"];

/// Internal and published tables.
pub fn tables() -> Vec<Table> {
    vec![
        contact_cells().internal(),
        contact_cut_sums().internal(),
        contact_waits().internal(),
        contact_wait_quantiles().internal(),
        contact_centre_summary(),
    ]
}

/// What is summed up; times in ten-thousandths of a second.
fn sums() -> Vec<Column> {
    vec![
        bigint("contacts", "contacts"),
        bigint("unidentified", "those of unknown callers"),
        bigint("outbound", "those that we began"),
        bigint("offered", "live contacts that reached a queue or an agent"),
        bigint("queued", "live contacts that were in a queue"),
        bigint("answered", "offered contacts that somebody answered"),
        bigint("abandoned", "offered contacts that were given up, but for short abandons"),
        bigint("short_abandoned", "given up so soon that they count in no rate"),
        bigint("abandoned_before_queue", "given up before a queue, mostly in the voice response unit"),
        bigint("waits", "queued contacts whose wait is known, without short abandons"),
        bigint("waited_e4", "their waits"),
        bigint("answered_waits", "those of them that were answered"),
        bigint("answered_waited_e4", "their waits"),
        bigint("answered_timed", "answered contacts whose wait is known, of nothing too"),
        bigint("answered_in_time", "those answered within the threshold"),
        bigint("abandoned_timed", "abandoned contacts whose wait is known"),
        bigint("abandoned_late", "those given up after the threshold"),
        bigint("replies", "answered contacts on channels where nobody waits, whose wait is known"),
        bigint("reply_waited_e4", "their waits"),
        bigint("handled", "answered contacts whose handling time is known"),
        bigint("handle_e4", "their talk, hold and wrap-up"),
        bigint("vru_entered", "contacts that were in the voice response unit"),
        bigint("vru_known", "those of which it is known whether that did the task"),
        bigint("vru_contained", "those that it did, and that went no further"),
        bigint("judged", "answered contacts of which it is known whether they were solved"),
        bigint("resolved_first", "those solved at first"),
        bigint("resolvable_known", "judged contacts of which it is known whether a first line could solve them"),
        bigint("judged_resolvable", "judged contacts but for those that no first line could solve"),
        bigint("resolvable_resolved", "those of them solved at first"),
        bigint("complaints_judged", "judged contacts that were complaints"),
        bigint("complaints_resolved", "those solved at first"),
        bigint("follow_judged", "answered contacts whose time for another one is over"),
        bigint("not_followed", "those without another of the same customer and reason"),
        bigint("repeat_base", "contacts that identified customers began"),
        bigint("repeats", "those that repeat one of the same customer and reason"),
        bigint("csat_n", "contacts whose satisfaction is known"),
        bigint("csat_e4", "their satisfaction"),
        bigint("complaints", "contacts that were complaints"),
        bigint("inquiries", "answered contacts that were no complaints"),
        bigint("leads", "those that gave a lead"),
        bigint("complaint_known", "contacts of which it is known whether they were complaints"),
        bigint("lead_known", "contacts of which it is known whether they gave a lead"),
        bigint("transfers", "contacts handed over from another"),
        bigint("costed", "contacts whose cost is known"),
        bigint("cost_e4", "their cost"),
        bigint("orders", "orders that belong to the contacts"),
        bigint("revenue_e4", "what these brought"),
        bigint("margin_e4", "less the cost of the goods, where it is known"),
        bigint("orders_without_margin", "orders of which it is not"),
    ]
}

fn places() -> [Column; 5] {
    [
        text("site", "site, or unknown"),
        text("queue", "queue, or unknown"),
        text("agent", "agent, or unknown"),
        text("channel", "channel, or unknown"),
        text("tier", "value tier now, 0 without value, or unidentified"),
    ]
}

/// The columns of [`KEY`].
fn keys() -> Vec<Column> {
    let mut columns = vec![
        text("cut", "all, or what it parts, separated by blanks"),
        text("period_kind", "window, month or day"),
        day("period_start_day", "first day of the period"),
    ];
    columns.extend(places());
    columns.push(text("hour", "hour of the wall clock, 00 to 23, or all"));
    columns
}

fn contact_cells() -> Table {
    let mut columns = vec![
        day("month_day", "first day of the month"),
        integer("recent_key", "the day, if it has rows of its own in the summary, or 0"),
    ];
    columns.extend(places());
    columns.push(integer("hour", "hour of the wall clock"));
    columns.extend(sums());
    let key = ["month_day", "recent_key", "site", "queue", "agent", "channel", "tier", "hour"];
    Table::new("contact_cells", "contacts that share month, place, agent, channel, tier and hour", &key, columns)
}

fn contact_cut_sums() -> Table {
    let columns = [keys(), sums()].concat();
    Table::new("contact_cut_sums", "one part of one cut in one period", &KEY, columns)
}

fn contact_waits() -> Table {
    let mut columns = keys();
    columns.extend([
        bigint("wait_e4", "the wait in ten-thousandths of a second"),
        bigint("waits", "how many waited that long"),
        bigint("waits_so_far", "how many waited that long or less"),
    ]);
    let key = [&KEY[..], &["wait_e4"]].concat();
    Table::new("contact_waits", "one wait in one part of one cut in one period", &key, columns)
}

fn contact_wait_quantiles() -> Table {
    let mut columns = keys();
    columns.extend([
        bigint("wait_p50_e6", "median in millionths of a second"),
        bigint("wait_p90_e6", "0.9 quantile in millionths of a second"),
        bigint("wait_p95_e6", "0.95 quantile in millionths of a second"),
    ]);
    Table::new("contact_wait_quantiles", "the waits in one part of one cut in one period", &KEY, columns)
}

fn contact_centre_summary() -> Table {
    let columns = vec![
        text("cut", "all, or what it parts, separated by blanks"),
        text("period_kind", "window, month or day"),
        day("period_start_day", "first day of the period"),
        day("period_end_day", "day after its last"),
        text("site", "all, site, or unknown"),
        text("queue", "all, queue, or unknown"),
        text("agent", "all, agent, or unknown"),
        text("channel", "all, channel, or unknown"),
        text("tier", "all, value tier now, 0 without value, or unidentified"),
        text("hour", "all, or hour of the wall clock, 00 to 23"),
        bigint("contacts", "contacts"),
        bigint("unidentified", "those of unknown callers"),
        bigint("outbound", "those that we began"),
        bigint("offered", "live contacts that reached a queue or an agent"),
        bigint("queued", "live contacts that were in a queue"),
        bigint("answered", "offered contacts that somebody answered"),
        bigint("abandoned", "offered contacts that were given up, but for short abandons"),
        bigint("short_abandoned", "given up so soon that they count in no rate"),
        bigint("abandoned_before_queue", "given up before a queue, mostly in the voice response unit"),
        double("abandon_rate", "abandoned over queued, both without short abandons").optional(),
        bigint("waits", "queued contacts whose wait is known, without short abandons"),
        double("mean_wait_s", "their mean wait in seconds").optional(),
        double("mean_wait_answered_s", "the same of those that were answered").optional(),
        double("asa_s", "average speed of answer in seconds, also of those answered at once").optional(),
        double("wait_p50_s", "median wait of the queued").optional(),
        double("wait_p90_s", "wait that one in ten exceeds").optional(),
        double("wait_p95_s", "wait that one in twenty exceeds").optional(),
        bigint("answered_in_time", "answered within the threshold"),
        double("service_level", "share answered in time, as service_level_variant says").optional(),
        text("service_level_variant", "what the service level is a share of"),
        bigint("replies", "answered contacts on channels where nobody waits"),
        double("mean_reply_s", "mean seconds to the reply").optional(),
        bigint("handled", "answered contacts whose handling time is known"),
        money("handle_s_e4", "their seconds of talk, hold and wrap-up"),
        double("aht_s", "average handling time in seconds").optional(),
        bigint("vru_entered", "contacts that were in the voice response unit"),
        bigint("vru_contained", "those that it served, and that went no further; null when that is not known")
            .optional(),
        double("vru_containment", "contained over entered").optional(),
        bigint("fcr_judged", "answered contacts of which it is known whether they were solved"),
        double("fcr_gross", "share solved at first").optional(),
        double("fcr_net", "the same without contacts that no first line could solve").optional(),
        double("fcr_complaints", "the same of complaints").optional(),
        bigint("fcr_inferred_judged", "answered contacts whose time for another one is over"),
        double("fcr_inferred", "share without another of the same customer and reason").optional(),
        bigint("repeats", "contacts that repeat one of the same customer and reason"),
        double("repeat_rate", "over the contacts that identified customers began").optional(),
        bigint("transfers", "contacts handed over from another"),
        bigint("csat_n", "contacts whose satisfaction is known"),
        double("csat", "their mean satisfaction").optional(),
        bigint("complaints", "contacts that were complaints; null when the export does not say").optional(),
        bigint("inquiries", "answered contacts that were no complaints"),
        bigint("leads", "those that gave a lead; null when the export does not say").optional(),
        double("lead_rate", "leads over inquiries").optional(),
        money("cost_e4", "cost, where it is known; null when none is").optional(),
        double("cost_per_contact", "over the contacts whose cost is known").optional(),
        bigint("orders", "orders that belong to the contacts (attributed)"),
        money("revenue_e4", "what these brought"),
        double("revenue_per_contact", "over all contacts").optional(),
        money("margin_e4", "less the cost of the goods; null when one is not known").optional(),
        money("contribution_e4", "margin less the cost of the contacts; null when one is not known").optional(),
        text("status", "ok, incomplete_period, no_contacts, margin_unknown or cost_unknown"),
    ];
    Table::new("contact_centre_summary", "one part of one cut of the contact centre in one period", &KEY, columns)
}
