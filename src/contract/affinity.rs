//! Contracts of the affinity tables (`spec/affinity.md` 6): what the kernel counts, what comes of it, and what changed.

use super::{Column, Table, bigint, boolean, day, double, integer, money, text};

/// The tables that SQL makes for the models, what the models make, and what is published.
pub(super) fn tables() -> Vec<Table> {
    let mut tables = [
        basket_products(),
        returned_products(),
        offered_products(),
        basket_lines(),
        product_pairs(),
        affinity_names(),
        affinity_pair_rows(),
        affinity_sequence_rows(),
    ]
    .map(Table::internal)
    .to_vec();
    tables.extend([
        affinity_ptp(),
        affinity_ptp_delta(),
        affinity_sequence(),
        affinity_rules(),
        affinity_rule_products(),
        affinity_figures(),
    ]);
    tables
}

pub(super) fn excluded_products() -> Table {
    Table::new(
        "excluded_products",
        "one product that is never counted",
        &["product_id"],
        vec![text("product_id", "the product")],
    )
    .internal()
}

pub(super) fn affinity_ptp_before() -> Table {
    Table::new(
        "affinity_ptp_before",
        "one row of affinity_ptp of the previous published run",
        &["rule_id"],
        vec![
            text("rule_id", "the row"),
            text("level", "as in affinity_ptp"),
            text("granularity", "as in affinity_ptp"),
            text("relation", "as in affinity_ptp"),
            text("product_a", "as in affinity_ptp"),
            text("product_b", "as in affinity_ptp"),
            integer("rank", "the rank it had"),
        ],
    )
    .internal()
}

fn basket_products() -> Table {
    Table::new(
        "basket_products",
        "one product in one basket",
        &[],
        vec![
            text("customer_id", "who bought it; null where nobody was identified").optional(),
            text("order_id", "the basket"),
            text("product_id", "the product"),
            day("order_day", "day of the order"),
        ],
    )
}

fn returned_products() -> Table {
    Table::new(
        "returned_products",
        "one product that one customer gave back, all of it",
        &["customer_id", "product_id"],
        vec![text("customer_id", "the customer"), text("product_id", "the product")],
    )
}

fn offered_products() -> Table {
    Table::new(
        "offered_products",
        "one product of the catalogue or of a line of goods",
        &["product_no"],
        vec![
            integer("product_no", "its number in the order of the ids, from 1"),
            text("product_id", "the product"),
            integer("root_no", "number that the variants of one product share"),
            integer("category_no", "its category; that of unknown without one"),
            boolean("has_category", "whether it has a category"),
            text("brand", "brand").optional(),
            text("status", "ok, excluded, discontinued, not_yet_sold or out_of_stock"),
            money("price_e4", "list price of one unit").optional(),
            money("cost_e4", "what one unit costs us").optional(),
            money("margin_e4", "margin of one unit; null where it is not known").optional(),
        ],
    )
}

fn basket_lines() -> Table {
    Table::new(
        "basket_lines",
        "one product in one basket, in numbers and in no order",
        &[],
        vec![
            bigint("order_no", "number of the basket, from 1"),
            integer("product_no", "number of the product"),
            integer("customer_no", "number of who bought it; 0 where nobody is known, or they gave it back"),
            day("order_day", "day of the order"),
        ],
    )
}

fn product_pairs() -> Table {
    Table::new(
        "product_pairs",
        "one pair of products that units have both of",
        &["level", "product_no_a", "product_no_b"],
        vec![
            text("level", "basket or customer: what a unit is"),
            integer("product_no_a", "the product with the smaller number"),
            integer("product_no_b", "the other"),
            bigint("n_ab", "units with both"),
        ],
    )
}

fn affinity_names() -> Table {
    Table::new(
        "affinity_names",
        "one product, category or brand that is paired",
        &["name_no"],
        vec![
            integer("name_no", "its number"),
            text("name", "the product's id, the category's path or the brand"),
            integer("product_no", "the product's number; null for what is none").optional(),
        ],
    )
}

