//! A few rules for engines that evaluate rules: "who has A gets B offered" as a decision table of GoRules ZEN (JDM), as
//! rules of json-rules-engine, and as a decision table of Drools.
//!
//! An engine looks at every row for every question (26 to 533 ms over 20,000 rows, `spec/affinity.md` 0.10), so only the
//! strongest rows go into such a file and the large tables stay look-ups. What is left out is counted ([`Chosen`]).
//!
//! A scorecard is such a decision too, and a SELECT. So is the policy of the contact centre.
//!
//! The three of pairs ask by `level` and `product_a` and answer with the columns of `affinity_ptp`. Ids are the caller's, with
//! whatever characters they have. Measures have twelve decimals at most: engines that compute in decimals know no
//! exponents, so that a q-value below 5e-13 is 0. The knowledge of formats ends here; nothing is known of tables or runs.

mod drools;
mod jdm;
mod json_rules;
mod routing;
mod scorecard;

#[cfg(test)]
mod tests;

pub use drools::drools_csv;
pub use jdm::jdm;
pub use json_rules::json_rules;
pub use routing::{PolicyRule, routing_jdm, routing_json_rules};
pub use scorecard::{Card, CardFeature, CardLine, Curve, scorecard_jdm, scorecard_sql};

/// A row that may become a rule: the columns of `affinity_ptp` of the same names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairRule<'a> {
    /// The row's stable id.
    pub rule_id: &'a str,
    /// `basket` or `customer`.
    pub level: &'a str,
    /// What somebody has.
    pub product_a: &'a str,
    /// What goes with it.
    pub product_b: &'a str,
    /// The place of `product_b` among what goes with `product_a`, from 1.
    pub rank: u32,
    /// Baskets or customers with `product_a`.
    pub n_a: u64,
    /// Baskets or customers with both.
    pub n_ab: u64,
    /// `n_ab / n_a`.
    pub confidence: f64,
    /// How many times as often as by chance.
    pub lift: f64,
    /// Log-likelihood ratio.
    pub llr: f64,
    /// False discovery rate at which the pair is found.
    pub q_value: f64,
}

/// Which rows become rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The largest q-value.
    pub max_q: f64,
    /// The least `n_ab`.
    pub min_count: u64,
    /// How many for one `product_a` on one level: those with the best ranks.
    pub per_product: usize,
    /// How many products `product_a`: those with the largest `n_a` on any level, by id where equal.
    pub products: usize,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice { max_q: 0.05, min_count: 5, per_product: 3, products: 1000 }
    }
}

/// Rules, and how many rows were left out for which reason: the first that applies, in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<'a> {
    /// By level, product and rank.
    pub rules: Vec<PairRule<'a>>,
    /// Rows whose q-value is too large.
    pub over_q: usize,
    /// Rows with too few baskets or customers.
    pub under_count: usize,
    /// Rows with better ones of the same product.
    pub over_per_product: usize,
    /// Rows of products that are not among the largest.
    pub over_products: usize,
    /// How many products these are.
    pub products_left_out: usize,
}

/// Chooses rules, in whatever order the rows come.
pub fn choose<'a>(rows: &[PairRule<'a>], choice: &Choice) -> Chosen<'a> {
    let mut rules = rows.to_vec();
    // Not `>`: a q-value that is no number is no evidence.
    rules.retain(|row| row.q_value <= choice.max_q);
    let over_q = rows.len() - rules.len();
    let before = rules.len();
    rules.retain(|row| row.n_ab >= choice.min_count);
    let under_count = before - rules.len();

    rules.sort_by(|a, b| {
        let of = |row: &PairRule<'a>| (row.level, row.product_a, row.rank, row.product_b, row.rule_id);
        of(a).cmp(&of(b))
    });
    let before = rules.len();
    rules = rules
        .chunk_by(|a, b| (a.level, a.product_a) == (b.level, b.product_a))
        .flat_map(|rows| rows.iter().take(choice.per_product).copied())
        .collect();
    let over_per_product = before - rules.len();

    let mut largest = std::collections::BTreeMap::new();
    for row in &rules {
        let n_a = largest.entry(row.product_a).or_insert(row.n_a);
        *n_a = row.n_a.max(*n_a);
    }
    let mut products: Vec<(&str, u64)> = largest.into_iter().collect();
    products.sort_by_key(|(product, n_a)| (std::cmp::Reverse(*n_a), *product));
    let products_left_out = products.len().saturating_sub(choice.products);
    products.truncate(choice.products);
    products.sort_unstable();
    let before = rules.len();
    rules.retain(|row| products.binary_search_by_key(&row.product_a, |(product, _)| *product).is_ok());
    let over_products = before - rules.len();
    Chosen { rules, over_q, under_count, over_per_product, over_products, products_left_out }
}

/// Where a larger number goes first: the best rank has the largest, the worst of the file has 1.
fn priority(rule: &PairRule<'_>, rules: &[PairRule<'_>]) -> u32 {
    rules.iter().map(|rule| rule.rank).max().unwrap_or(0) - rule.rank + 1
}

/// A measure in decimal digits without an exponent, twelve of them after the point at most.
fn number(value: f64) -> String {
    let text = format!("{value:.12}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
