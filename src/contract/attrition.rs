//! Contracts of the tables about who is leaving: rhythm, lifecycle, attrition signals, retention.

mod backtest;
mod decisions;
mod learning;
mod shrinking;

use super::{Column, Table, bigint, boolean, day, double, instant, integer, money, text};

/// The tables of this theme, internal and published.
pub(super) fn tables() -> Vec<Table> {
    let silence = vec![
        purchase_days(),
        spell_counts(),
        return_spells(),
        return_thresholds(),
        return_probabilities(),
        error_balance(),
        silence_windows(),
        customer_thresholds(),
        customer_lifecycle(),
        customer_opt_outs(),
        two_way_days(),
        customer_complaints(),
        customer_contacts(),
    ];
    let internal = [silence, shrinking::tables(), learning::tables(), decisions::internal()].concat();
    let mut tables: Vec<Table> = internal.into_iter().map(Table::internal).collect();
    tables.extend(decisions::published());
    tables.extend(learning::published());
    tables
}

pub use backtest::backtest_tables;

/// Tables of this theme that the pipeline itself makes.
pub(super) fn parameter_tables() -> Vec<Table> {
    learning::parameter_tables()
}

fn customer_id() -> Column {
    text("customer_id", "the customer")
}

fn purchase_days() -> Table {
    Table::new(
        "purchase_days",
        "one day on which one customer bought",
        &["customer_id", "day"],
        vec![
            customer_id(),
            bigint(
                "slice",
                "which of a thousand parts of the customers: windows over parts are cheaper than over customers",
            ),
            day("day", "the day"),
            bigint("purchase_day_no", "its number among the customer's, from 1"),
            day("previous_day", "the purchase day before").optional(),
            day("day_before_previous", "the one before that").optional(),
            day("next_day", "the next purchase day").optional(),
        ],
    )
}

fn spell_counts() -> Table {
    Table::new(
        "spell_counts",
        "the spells of silence of one length in one region, year and class",
        &[],
        vec![
            text("region", "region of the customers").optional(),
            text("first_year", "year of their first order").optional(),
            text("class", "purchase days that they had when the spell began"),
            integer("t_days", "length of the spell"),
            bigint("events", "spells that ended with a purchase"),
            bigint("censored", "spells that are still open"),
        ],
    )
}

fn return_spells() -> Table {
    Table::new(
        "return_spells",
        "the spells of silence of one length",
        &["kind", "stratum", "t_days"],
        vec![
            text("kind", "all_spells: from every purchase day; first_return: from the first"),
            text("stratum", "all, or what the customers have in common"),
            integer("t_days", "length of the spell"),
            bigint("events", "spells that ended with a purchase"),
            bigint("censored", "spells that are still open"),
        ],
    )
}

fn return_thresholds() -> Table {
    Table::new(
        "return_thresholds",
        "one limit of the probability of a return, and the silence at which it is reached",
        &["stratum", "horizon_days", "return_ppm", "is_window"],
        vec![
            text("stratum", "all, or a class of purchase days"),
            integer("horizon_days", "days within which the return has to be"),
            integer("return_ppm", "the limit, in millionths"),
            boolean("is_window", "a window of all customers; else the limit of lost customers"),
            integer("days", "first silent day after which a return is no likelier").optional(),
            double("p", "the probability there").optional(),
            bigint("at_risk", "spells longer than that").optional(),
            text("status", "ok, or not_reached in the history there is"),
        ],
    )
}

fn return_probabilities() -> Table {
    Table::new(
        "return_probabilities",
        "one number of silent days in one class of purchase days",
        &["stratum", "silent_days"],
        vec![
            text("stratum", "the class"),
            integer("silent_days", "days since the last purchase day"),
            double("p_90d", "probability of a return within 90 days").optional(),
            double("p_horizon", "probability of a return within the horizon").optional(),
            bigint("at_risk", "spells longer than that, of which this is known").optional(),
            text("status", "ok, all_customers (the class is too small), lower_bound (history too short), few_cases"),
        ],
    )
}

fn error_balance() -> Table {
    Table::new(
        "error_balance",
        "those who had been silent for one number of days one horizon ago",
        &["silent_days"],
        vec![
            integer("silent_days", "days since the last purchase day before t0"),
            integer("window_days", "the shortest window, in steps, that holds them"),
            bigint("buyers", "customers who bought within the horizon"),
            bigint("others", "customers who did not"),
            bigint("buyers_so_far", "buyers who had been silent for no longer"),
            bigint("others_so_far", "others who had been silent for no longer"),
            bigint("buyers_in_all", "all buyers"),
            bigint("others_in_all", "all others"),
        ],
    )
}

