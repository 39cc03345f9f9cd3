//! Categorical covariates of customers as the standardised columns that [`Population`] reads, and their effects back.
//!
//! Each level but the largest of its covariate is a dummy column: 1 for its customers, else 0. Columns are standardised over
//! customers (mean 0, standard deviation 1), so that the ridge on their effects means the same for all. What is published is
//! the effect of the dummy itself: customers of the level against those of the reference, in log parameters. The parameters
//! beside them are those of a customer with mean covariates.

use serde::Serialize;

use super::fit::Fit;
use super::history::Histories;
use super::population::{Group, Population};
use super::process::PurchaseModel;

/// The level of a customer who has none.
pub const NO_LEVEL: &str = "(none)";

/// The columns of some covariates, as one population has them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Design {
    /// The covariates, in their order.
    pub covariates: Vec<Covariate>,
}

/// One covariate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Covariate {
    /// Its name: `region`.
    pub name: String,
    /// The level that the others are compared with: that of most customers, the first by name of equals.
    pub reference: String,
    /// The other levels, by name.
    pub levels: Vec<Level>,
}

/// A level that has a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// Its name: `north`.
    pub name: String,
    /// The share of customers who have it: the mean of the dummy.
    pub mean: f64,
    /// The standard deviation of the dummy.
    pub deviation: f64,
}

/// The published effect of a level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelEffect {
    /// Its name in `ltv_parameters`: `rate:region=north`.
    pub parameter: String,
    /// In the logarithm: `e^value` times as often as the reference.
    pub value: f64,
    /// Its standard error; none where the fit has none.
    pub std_error: Option<f64>,
}

fn level(of: &Option<String>) -> &str {
    of.as_deref().unwrap_or(NO_LEVEL)
}

impl Design {
    /// The columns of covariates with these names, from rows of their levels with the number of customers in each row. A
    /// covariate with one level has no column: everybody has it.
    pub fn new(names: &[&str], rows: &[(Vec<Option<String>>, f64)]) -> Self {
        let customers: f64 = rows.iter().map(|(_, customers)| customers).sum();
        let covariate = |(at, name): (usize, &&str)| {
            let mut sizes: Vec<(&str, f64)> = Vec::new();
            let mut sorted: Vec<(&str, f64)> =
                rows.iter().map(|(levels, count)| (level(&levels[at]), *count)).collect();
            sorted.sort_by(|one, other| one.0.cmp(other.0).then(one.1.total_cmp(&other.1)));
            for (level, count) in sorted.into_iter().filter(|(_, count)| *count > 0.0) {
                match sizes.last_mut() {
                    Some((last, size)) if *last == level => *size += count,
                    _ => sizes.push((level, count)),
                }
            }
            let mut reference = sizes.first().copied().unwrap_or((NO_LEVEL, 0.0));
            for size in &sizes {
                if size.1 > reference.1 {
                    reference = *size;
                }
            }
            let levels = sizes.iter().filter(|(level, _)| *level != reference.0).map(|(level, size)| {
                let mean = size / customers;
                Level { name: (*level).to_owned(), mean, deviation: (mean * (1.0 - mean)).sqrt() }
            });
            Covariate { name: (*name).to_owned(), reference: reference.0.to_owned(), levels: levels.collect() }
        };
        Design { covariates: names.iter().enumerate().map(covariate).collect() }
    }

    /// The levels with columns, in the order of the columns.
    fn columns(&self) -> impl Iterator<Item = (&Covariate, &Level)> {
        self.covariates.iter().flat_map(|covariate| covariate.levels.iter().map(move |level| (covariate, level)))
    }

    /// The names of the columns: `region=north`.
    pub fn names(&self) -> Vec<String> {
        self.columns().map(|(covariate, level)| format!("{}={}", covariate.name, level.name)).collect()
    }

    /// The standardised columns of one row of levels. A level that the design does not know stands at the mean: nothing is
    /// known of its effect.
    pub fn standardised(&self, levels: &[Option<String>]) -> Vec<f64> {
        let mut row = Vec::new();
        for (covariate, of) in self.covariates.iter().zip(levels) {
            let of = level(of);
            let known = of == covariate.reference || covariate.levels.iter().any(|level| level.name == of);
            row.extend(covariate.levels.iter().map(|level| {
                let dummy = if level.name == of { 1.0 } else { 0.0 };
                if known { (dummy - level.mean) / level.deviation } else { 0.0 }
            }));
        }
        row
    }

    /// A population of groups by their levels.
    pub fn population(&self, groups: Vec<(Vec<Option<String>>, Histories)>) -> Population {
        let group = |(levels, histories): (Vec<Option<String>>, Histories)| Group {
            histories,
            covariates: self.standardised(&levels),
        };
        Population { groups: groups.into_iter().map(group).collect() }
    }

