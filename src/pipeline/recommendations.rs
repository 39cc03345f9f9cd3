//! What recommendations need of the pipeline file: parameters, and the categories that nothing is recommended of.

use super::rows::Cell;
use crate::config::Recommendations;

/// The columns of `run_params` that `[recommendations]` fills, in order.
pub fn recommendation_params(config: &Recommendations) -> Vec<Cell> {
    let candidates: Vec<&str> = config.candidates.iter().map(|candidate| candidate.name()).collect();
    vec![
        config.enabled.into(),
        config.list_size.into(),
        config.ctp_size.into(),
        config.contact_cap.into(),
        config.horizon_days.into(),
        config.half_life_days.into(),
        Cell::Text(candidates.join(" ")),
        config.neighbours.into(),
        config.min_buyers.into(),
        config.min_test_customers.into(),
        config.ease_max_products.into(),
        config.ease_lambda.into(),
        config.als_factors.into(),
        config.als_iterations.into(),
        config.unsold_days.into(),
        config.seed.into(),
    ]
}

/// Rows of `muted_categories`.
pub fn muted_category_rows(config: &Recommendations) -> Vec<Vec<Cell>> {
    config.muted_categories.iter().map(|category| vec![category.as_str().into()]).collect()
}
