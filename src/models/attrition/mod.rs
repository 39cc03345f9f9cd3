//! Who leaves, as a probability with reasons: the mathematics alone. No table, file or engine is known here.

pub mod baselines;
pub mod binning;
pub mod calibration;
mod features;
pub mod grade;
pub mod hazard;
mod logistic;
pub mod metrics;
pub mod paired;
mod prebins;
pub mod recalibration;
pub mod scorecard;
mod scorecard_fit;
pub mod shap;
pub mod split;
pub mod study;
pub mod survival;
pub mod trees;
pub mod unfit;
pub mod uplift;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod binning_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod calibration_tests;
#[cfg(test)]
mod golden_rows;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod grade_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod hazard_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod logistic_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod metrics_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod scorecard_tests;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod study_tests;

pub use features::{Direction, Feature, Features};
pub use unfit::Unfit;
