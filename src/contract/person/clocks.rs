//! Contracts of clocks and calendars of customers: time zones, regions, holidays, occasions.

use super::super::{Table, bigint, boolean, day, integer, text};
use super::{customer, segment};

pub(super) fn parameter_tables() -> Vec<Table> {
    vec![region_time_zones(), occasion_params(), civil_days(), celebrations()]
}

pub(super) fn tables() -> Vec<Table> {
    vec![
        zones_in_use(),
        regions_in_use(),
        zone_days(),
        region_zones(),
        region_paths(),
        customer_clocks(),
        clock_sources(),
        customer_holidays(),
        customer_occasions(),
        occasions(),
    ]
}

fn region_time_zones() -> Table {
    Table::new(
        "region_time_zones",
        "one region with a time zone in the pipeline file",
        &["region"],
        vec![text("region", "the region"), text("time_zone", "its time zone")],
    )
    .internal()
}

fn occasion_params() -> Table {
    Table::new(
        "occasion_params",
        "the one row of [occasions]",
        &["horizon_days"],
        vec![
            integer("horizon_days", "occasions within so many days are listed"),
            integer("lead_days", "days before the occasion on which somebody should be contacted"),
            boolean("first_order", "whether the first order stands in for a sign-up"),
        ],
    )
    .internal()
}

fn civil_days() -> Table {
    Table::new(
        "civil_days",
        "one day, from 1900 to two years after as_of",
        &["day"],
        vec![
            integer("day", "the day since 1970-01-01"),
            integer("year", "its year"),
            integer("month_day", "its month times 100 and its day"),
            text("date_text", "the day as 2026-06-30"),
        ],
    )
    .internal()
}

fn celebrations() -> Table {
    Table::new(
        "celebrations",
        "one day ahead, and one day of the year that is celebrated on it",
        &["day", "month_day"],
        vec![
            integer("day", "the day since 1970-01-01"),
            integer("month_day", "month times 100 and day of what is celebrated: 229 in common years too"),
        ],
    )
    .internal()
}

fn zones_in_use() -> Table {
    Table::new(
        "zones_in_use",
        "one time zone that somebody named, and the days for which its clock is asked",
        &["time_zone"],
        vec![
            text("time_zone", "its name, which may be none"),
            integer("first_day", "the first UTC day"),
            integer("last_day", "the last UTC day"),
        ],
    )
    .internal()
}

fn regions_in_use() -> Table {
    Table::new("regions_in_use", "one region that somebody named", &["region"], vec![text("region", "the region")])
        .internal()
}

fn zone_days() -> Table {
    Table::new(
        "zone_days",
        "what the clock of one time zone does on one UTC day",
        &["time_zone", "utc_day"],
        vec![
            text("time_zone", "the time zone"),
            integer("utc_day", "the day since 1970-01-01 UTC"),
            bigint("change_us", "instant at which the clock changes; on most days the end of the day"),
            bigint("before_us", "local time less UTC before that, in microseconds"),
            bigint("after_us", "local time less UTC from then on"),
        ],
    )
    .internal()
}

fn region_zones() -> Table {
    Table::new(
        "region_zones",
        "one region with a time zone, its own or that of the nearest region above it",
        &["region"],
        vec![text("region", "the region"), text("time_zone", "its time zone")],
    )
    .internal()
}

fn region_paths() -> Table {
    Table::new(
        "region_paths",
        "one region, and one that it lies in or is",
        &["region", "ancestor"],
        vec![
            text("region", "the region as it is named"),
            text("ancestor", "path of the other, from the root all"),
            boolean("is_itself", "it is the region itself"),
        ],
    )
    .internal()
}

fn customer_clocks() -> Table {
    Table::new(
        "customer_clocks",
        "where one known customer lives as far as clocks go, and whom they are compared with",
        &["customer_id"],
        vec![
            customer(),
            text("holiday_region", "their region; empty for who has none"),
            text("time_zone", "time zone of their clock"),
            text("zone_source", "customer, region or business"),
            boolean("is_zone_wrong", "they have a time zone that is none"),
            day("today_day", "their own date at the instant of as_of"),
            segment(),
            boolean("profiling_opt_out", "objected to profiling"),
        ],
    )
    .internal()
}

fn clock_sources() -> Table {
    Table::new(
        "clock_sources",
        "how many customers have their clock from one source",
        &["zone_source", "is_zone_wrong"],
        vec![
            text("zone_source", "customer, region or business"),
            boolean("is_zone_wrong", "the customers export names a time zone that is none"),
            bigint("customers", "how many"),
        ],
    )
}

fn customer_holidays() -> Table {
    Table::new(
        "customer_holidays",
        "one day on which there is a holiday where customers of one region live",
        &["region", "day"],
        vec![text("region", "the region; empty for who has none"), day("day", "the day"), text("name", "the holiday")],
    )
    .internal()
}

fn customer_occasions() -> Table {
    Table::new(
        "customer_occasions",
        "the next birthday and the next anniversary of one known customer",
        &["customer_id"],
        vec![
            customer(),
            day("today_day", "their own date at the instant of as_of"),
            day("next_birthday_day", "the next birthday").optional(),
            day("next_anniversary_day", "the next anniversary").optional(),
            integer("anniversary_years", "how many years it is then").optional(),
            text("anniversary_of", "signup or first_order").optional(),
        ],
    )
    .internal()
}

fn occasions() -> Table {
    Table::new(
        "occasions",
        "one birthday or anniversary of one customer that comes soon",
        &["customer_id", "occasion"],
        vec![
            customer(),
            text("occasion", "birthday or anniversary"),
            day("occasion_day", "the day, on the customer's calendar"),
            integer("days_until", "days until then, from their own date at the instant of as_of"),
            day("contact_day", "when they should be contacted: [occasions] lead_days before, but not before today"),
            integer("weekday", "weekday of the occasion, 1 is Monday"),
            integer("years", "years of an anniversary; null for a birthday").optional(),
            text("counts_from", "signup or first_order, for an anniversary").optional(),
            text("holiday", "the holiday on that day where they live").optional(),
            text("time_zone", "time zone of the customer's clock"),
        ],
    )
}