    /// The effects of levels in a fit: those on the purchase rate, then those on dropout where the model knows it.
    pub fn effects(&self, model: &dyn PurchaseModel, fit: &Fit) -> Vec<LevelEffect> {
        let size = model.parameters().len();
        let errors = fit.log_errors();
        let kinds: &[&str] = if model.effects().dropout.is_empty() { &["rate"] } else { &["rate", "dropout"] };
        let columns = kinds.iter().flat_map(|kind| self.columns().map(move |column| (kind, column)));
        columns
            .enumerate()
            .map(|(at, (kind, (covariate, level)))| LevelEffect {
                parameter: format!("{kind}:{}={}", covariate.name, level.name),
                value: fit.log_parameters[size + at] / level.deviation,
                std_error: errors.as_ref().map(|errors| errors[size + at] / level.deviation),
            })
            .collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::bg_nbd::BgNbd;
    use super::super::fit::Termination;
    use super::super::population::fit;
    use super::super::simulate::{Law, ages};
    use super::*;

    fn levels(levels: &[&str]) -> Vec<Option<String>> {
        levels.iter().map(|level| (!level.is_empty()).then(|| (*level).to_owned())).collect()
    }

    #[test]
    fn columns_are_standardised_dummies() {
        let rows = [
            (levels(&["north", "web"]), 30.0),
            (levels(&["south", "web"]), 60.0),
            (levels(&["north", ""]), 20.0),
            (levels(&["west", "web"]), 50.0),
            (levels(&["east", "shop"]), 0.0),
        ];
        let design = Design::new(&["region", "channel"], &rows);
        // South is the largest; nobody is in the east or comes from shops.
        assert_eq!(design.names(), ["region=north", "region=west", "channel=(none)"]);
        for column in 0..3 {
            let moment = |power: i32| {
                rows.iter().map(|(levels, count)| count * design.standardised(levels)[column].powi(power)).sum::<f64>()
                    / 160.0
            };
            assert!(moment(1).abs() < 1e-15 && (moment(2) - 1.0).abs() < 1e-14, "{column}");
        }
        // Unknown levels stand at the mean.
        let unknown = design.standardised(&levels(&["east", "web"]));
        assert_eq!(unknown[..2], [0.0, 0.0]);
        assert!(unknown[2] < 0.0);
        // Neither the order of rows nor who comes first of equals is left to chance.
        let mut turned = rows.clone();
        turned.reverse();
        assert_eq!(design, Design::new(&["region", "channel"], &turned));
        let tie = Design::new(&["region"], &[(levels(&["b"]), 5.0), (levels(&["a"]), 5.0)]);
        assert_eq!(tie.names(), ["region=b"]);
        // What everybody has is no column.
        assert!(Design::new(&["region"], &[(levels(&["b"]), 5.0)]).names().is_empty());
        assert!(Design::new(&[], &[(Vec::new(), 5.0)]).names().is_empty());
    }

    /// Simulated groups, with effects of dummies on rate and dropout, are found within three standard errors.
    fn finds_effects(model: &dyn PurchaseModel, parameters: &[f64], size: usize, precision: f64) {
        let regions = [("south", 0.0, 0.0, 3 * size), ("north", 0.5, -0.3, 2 * size), ("west", -0.4, 0.4, size)];
        let channels = [("web", 0.0, 0.0, 1), ("shop", 0.25, 0.5, 2)];
        let mut groups = Vec::new();
        let effects = model.effects();
        for (region, rate, dropout, customers) in regions {
            for (channel, rate_too, dropout_too, times) in channels {
                let shifted: Vec<f64> = (0..parameters.len())
                    .map(|at| {
                        let of_dropout = effects.dropout.get(at).map_or(0.0, |by| by * (dropout + dropout_too));
                        parameters[at] * (effects.rate[at] * (rate + rate_too) + of_dropout).exp()
                    })
                    .collect();
                let seed = groups.len() as u64 + 11;
                let law = Law::of(model.name(), &shifted).unwrap();
                let drawn = law.customers(None, &ages(customers * times, 60.0, 400.0, seed), 0.0, seed);
                let histories: Vec<_> = drawn.iter().map(|drawn| drawn.history).collect();
                groups.push((levels(&[region, channel]), Histories::new(&histories)));
            }
        }
        let rows: Vec<_> = groups.iter().map(|(levels, histories)| (levels.clone(), histories.total())).collect();
        let design = Design::new(&["region", "channel"], &rows);
        let fit = fit(model, &design.population(groups), None, None);
        assert_eq!(fit.termination, Termination::Converged, "{fit:?}");
        let found = design.effects(model, &fit);
        // The shop has more customers: the web is compared with it.
        let wanted = [
            ("rate:region=north", 0.5),
            ("rate:region=west", -0.4),
            ("rate:channel=web", -0.25),
            ("dropout:region=north", -0.3),
            ("dropout:region=west", 0.4),
            ("dropout:channel=web", -0.5),
        ];
        let kinds = if effects.dropout.is_empty() { 3 } else { 6 };
        assert_eq!(found.len(), kinds);
        for (found, (name, wanted)) in found.iter().zip(wanted) {
            let error = found.std_error.unwrap();
            assert_eq!(found.parameter, name);
            assert!(
                (found.value - wanted).abs() < 3.0 * error && error < precision,
                "{}: {found:?} is not {wanted}",
                model.name()
            );
        }
    }

    #[test]
    fn effects_are_found() {
        finds_effects(&BgNbd { regularity: 1, modified: false }, &[0.8, 20.0, 0.7, 2.0], 2_000, 0.15);
        finds_effects(&BgNbd { regularity: 1, modified: true }, &[0.8, 20.0, 0.7, 2.0], 2_000, 0.15);
        finds_effects(&BgNbd { regularity: 2, modified: true }, &[0.8, 10.0, 0.7, 2.0], 2_000, 0.15);
        finds_effects(&super::super::pareto_nbd::ParetoNbd, &[0.8, 20.0, 0.7, 60.0], 600, 0.3);
        finds_effects(&super::super::nbd::Nbd, &[0.8, 20.0], 2_000, 0.15);
    }
}
