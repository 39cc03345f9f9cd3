//! Affinity as tables: numbered lines out of SQL, through [`super::affinity`], and back as pairs, sequences and rules by
//! number, to which SQL joins the names (`spec/affinity.md` 6).

mod arrays;
mod evaluation;
mod figures;
mod names;
mod offer_figures;
mod offer_rows;
mod offer_settings;
mod pairs;
mod read;
pub mod recommendations;
mod replenishment;
mod rules;
mod sequence;
mod settings;
mod units;

pub use read::{Catalogue, NONE, catalogue, purchases};

use super::affinity::Level;
use super::{Inputs, Model, Pick, Rows, Sampling, Takes};
use crate::error::Result;
use figures::Figures;
use names::Names;
use pairs::Study;

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
    takes: Takes::Sample(&Sampling {
        tables: &[(
            "basket_lines",
            Pick::Where("order_no % {every} = 0 OR customer_no > 0 AND customer_no % {every} = 0"),
        )],
        everybody: None,
    }),
    compute,
};

/// What was found, before it becomes tables.
#[derive(Default)]
struct Found<'a> {
    pairs: Vec<pairs::Row<'a>>,
    sequences: Vec<sequence::Row>,
    rules: Vec<rules::Row>,
    figures: Figures,
}

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let settings = settings::settings(inputs)?;
    let catalogue = catalogue(inputs)?;
    let names = Names::new(&catalogue, &settings);
    let study = Study { inputs, catalogue: &catalogue, names: &names, settings: &settings };
    let found = if settings.enabled { find(&study)? } else { Found::default() };
    let (rules, rule_products) = rules::tables(&found.rules, &catalogue);
    Ok(vec![
        pairs::table(&found.pairs, &names),
        names.rows(),
        sequence::table(&found.sequences, &settings),
        rules,
        rule_products,
        found.figures.rows(),
    ])
}

fn find<'a>(study: &Study<'a>) -> Result<Found<'a>> {
    let Study { inputs, catalogue, settings, names } = *study;
    let products = catalogue.ids.len();
    let mut figures = Figures::default();
    let baskets = units::units(inputs, settings, Level::Basket, products)?;
    let baskets = baskets.tamed(settings, &mut figures);
    let rules = rules::find(&baskets, catalogue, settings, &mut figures);
    let mut pairs = Vec::new();
    if settings.levels.contains(&Level::Basket) {
        pairs.extend(study.complements(Level::Basket, &baskets, &mut figures));
    }
    if settings.levels.contains(&Level::Customer) {
        let customers = units::units(inputs, settings, Level::Customer, products)?;
        let customers = customers.tamed(settings, &mut figures);
        pairs.extend(study.complements(Level::Customer, &customers, &mut figures));
        pairs.extend(study.substitutes(&customers, &baskets, &mut figures));
    }
    let sequences = sequence::find(&purchases(inputs)?, catalogue, names, settings, &mut figures);
    Ok(Found { pairs, sequences, rules, figures })
}
