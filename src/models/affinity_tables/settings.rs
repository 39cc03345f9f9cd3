//! `[affinity]` as the models take it, out of `run_params`.

use std::str::FromStr;

use super::super::affinity::{Level, Megabaskets, RankBy, Ratio};
use super::super::{Frame, Inputs};
use crate::error::{Error, Result};

/// Everything that is asked of the models.
#[derive(Debug, Clone)]
pub struct Settings {
    pub enabled: bool,
    pub as_of_day: i32,
    /// First day whose baskets are counted.
    pub from_day: i32,
    pub min_count: u32,
    pub top_k: usize,
    pub category_top_k: usize,
    pub rank_by: RankBy,
    /// Its name in the pipeline file.
    pub rank_name: String,
    pub levels: Vec<Level>,
    pub granularities: Vec<String>,
    pub attributes: Vec<String>,
    megabaskets: String,
    max_basket_products: u32,
    max_customer_products: u32,
    /// Days after which a unit weighs half.
    pub half_life_days: Option<f64>,
    pub sequence_window_days: u32,
    pub max_q: f64,
    pub rule_min_support: Ratio,
    pub rule_min_confidence: Ratio,
    pub rule_max_length: usize,
    pub max_rules: usize,
}

impl Settings {
    /// What happens to units of very many products.
    pub fn megabaskets(&self, level: Level) -> Megabaskets {
        let above = match level {
            Level::Basket => self.max_basket_products,
            Level::Customer => self.max_customer_products,
        };
        match self.megabaskets.as_str() {
            "weight" => Megabaskets::Weight { above },
            _ => Megabaskets::Exclude { above },
        }
    }

    /// Whether `granularity` is asked for.
    pub fn pairs(&self, granularity: &str) -> bool {
        self.granularities.iter().any(|wanted| wanted == granularity)
    }
}

fn one<T>(values: Vec<Option<T>>, column: &str) -> Result<T> {
    let value = values.into_iter().next().flatten();
    value.ok_or_else(|| Error::internal(format!("`run_params.{column}` has no value")))
}

fn number<T: TryFrom<i64>>(params: &Frame, column: &str) -> Result<T> {
    let value = one(params.whole(column)?, column)?;
    T::try_from(value).map_err(|_| Error::internal(format!("`run_params.{column}` is out of range")))
}

fn parsed<T: FromStr>(params: &Frame, column: &str) -> Result<T> {
    let text = one(params.text(column)?, column)?;
    text.parse().map_err(|_| Error::internal(format!("`run_params.{column}` cannot be `{text}`")))
}

fn words(params: &Frame, column: &str) -> Result<Vec<String>> {
    Ok(one(params.text(column)?, column)?.split_whitespace().map(str::to_owned).collect())
}

/// The measure of a name in the pipeline file, where `llr` is what the column of tables is called.
fn rank_by(name: &str) -> Result<RankBy> {
    match name {
        "llr" => Ok(RankBy::LogLikelihoodRatio),
        other => other.parse().map_err(Error::internal),
    }
}

/// Reads `run_params`.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when it is not as contracted.
pub fn settings(inputs: &Inputs<'_>) -> Result<Settings> {
    let params = inputs.table("run_params")?;
    let levels = words(params, "affinity_levels")?;
    let rank_name: String = parsed(params, "affinity_rank_by")?;
    let half_life: u32 = number(params, "affinity_half_life_days")?;
    Ok(Settings {
        enabled: one(params.boolean("affinity_enabled")?, "affinity_enabled")?,
        as_of_day: number(params, "as_of_day")?,
        from_day: number(params, "affinity_from_day")?,
        min_count: number(params, "min_pair_count")?,
        top_k: number(params, "pair_top_k")?,
        category_top_k: number(params, "category_top_k")?,
        rank_by: rank_by(&rank_name)?,
        rank_name,
        levels: [Level::Basket, Level::Customer]
            .into_iter()
            .filter(|level| levels.iter().any(|name| name == level.name()))
            .collect(),
        granularities: words(params, "affinity_granularities")?,
        attributes: words(params, "affinity_attributes")?,
        megabaskets: parsed(params, "megabaskets")?,
        max_basket_products: number(params, "max_basket_products")?,
        max_customer_products: number(params, "max_customer_products")?,
        half_life_days: Some(f64::from(half_life)).filter(|days| *days > 0.0),
        sequence_window_days: number(params, "sequence_window_days")?,
        max_q: parsed::<Ratio>(params, "affinity_max_q")?.value(),
        rule_min_support: parsed(params, "rule_min_support")?,
        rule_min_confidence: parsed(params, "rule_min_confidence")?,
        rule_max_length: number(params, "rule_max_length")?,
        max_rules: number(params, "max_rules")?,
    })
}
