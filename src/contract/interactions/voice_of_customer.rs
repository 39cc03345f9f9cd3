//! What customers say: reasons, complaints, products, competitors, events in their lives.

use super::super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// Internal and published tables.
pub fn tables() -> Vec<Table> {
    vec![
        voice_of_customer(),
        complaint_cases(),
        complaint_ageing(),
        product_quality(),
        competitor_mentions(),
        life_event_leads(),
    ]
}

fn value_at_risk() -> Column {
    money("value_at_risk_e4", "value at risk of the different customers, as in attrition")
}

fn voice_of_customer() -> Table {
    let columns = vec![
        text("scope", "all, queue or product"),
        text("name", "all, the queue or the product"),
        text("reason", "reason, or unknown"),
        bigint("rank", "1 has most value at risk"),
        bigint("contacts", "contacts that customers began"),
        bigint("unidentified", "those of unknown callers"),
        bigint("customers", "different customers"),
        bigint("complaints", "contacts that were complaints"),
        bigint("unsolved", "contacts that say that they were not solved"),
        bigint("repeats", "contacts that repeat one of the same reason"),
        bigint("abandoned", "contacts that were given up"),
        bigint("dissatisfied", "contacts with any of these, or followed by another of the same reason"),
        bigint("dissatisfied_customers", "different customers of those"),
        value_at_risk(),
        bigint("value_unknown", "of those customers, whose value at risk is not known"),
        double("dissatisfied_share", "share of the contacts").optional(),
        bigint("csat_n", "contacts whose satisfaction is known"),
        double("csat", "their mean satisfaction").optional(),
    ];
    Table::new("voice_of_customer", "one reason for which customers turn to us", &["scope", "name", "reason"], columns)
        .sorted_by(&["scope", "name", "rank", "reason"])
}

fn complaint_cases() -> Table {
    let columns = vec![
        bigint("case_no", "number, by customer; unknown callers come last"),
        text("customer_id", "who complained").optional(),
        text("complaint_key", "complaint id, or what stands for it"),
        text("reason", "reason, or unknown"),
        bigint("contacts", "rows about it"),
        day("first_day", "day of the first"),
        day("last_day", "day of the newest"),
        boolean("is_open", "whether the newest says nothing of a solution"),
        day("promise_due_day", "day by which something was promised, while it is open").optional(),
    ];
    Table::new("complaint_cases", "one complaint", &["case_no"], columns).internal()
}

fn complaint_ageing() -> Table {
    let columns = vec![
        text("reason", "all, reason, or unknown"),
        text("state", "open or solved"),
        integer("age_from_days", "least days of the band"),
        text("age_band", "the band in days"),
        bigint("complaints", "complaints"),
        bigint("unidentified", "those of unknown callers"),
        bigint("customers", "different customers"),
        bigint("overdue", "complaints that were promised something by a day that is past"),
        double("mean_days", "mean age, or time to the solution"),
        integer("oldest_days", "the longest"),
        value_at_risk(),
    ];
    let key = ["reason", "state", "age_from_days"];
    Table::new("complaint_ageing", "complaints of one reason and one age", &key, columns)
}

fn product_quality() -> Table {
    let columns = vec![
        text("product_id", "the product"),
        bigint("lines_sold", "lines of goods sold"),
        bigint("lines_returned", "lines of goods given back"),
        money("sold_e4", "what was paid for them"),
        money("returned_e4", "what was given back for them"),
        double("return_rate", "lines given back over lines sold").optional(),
        double("return_lo", "its lower 95 % bound, from 30 lines on").optional(),
        bigint("contacts", "contacts about it"),
        bigint("complaints", "those that were complaints"),
        bigint("defects", "those whose reason is a defect"),
        double("complaint_rate", "complaints over lines sold").optional(),
        double("defect_rate", "defects over lines sold").optional(),
        text("status", "ok, too_few or not_sold"),
    ];
    Table::new("product_quality", "one product that was sold, given back or talked about", &["product_id"], columns)
}

fn competitor_mentions() -> Table {
    let columns = vec![
        text("competitor_code", "the competitor"),
        text("reason", "all, reason, or unknown"),
        bigint("contacts", "contacts that name it"),
        bigint("complaints", "those that were complaints"),
        bigint("customers", "different customers"),
        bigint("leaving", "of those, who are dormant or lost"),
        value_at_risk(),
        day("first_day", "first day on which it was named"),
        day("last_day", "last day"),
    ];
    Table::new(
        "competitor_mentions",
        "one competitor in contacts of one reason",
        &["competitor_code", "reason"],
        columns,
    )
}

fn life_event_leads() -> Table {
    let columns = vec![
        text("customer_id", "whose life"),
        text("life_event_code", "the event"),
        bigint("mentions", "contacts that name it"),
        day("first_day", "first day on which we heard of it"),
        day("last_day", "last day"),
        integer("age_days", "days since then"),
        double("freshness", "1 on that day, half after a half-life; null of who objected to profiling").optional(),
        text("category", "products that it may lead to; null without an offer").optional(),
        day("bought_day", "first purchase of them since we heard of it").optional(),
        text("status", "ready, stale, open_complaint, bought, no_offer or profiling_opt_out"),
    ];
    let key = ["customer_id", "life_event_code"];
    Table::new("life_event_leads", "one event in the life of one customer", &key, columns)
}