/// What every row of pairs says, under the names that are published; how many units have what, and the measures of that.
fn pair_columns() -> Vec<Column> {
    vec![
        integer("rank", "1 is the strongest partner within level, granularity, relation and product_a"),
        double("score", "the measure that ranks, by weights where megabaskets or age weigh less"),
        text("score_name", "which measure that is: [affinity] rank_by"),
        bigint("n_a", "units with product_a: baskets or customers, by level"),
        bigint("n_b", "units with product_b"),
        bigint("n_ab", "units with both"),
        bigint("n_total", "units with any product"),
        double("support", "n_ab / n_total"),
        double("confidence", "n_ab / n_a"),
        double("confidence_reverse", "n_ab / n_b"),
        double("lift", "confidence over what independence would give; reported, never ranked by unless asked to"),
        double("lift_lo", "lower end of its one-sided 95 % interval, given how often each of the two was bought"),
        double("leverage", "support beyond what independence would give"),
        double("conviction", "how much rarer a without b is than under independence; null when it is infinite")
            .optional(),
        boolean("conviction_infinite", "product_a never comes without product_b"),
        double("jaccard", "n_ab over units with either"),
        double("cosine", "n_ab over the geometric mean of n_a and n_b"),
        double("npmi", "normalised pointwise mutual information, -1 to 1"),
        double("llr", "log-likelihood ratio (G squared)"),
        double("phi", "correlation of having a and having b"),
        double("kulczynski", "mean of the two confidences"),
        double("imbalance", "difference of n_a and n_b over units with either"),
        double("certainty", "confidence beyond n_b / n_total, over the most it could be, for either sign"),
        double("zhang", "Zhang's measure, -1 to 1"),
        double(
            "p_value",
            "Fisher's exact test, one-sided: of more than chance for complements, of less for substitutes",
        ),
        double(
            "q_value",
            "the same after Benjamini and Hochberg over all pairs that could have been found; of more than 4,194,304 tests \
             rounded up, by 1 in 32,768 at most (1 in 16 below 5e-20 a test)",
        ),
        boolean("backed_off", "figures of the category of product_a, which itself is in too few units"),
    ]
}

fn affinity_pair_rows() -> Table {
    let mut columns = vec![
        text("level", "basket or customer"),
        text("granularity", "what is paired"),
        text("relation", "complement or substitute"),
        integer("name_no_a", "number of the product, category or brand at hand"),
        integer("name_no_b", "number of its partner"),
    ];
    columns.extend(pair_columns());
    columns.push(text("rule_id", "stable name of the row"));
    Table::new("affinity_pair_rows", "one row of affinity_ptp, in numbers", &["rule_id"], columns)
}

fn affinity_ptp() -> Table {
    let mut columns = vec![
        text("level", "basket: in one basket; customer: with one customer, whenever"),
        text("granularity", "product, category, product_to_category, brand, or category_1 (first part of paths), ..."),
        text("direction", "pair: whichever came first"),
        text("product_a", "the product at hand, or the category or brand"),
        text("product_b", "its partner"),
        text("relation", "complement: lift above 1; substitute: bought instead, by customers and within baskets"),
    ];
    columns.extend(pair_columns());
    columns.extend([
        money("margin_b_e4", "margin of one unit of product_b; null where it is not known").optional(),
        boolean("related_eligible", "whether product_b can be offered at as_of"),
        text("suppressed_reason", "why not: discontinued, not_yet_sold or out_of_stock; null otherwise").optional(),
        text("rule_id", "stable name of the row, for feedback: a hash of level, granularity, relation and the two"),
    ]);
    Table::new(
        "affinity_ptp",
        "one product and one that is bought with it, or instead",
        &["product_a", "product_b", "level", "granularity"],
        columns,
    )
    .sorted_by(&["product_a", "level", "granularity", "relation", "rank"])
    .for_lookups()
}

fn affinity_ptp_delta() -> Table {
    Table::new(
        "affinity_ptp_delta",
        "one row of affinity_ptp that came, went or moved since the previous published run",
        &["rule_id"],
        vec![
            text("op", "add, remove, or rank: it moved by [affinity] delta_rank_change places or more"),
            text("level", "as in affinity_ptp"),
            text("granularity", "as in affinity_ptp"),
            text("relation", "as in affinity_ptp"),
            text("product_a", "as in affinity_ptp"),
            text("product_b", "as in affinity_ptp"),
            integer("rank", "its rank now; null when it went").optional(),
            integer("rank_prev", "its rank then; null when it came").optional(),
            text("rule_id", "the row"),
        ],
    )
    .sorted_by(&["product_a", "level", "granularity", "relation", "product_b", "rule_id"])
}