fn silence_windows() -> Table {
    Table::new(
        "silence_windows",
        "the windows of silence that the run goes by",
        &["as_of_day"],
        vec![
            day("as_of_day", "end of what was read"),
            integer("pool_days", "the window of all customers"),
            text("pool_source", "return_probability, error_balanced or fixed: where it comes from"),
            integer("return_days", "window by the probability of a return").optional(),
            integer("error_days", "error-balanced window").optional(),
            bigint("error_buyers", "buyers that it was balanced over"),
            bigint("error_others", "others that it was balanced over"),
            integer("fixed_days", "window of the pipeline file"),
        ],
    )
}

fn customer_thresholds() -> Table {
    Table::new(
        "customer_thresholds",
        "one customer with a purchase day",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("purchase_days", "days with an order"),
            text("class", "class of purchase days"),
            integer("recency_days", "days of silence"),
            integer("last_gap_days", "gap before the last purchase day").optional(),
            text("method", "own_rhythm, or the window that stands in for it"),
            bigint("threshold_e4", "silence after which the customer is overdue, in ten-thousandths of a day"),
            bigint("lost_e4", "silence after which the customer is dormant, in ten-thousandths of a day"),
            bigint("overdue_e4", "silence / threshold, in ten-thousandths"),
        ],
    )
}

fn customer_lifecycle() -> Table {
    Table::new(
        "customer_lifecycle",
        "one known customer",
        &["customer_id"],
        vec![
            customer_id(),
            text("lifecycle_state", "prospect, new, active, slipping, at_risk, dormant, reactivated or lost"),
            day("state_since_day", "first day in it").optional(),
            text("state_prev", "the state before").optional(),
            text("state_next", "the state that comes without an order").optional(),
            integer("next_in_days", "days until then").optional(),
        ],
    )
}

fn customer_opt_outs() -> Table {
    Table::new(
        "customer_opt_outs",
        "one customer who stated a consent or unsubscribed",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("denied", "channels and purposes that are denied"),
            bigint("withdrawn", "of these, how many had been granted before"),
            bigint("granted", "channels and purposes that are granted and have not run out"),
            bigint("unsubscribed", "messages that led to an opt-out"),
            boolean("denied_all", "something is denied and nothing granted"),
        ],
    )
}

fn two_way_days() -> Table {
    Table::new(
        "two_way_days",
        "one customer on one day on which we and they spoke",
        &["customer_id", "day"],
        vec![customer_id(), day("day", "the day")],
    )
}

fn customer_complaints() -> Table {
    Table::new(
        "customer_complaints",
        "one complaint of one customer",
        &["customer_id", "complaint_key"],
        vec![
            customer_id(),
            text("complaint_key", "its id, or its contact"),
            day("first_day", "day of its first contact"),
            boolean("is_open", "the newest contact does not say that it is solved"),
            boolean("is_repeat", "it came within 30 days of the one before"),
        ],
    )
}

fn customer_contacts() -> Table {
    Table::new(
        "customer_contacts",
        "one customer with a contact",
        &["customer_id"],
        vec![
            customer_id(),
            bigint("contacts", "contacts"),
            bigint("contacts_90d", "contacts of the last 90 days"),
            instant("last_contact_us", "when the last one began"),
            text("last_contact_channel", "its channel").optional(),
            text("last_contact_outcome", "how it ended: its disposition, or abandoned, resolved, open").optional(),
            integer("days_since_two_way", "days since we and they last spoke").optional(),
            bigint("open_complaints", "complaints that are not solved"),
            integer("oldest_complaint_days", "age of the oldest of them").optional(),
            bigint("repeat_complaints_90d", "complaints of the last 90 days that came within 30 days of another"),
            money("csat_mean_e4", "mean satisfaction").optional(),
            bigint("csat_n", "answers that it is the mean of"),
            money("csat_drop_e4", "how far the last 90 days lie below what was before").optional(),
            bigint("abandoned_90d", "contacts given up in the last 90 days"),
            bigint("abandoned_30d", "contacts given up in the last 30 days"),
            day("promise_due_day", "first day by which we promised something that is not solved").optional(),
        ],
    )
}
