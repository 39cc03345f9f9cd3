//! Who leaves, as a probability with reasons: the mathematics alone. No table, file or engine is known here.

mod features;
pub mod shap;
pub mod trees;
pub mod uplift;

pub use features::{Direction, Feature, Features};
