//! Affinity as tables: numbered lines out of SQL, through [`super::affinity`], and back as pairs, sequences and rules by
//! number, to which SQL joins the names (`spec/affinity.md` 6).

mod evaluation;
mod figures;
mod offer_rows;
mod read;
pub mod recommendations;
mod replenishment;
mod settings;

pub use read::{Catalogue, catalogue, purchases};

use super::{Inputs, Model, Rows};
use crate::error::Result;

/// Counts what is bought together, next and instead.
pub const MODEL: Model = Model {
    name: "product_affinity",
    reads: &["run_params", "offered_products", "product_categories", "basket_lines"],
    makes: &[
        "affinity_pair_rows",
        "affinity_names",
        "affinity_sequence_rows",
        "affinity_rules",
        "affinity_rule_products",
        "affinity_figures",
    ],
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let _ = inputs;
    Ok(Vec::new())
}
