//! `[recommendations]`: what a customer will buy again, which new thing they will want, and how both are judged
//! (`spec/affinity.md` 2.6, 7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lifetime_value::named;

/// Products for customers: what to replenish, what new thing to offer, what to win back, and the back-test that chooses how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recommendations {
    /// Whether there are lists at all.
    pub enabled: bool,
    /// Most products in one list of one customer. There are three lists: `replenish`, `cross_sell` and `win_back`.
    pub list_size: u32,
    /// Most customers in the list of one product.
    pub ctp_size: u32,
    /// Most lists of products that one customer may be in, the best first, so that nobody is offered everything.
    pub contact_cap: u32,
    /// Days after the last day read for which probabilities hold, and of the back-test: methods read what was before its last
    /// `horizon_days` and are judged by what was bought in them. A short history gives at most a quarter of itself.
    pub horizon_days: u32,
    /// Days after which a purchase weighs half.
    pub half_life_days: u32,
    /// How new products may be found: the best of these in the back-test is taken. Name one to take it always. `als` has to be
    /// named, as it takes longer than all others together and came second wherever we looked. What is bought again is a matter
    /// of the customer's own purchases, whose methods are always compared.
    pub candidates: Vec<Method>,
    /// Products that are looked at beside one that was bought: more of them add noise.
    pub neighbours: u32,
    /// Fewest customers who bought a product for it to be recommended.
    pub min_buyers: u32,
    /// Fewest customers by whom methods can be judged. With fewer, `customer_llr` is taken unjudged.
    pub min_test_customers: u32,
    /// Most products that `ease` solves for: the most bought ones, and `customer_llr` for the others. Time grows with its cube
    /// and memory with its square: 8,000 are some ten seconds and 0.5 GB.
    pub ease_max_products: u32,
    /// How much `ease` is drawn towards nothing: larger is more cautious.
    pub ease_lambda: u32,
    /// Dimensions of `als`.
    pub als_factors: u32,
    /// Rounds of `als`.
    pub als_iterations: u32,
    /// Days in which nobody bought a product after which it counts as no longer sold. 0 is off.
    pub unsold_days: u32,
    /// Categories of which nothing is recommended, such as `food/alcohol`; with all that is below them.
    pub muted_categories: Vec<String>,
    /// Seed of what begins at random (`als`).
    pub seed: u32,
}

impl Default for Recommendations {
    fn default() -> Self {
        Recommendations {
            enabled: true,
            list_size: 10,
            ctp_size: 100,
            contact_cap: 20,
            horizon_days: 28,
            half_life_days: 90,
            candidates: Method::ALL.iter().copied().filter(|method| *method != Method::Als).collect(),
            neighbours: 20,
            min_buyers: 5,
            min_test_customers: 100,
            ease_max_products: 8000,
            ease_lambda: 500,
            als_factors: 64,
            als_iterations: 15,
            unsold_days: 0,
            muted_categories: Vec::new(),
            seed: 1,
        }
    }
}

named! {
    /// A way to find new products.
    Method {
        /// What most customers buy.
        Popularity = "popularity",
        /// What those bought who bought the same, by log-likelihood ratio.
        CustomerLlr = "customer_llr",
        /// What is in baskets with the same, by log-likelihood ratio.
        BasketLlr = "basket_llr",
        /// What those bought who bought the same, by cosine.
        CustomerCosine = "customer_cosine",
        /// A linear model of every product by all others (Steck 2019).
        Ease = "ease",
        /// Factors of customers and products (Hu, Koren and Volinsky 2008).
        Als = "als",
    }
}