/// What a row of sequences says.
fn sequence_columns() -> Vec<Column> {
    vec![
        integer("rank", "1 is the strongest follower within granularity and product_a"),
        bigint("customers_a", "customers who bought product_a"),
        bigint("customers_b", "customers who bought product_b"),
        bigint("customers_ab", "customers who bought product_b after product_a, within the window"),
        bigint("customers_ba", "customers who bought product_a after product_b, within the window"),
        bigint("customers", "customers who bought anything that is paired"),
        double("rate", "customers_ab / customers_a"),
        double(
            "base_rate",
            "what the rate would be by chance: as others buy product_b in baskets like those that follow",
        ),
        double("lift", "rate over base_rate"),
        double("asymmetry_p", "two-sided sign test of the two orders, over customers who have only one of them"),
        double("p_value", "one-sided test of a rate above the base rate"),
        double("q_value", "the same after Benjamini and Hochberg over all ordered pairs that could have been found"),
        double("median_gap_days", "median days from product_a to the next product_b"),
        integer("window_days", "days within which the second has to follow"),
    ]
}

fn affinity_sequence_rows() -> Table {
    let mut columns = vec![
        text("granularity", "product or category"),
        integer("name_no_a", "number of the first"),
        integer("name_no_b", "number of the second"),
    ];
    columns.extend(sequence_columns());
    columns.push(text("rule_id", "stable name of the row"));
    Table::new("affinity_sequence_rows", "one row of affinity_sequence, in numbers", &["rule_id"], columns)
}

fn affinity_sequence() -> Table {
    let mut columns = vec![
        text("granularity", "product or category"),
        text("product_a", "what was bought first, or its category"),
        text("product_b", "what the same customer bought after it"),
    ];
    columns.extend(sequence_columns());
    columns.push(text("rule_id", "stable name of the row: a hash of granularity and the two"));
    Table::new(
        "affinity_sequence",
        "one product and one that is bought after it",
        &["product_a", "product_b", "granularity"],
        columns,
    )
    .sorted_by(&["product_a", "granularity", "rank"])
    .for_lookups()
}

fn affinity_rules() -> Table {
    Table::new(
        "affinity_rules",
        "one rule: baskets with all of these products have this one too",
        &["rule_id"],
        vec![
            text("rule_id", "stable name of the rule: a hash of its products"),
            text(
                "antecedent",
                "the products at hand, sorted, separated by blanks; affinity_rule_products has them as rows",
            ),
            integer("antecedents", "how many there are"),
            text("consequent", "the product that follows"),
            text("level", "basket"),
            bigint("n_antecedent", "baskets with all of the antecedent"),
            bigint("n_consequent", "baskets with the consequent"),
            bigint("n_both", "baskets with both"),
            bigint("n_total", "baskets with any product"),
            double("support", "n_both / n_total"),
            double("confidence", "n_both / n_antecedent"),
            double("lift", "confidence over what independence would give"),
            double("leverage", "support beyond what independence would give"),
            double("conviction", "how much rarer the antecedent alone is than by chance; null when infinite")
                .optional(),
            boolean("conviction_infinite", "the antecedent never comes without the consequent"),
            double("llr", "log-likelihood ratio (G squared)"),
            double("p_value", "Fisher's exact test of more than chance, one-sided"),
            double("q_value", "the same after Benjamini and Hochberg over all rules of the asked confidence"),
            boolean(
                "is_redundant",
                "a rule with fewer products in the antecedent has the same confidence or a better one",
            ),
        ],
    )
}

fn affinity_rule_products() -> Table {
    Table::new(
        "affinity_rule_products",
        "one product of the antecedent of one rule",
        &["rule_id", "product_id"],
        vec![text("rule_id", "the rule"), text("product_id", "the product")],
    )
}

fn affinity_figures() -> Table {
    Table::new(
        "affinity_figures",
        "one figure of how affinity was counted and tested, or of a limit that held",
        &["subject", "figure"],
        vec![
            text("subject", "basket, customer, substitute, sequence or rule, then what was paired"),
            text("figure", "which figure"),
            bigint("value", "how many"),
            boolean("is_limit", "the figure is above 0 and something is missing because of it"),
            text("meaning", "the figure in words"),
        ],
    )
}
