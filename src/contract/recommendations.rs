//! Contracts of recommendations (`spec/affinity.md` 6): who gets lists, the lists by customer and by product, the rhythm of
//! products, and the back-test.

use super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// What SQL makes for the model, what the model makes, and what is published.
pub(super) fn tables() -> Vec<Table> {
    vec![
        offer_customers(),
        given_back(),
        customer_offers(),
        product_targets(),
        offer_rules(),
        affinity_cycles(),
        affinity_evaluation(),
        recommendation_figures(),
        affinity_ptc(),
        affinity_ctp(),
    ]
}

pub(super) fn muted_categories() -> Table {
    Table::new(
        "muted_categories",
        "one category of which nothing is recommended, nor of what is below it",
        &["category"],
        vec![text("category", "its path")],
    )
    .internal()
}

fn customer_no() -> Column {
    integer("customer_no", "the customer's number, in the order of the ids")
}

fn product_no() -> Column {
    integer("product_no", "the product's number, in the order of the ids")
}

fn offer_customers() -> Table {
    Table::new(
        "offer_customers",
        "one known customer, and whether there may be lists for them",
        &["customer_no"],
        vec![customer_no(), boolean("is_listed", "may be profiled and has not left")],
    )
    .internal()
}

fn given_back() -> Table {
    Table::new(
        "given_back",
        "one product that one known customer gave back, all of it",
        &["customer_no", "product_no"],
        vec![customer_no(), product_no()],
    )
    .internal()
}

fn customer_offers() -> Table {
    Table::new(
        "customer_offers",
        "one product in one list of one customer, by numbers",
        &["customer_no", "list_no", "product_no"],
        vec![
            customer_no(),
            integer("list_no", "1 cross_sell, 2 replenish, 3 win_back: the order of the names"),
            integer("rank", "place in the list, from 1"),
            product_no(),
            double("score", "what the list is ordered by"),
            integer("score_norm", "the score from 0 to 100, of the best in the list"),
            double("probability", "that the customer buys the product within the horizon").optional(),
            integer("method_no", "method, by its number"),
            integer("reason_no", "reason, by its number"),
            integer("evidence_1", "number of the product that speaks most for it").optional(),
            integer("evidence_2", "the second").optional(),
            integer("evidence_3", "the third").optional(),
            double("share_1", "what share of the score the first makes").optional(),
            double("share_2", "the second").optional(),
            double("share_3", "the third").optional(),
            day("expected_day", "day on which the next purchase is due").optional(),
            integer("days_overdue", "days since then").optional(),
            day("last_purchase_day", "day of the last purchase of it").optional(),
            bigint("n_purchases", "days on which the customer bought it"),
            money("expected_margin_e4", "probability times the margin of one unit").optional(),
            integer("rule_no", "number of the rule that gave the row"),
        ],
    )
    .sorted_by(&["customer_no", "list_no", "rank"])
    .internal()
}

fn product_targets() -> Table {
    Table::new(
        "product_targets",
        "one customer in the list of one product, by numbers",
        &["product_no", "rank"],
        vec![
            product_no(),
            integer("rank", "place in the list, from 1"),
            customer_no(),
            double("score", "what the list is ordered by"),
            double("probability", "that the customer buys the product within the horizon").optional(),
            bigint("customers_before_cap", "customers for whom the product had a score at all"),
        ],
    )
    .internal()
}

fn offer_rules() -> Table {
    Table::new(
        "offer_rules",
        "one reason why one product is in a list",
        &["rule_no"],
        vec![
            integer("rule_no", "its number in this run"),
            text(
                "rule_id",
                "hash of list, reason, product and the product that speaks most for it: the same every night",
            ),
        ],
    )
    .internal()
}

fn affinity_cycles() -> Table {
    Table::new(
        "affinity_cycles",
        "one product that known customers bought, and after how many days they buy it again",
        &["product_id"],
        vec![
            text("product_id", "the product"),
            bigint("gaps", "gaps between two purchase days of it by one customer"),
            bigint("customers", "customers with a gap"),
            double("q1_days", "a quarter of the gaps is at most this; null without a gap").optional(),
            double("median_gap_days", "half of the gaps is at most this").optional(),
            double("q3_days", "three quarters of the gaps are at most this").optional(),
            double("expected_gap_days", "the median, drawn to that of the category and of all products").optional(),
            double("late_gap_days", "95 % of those who buy again do so earlier").optional(),
            double("own_share", "weight of the product's own gaps in expected_gap_days").optional(),
            text("source", "whose gaps these mostly are: product, category or all"),
        ],
    )
}

