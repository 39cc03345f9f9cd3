//! Contracts of the tables about who buys less than before (`spec/definitions.md` 3.5, part 5).

use super::{Table, bigint, boolean, customer_id, double, integer, money, text};

pub(super) fn tables() -> Vec<Table> {
    vec![
        shrink_windows(),
        shrink_counts(),
        shrink_tests(),
        shrink_peers(),
        shrink_products(),
        shrink_parts(),
        customer_shrink(),
    ]
}

fn shrink_windows() -> Table {
    Table::new(
        "shrink_windows",
        "one buyer with a move in the last window or the one before it",
        &["customer_id"],
        vec![
            customer_id(),
            text(
                "status",
                "ok, or why the windows cannot be compared: new, insufficient_history, value_unknown, below_floor",
            ),
            bigint("orders_now", "orders in the last window"),
            bigint("orders_prev", "orders in the one before"),
            bigint("days_now", "purchase days in the last window"),
            bigint("days_prev", "purchase days in the one before, without the very first"),
            integer("exposure_days", "days of the window before that came after the first order"),
            money("revenue_now_e4", "net revenue in the last window"),
            money("revenue_prev_e4", "net revenue in the one before"),
            money("value_now_e4", "the chosen measure in the last window").optional(),
            money("value_prev_e4", "the chosen measure in the one before").optional(),
        ],
    )
}

fn shrink_counts() -> Table {
    Table::new(
        "shrink_counts",
        "one pair of purchase-day counts in the two windows",
        &["days_now", "days_prev", "exposure_days"],
        vec![
            bigint("days_now", "purchase days in the last window"),
            bigint("days_prev", "purchase days in the one before"),
            integer("exposure_days", "days of the window before that count"),
            bigint("customers", "customers with them"),
        ],
    )
}

fn shrink_tests() -> Table {
    Table::new(
        "shrink_tests",
        "the test of one pair of purchase-day counts",
        &["days_now", "days_prev", "exposure_days"],
        vec![
            bigint("days_now", "purchase days in the last window"),
            bigint("days_prev", "purchase days in the one before"),
            integer("exposure_days", "days of the window before that count"),
            text("status", "ok: the status of customers to whom it applies"),
            boolean("is_found", "q is at most the false discovery rate"),
            double("p", "probability of so few days in the last window, or fewer, by chance"),
            double("q", "Benjamini and Hochberg's q across customers"),
        ],
    )
}

fn shrink_peers() -> Table {
    Table::new(
        "shrink_peers",
        "one group of peers",
        &["peer_group"],
        vec![
            text("peer_group", "region and kind of customer, or all"),
            bigint("peers", "comparable customers in it"),
            bigint("ratio_e4", "median of value now / value before, in ten-thousandths"),
        ],
    )
}

fn shrink_products() -> Table {
    Table::new(
        "shrink_products",
        "one product of one shrinking customer",
        &["customer_id", "product_id"],
        vec![
            customer_id(),
            text("product_id", "the product"),
            money("units_now_e4", "units in the last window, returns taken off").optional(),
            money("units_prev_e4", "units in the one before").optional(),
            money("revenue_now_e4", "net revenue in the last window"),
            money("revenue_prev_e4", "net revenue in the one before"),
            bigint("sales_now", "lines in the last window that are not returns"),
            bigint("lines_without_quantity", "lines whose quantity is not known"),
        ],
    )
}

fn shrink_parts() -> Table {
    Table::new(
        "shrink_parts",
        "one shrinking customer",
        &["customer_id"],
        vec![
            customer_id(),
            text("status", "ok, or what is missing: no_products, no_quantities, no_categories"),
            money("change_e4", "net revenue now less before"),
            money("orders_e4", "by fewer orders"),
            money("units_e4", "by fewer units an order").optional(),
            money("price_e4", "by other prices of products bought in both windows").optional(),
            money("mix_e4", "by other products: what is left"),
            text("lost_category", "largest category bought before and not now").optional(),
            money("lost_category_e4", "its net revenue before, as a loss").optional(),
            text("driver", "the largest loss: orders, units, price, mix or category").optional(),
        ],
    )
}

fn customer_shrink() -> Table {
    Table::new(
        "customer_shrink",
        "one buyer with a move in the last window or the one before it",
        &["customer_id"],
        vec![
            customer_id(),
            text("status", "ok, too_few_orders (compared, not tested), or why the windows cannot be compared"),
            bigint("orders_now", "orders in the last window"),
            bigint("orders_prev", "orders in the one before"),
            bigint("days_now", "purchase days in the last window"),
            bigint("days_prev", "purchase days in the one before, without the very first"),
            integer("exposure_days", "days of the window before that came after the first order"),
            money("value_now_e4", "the chosen measure in the last window").optional(),
            money("value_prev_e4", "the chosen measure in the one before").optional(),
            double("shrink", "1 - value now / value before").optional(),
            text("peer_group", "the peers: region and kind of customer, or all").optional(),
            double("shrink_rel", "1 - (value now / value before) / the peers' median of it").optional(),
            double("shrink_p", "probability of so few purchase days now by chance").optional(),
            double("shrink_q", "that across all tested customers").optional(),
            boolean("is_shrinking", "found by the test, and the value fell"),
            text("parts_status", "ok, or what the decomposition lacks").optional(),
            money("change_e4", "net revenue now less before").optional(),
            money("orders_e4", "by fewer orders").optional(),
            money("units_e4", "by fewer units an order").optional(),
            money("price_e4", "by other prices").optional(),
            money("mix_e4", "by other products").optional(),
            text("lost_category", "largest category bought before and not now").optional(),
            money("lost_category_e4", "its net revenue before, as a loss").optional(),
            text("driver", "the largest loss").optional(),
        ],
    )
}
