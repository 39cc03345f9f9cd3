//! `[affinity]`: what counts as bought together, how partners are ranked, and how much evidence a row needs
//! (`spec/affinity.md`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Product affinity: pairs within baskets and over customers' lives, what is bought next, and rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Affinity {
    /// Whether affinity is computed at all.
    pub enabled: bool,
    /// Fewest baskets (or customers) with both products for a pair to be reported. A product in fewer is in no pair.
    pub min_count: u32,
    /// Most partners kept for a product.
    pub top_k: u32,
    /// Most categories kept for a product, and of each the most products that stand in for missing partners.
    pub category_top_k: u32,
    /// The measure by which partners are ranked. Raw lift ranks rare coincidences first.
    pub rank_by: AffinityRank,
    /// Where two products meet: in one `basket`, or with one `customer`. The rule files have rules of the first level.
    pub levels: Vec<AffinityLevel>,
    /// What is paired: products, categories, products with categories.
    pub granularities: Vec<Granularity>,
    /// Attributes of products that are paired as categories are.
    pub attributes: Vec<ProductAttribute>,
    /// What happens to baskets of more than `max_basket_products` products, and to customers of more than
    /// `max_customer_products`: they are left out, or weigh less when partners are ranked. The manifest counts them.
    pub megabaskets: MegabasketRule,
    /// Most distinct products of an ordinary basket.
    pub max_basket_products: u32,
    /// Most distinct products of an ordinary customer.
    pub max_customer_products: u32,
    /// Days after which a basket, or a customer's last purchase, weighs half when partners are ranked; left out, all weigh
    /// the same. Counts and tests stay whole.
    pub half_life_days: Option<u32>,
    /// Days up to `as_of` whose baskets are counted; left out, all that was read.
    pub window_days: Option<u32>,
    /// Days within which the second product has to follow the first, in `affinity_sequence`.
    pub sequence_window_days: u32,
    /// Largest share of chance findings among substitutes, and among the rows of the rule files, in decimal text.
    pub max_q: String,
    /// Smallest share of baskets with all products of a rule, in decimal text; it is compared exactly.
    pub rule_min_support: String,
    /// Smallest confidence of a rule, in decimal text; it is compared exactly: 16 of 20 is 0.8.
    pub rule_min_confidence: String,
    /// Most products of a rule, its consequent included.
    pub rule_max_length: u32,
    /// Most rules. When there are more, those with the strongest evidence are kept, and the manifest says how many were not.
    pub max_rules: u32,
    /// Products that are never counted and never recommended: carrier bags, gift wrap, deposits.
    pub exclude_products: Vec<String>,
    /// Places by which a partner's rank has to move to be in `affinity_ptp_delta`.
    pub delta_rank_change: u32,
}

impl Default for Affinity {
    fn default() -> Self {
        Affinity {
            enabled: true,
            min_count: 5,
            top_k: 50,
            category_top_k: 5,
            rank_by: AffinityRank::Llr,
            levels: vec![AffinityLevel::Basket, AffinityLevel::Customer],
            granularities: vec![Granularity::Product, Granularity::Category, Granularity::ProductToCategory],
            attributes: Vec::new(),
            megabaskets: MegabasketRule::Exclude,
            max_basket_products: 500,
            max_customer_products: 5_000,
            half_life_days: None,
            window_days: None,
            sequence_window_days: 30,
            max_q: "0.05".to_owned(),
            rule_min_support: "0.001".to_owned(),
            rule_min_confidence: "0.2".to_owned(),
            rule_max_length: 3,
            max_rules: 100_000,
            exclude_products: Vec::new(),
            delta_rank_change: 5,
        }
    }
}

/// A measure of affinity that can rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffinityRank {
    /// Log-likelihood ratio: how strong the evidence is.
    Llr,
    /// Share of those with either product that have both.
    Jaccard,
    /// Normalised pointwise mutual information times the root of the count.
    NpmiSqrtCount,
    /// Count over the geometric mean of the two products' counts.
    Cosine,
    /// Share of the first product's units that have the second.
    Confidence,
    /// Units beyond those that independence would give.
    Leverage,
    /// Units with both.
    Count,
    /// Confidence over what independence would give.
    Lift,
}

impl AffinityRank {
    /// Its name in the pipeline file, and in `score_name`.
    pub fn name(self) -> &'static str {
        match self {
            AffinityRank::Llr => "llr",
            AffinityRank::Jaccard => "jaccard",
            AffinityRank::NpmiSqrtCount => "npmi_sqrt_count",
            AffinityRank::Cosine => "cosine",
            AffinityRank::Confidence => "confidence",
            AffinityRank::Leverage => "leverage",
            AffinityRank::Count => "count",
            AffinityRank::Lift => "lift",
        }
    }
}

/// Where two products meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffinityLevel {
    /// In one basket.
    Basket,
    /// With one customer, whenever.
    Customer,
}

impl AffinityLevel {
    /// Its name in the pipeline file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            AffinityLevel::Basket => "basket",
            AffinityLevel::Customer => "customer",
        }
    }
}

/// What is paired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// Products with products.
    Product,
    /// Categories with categories.
    Category,
    /// Products with the categories of other products.
    ProductToCategory,
}

impl Granularity {
    /// Its name in the pipeline file and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Granularity::Product => "product",
            Granularity::Category => "category",
            Granularity::ProductToCategory => "product_to_category",
        }
    }
}

/// An attribute of products that groups them as a category does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductAttribute {
    /// The brand.
    Brand,
    /// Each part of a category path above the last: `food/dairy/milk` is in `food` and in `food/dairy`.
    CategoryPath,
}

impl ProductAttribute {
    /// Its name in the pipeline file.
    pub fn name(self) -> &'static str {
        match self {
            ProductAttribute::Brand => "brand",
            ProductAttribute::CategoryPath => "category_path",
        }
    }
}

/// What happens to units of very many products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MegabasketRule {
    /// They are not counted.
    Exclude,
    /// They are counted, and weigh 1 / (products - 1) when partners are ranked.
    Weight,
}

impl MegabasketRule {
    /// Its name in the pipeline file and in `run_params`.
    pub fn name(self) -> &'static str {
        match self {
            MegabasketRule::Exclude => "exclude",
            MegabasketRule::Weight => "weight",
        }
    }
}