fn affinity_evaluation() -> Table {
    Table::new(
        "affinity_evaluation",
        "one method of one list in the back-test, judged by its first k products",
        &["list", "k", "method"],
        vec![
            text("list", "again: products bought before; new: products never bought; all: both"),
            integer("k", "how many products of the list are looked at"),
            text("method", "the method"),
            double("precision", "share of the k that were bought").optional(),
            double("recall", "share of what was bought that is among the k").optional(),
            double("ndcg", "as recall, but what is high in the list counts more; 1 is perfect").optional(),
            double("map", "mean average precision, divided by the lesser of k and what was bought").optional(),
            double("hit_rate", "share of customers with at least one hit").optional(),
            double("coverage", "share of the products that are in anybody's list").optional(),
            double("popularity", "mean share of customers who had bought what is listed").optional(),
            double("lo", "ndcg: lower end of its 95 % interval over customers").optional(),
            double("hi", "ndcg: upper end").optional(),
            bigint("customers", "customers by whom it was judged"),
            boolean("chosen", "whether the lists are made with it"),
            day("cut_day", "first day of the back-test, which no method read; null without a back-test").optional(),
            integer("horizon_days", "days of the back-test, for which the probabilities of lists hold"),
            text("reason", "why it was chosen, and what could not be judged; null of what was not chosen").optional(),
        ],
    )
}

fn recommendation_figures() -> Table {
    Table::new(
        "recommendation_figures",
        "one figure of who got how much, or of a limit that held",
        &["subject", "figure"],
        vec![
            text("subject", "customers, products, a list, targets or methods"),
            text("figure", "which figure"),
            bigint("value", "how many"),
            boolean("is_limit", "the figure is above 0 and something is missing because of it"),
            text("meaning", "the figure in words"),
        ],
    )
}

fn affinity_ptc() -> Table {
    Table::new(
        "affinity_ptc",
        "one product in one list of one customer",
        &["customer_id", "list", "product_id"],
        vec![
            text("customer_id", "the customer"),
            text("list", "replenish: due again; cross_sell: never bought; win_back: bought before and given up"),
            integer("rank", "place in the list, 1 is first"),
            text("product_id", "the product"),
            double("score", "what the list is ordered by; comparable within one list and method only"),
            integer(
                "score_norm",
                "0 to 100: of cross_sell the hundredth of the back-test's scores that it reaches, of the others the score as a \
                 share of the list's best; 0 of what is only popular",
            ),
            double(
                "probability",
                "that the customer buys it within horizon_days of affinity_evaluation; null: not known",
            )
            .optional(),
            text("method", "how it was found: the chosen method, replenishment or popularity"),
            text("reason_code", "due, overdue, lapsed, because_bought, popular_in_category or popular"),
            text("evidence_product_1", "product bought before that speaks most for it").optional(),
            text("evidence_product_2", "the second").optional(),
            text("evidence_product_3", "the third").optional(),
            double("evidence_share_1", "what share of the score the first makes").optional(),
            double("evidence_share_2", "the second").optional(),
            double("evidence_share_3", "the third").optional(),
            day("expected_day", "day on which the next purchase is due").optional(),
            integer("days_overdue", "days since then; negative when it is not yet").optional(),
            day("last_purchase_day", "day on which the customer last bought it").optional(),
            bigint("n_purchases", "days on which the customer bought it"),
            money("expected_margin_e4", "probability times the margin of one unit; null when either is not known")
                .optional(),
            boolean("in_stock", "whether it is in stock; null when stock is not known").optional(),
            boolean("already_owned", "whether the customer bought it before"),
            text("rule_id", "what gave the row, for feedback: the same for all whom the same reason leads to it"),
        ],
    )
    .sorted_by(&["customer_id", "list", "rank"])
}

fn affinity_ctp() -> Table {
    Table::new(
        "affinity_ctp",
        "one customer in the list of one product",
        &["product_id", "customer_id"],
        vec![
            text("product_id", "the product"),
            integer("rank", "place in the list, 1 is first"),
            text("customer_id", "a customer who never bought it"),
            double("score", "what the list is ordered by"),
            double(
                "probability",
                "that the customer buys it within horizon_days of affinity_evaluation; null: not known",
            )
            .optional(),
            bigint("customers_before_cap", "customers for whom the product had a score, before any limit"),
        ],
    )
    .sorted_by(&["product_id", "rank"])
}
