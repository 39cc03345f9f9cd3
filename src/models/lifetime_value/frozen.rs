//! A fitted model as JSON, to score later or other customers with, and whether it still describes them.
//!
//! Numbers are read as they were written, to the last bit: scores with a frozen model are those of the fit. What is not
//! there, or cannot be, is refused with the name of the field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::choice::purchase_model;
use super::covariates::{Covariate, Design, Level};
use super::drift::{CELLS, Look, look};
use super::fields::{Fault, Field};
use super::fit::Fit;
use super::population::{Population, coefficients};
use super::process::PurchaseModel;

/// The version of the JSON: readers of another refuse it.
pub const SCHEMA_VERSION: u32 = 1;

/// The name of the stratum that everybody belongs to.
pub const ALL: &str = "all";

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frozen {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The model's name in `ltv_models`.
    pub model: String,
    /// Days in the unit of time of its parameters.
    pub time_unit_days: f64,
    /// The end of observation, in days since 1970-01-01.
    pub as_of_day: i32,
    /// The horizon that it was judged for.
    pub horizon_days: i32,
    /// Its covariates.
    pub covariates: Vec<Covariate>,
    /// Its strata; the first is `all`, with which customers of other strata are scored.
    pub strata: Vec<FrozenStratum>,
}

/// What a model knows of one stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrozenStratum {
    /// Its name.
    pub stratum: String,
    /// Parameters by letter, of a customer with mean covariates.
    pub parameters: BTreeMap<String, f64>,
    /// Effects of covariates by their names in `ltv_parameters`, against the reference level.
    pub effects: BTreeMap<String, f64>,
    /// Covariance of the log parameters and of the effects of standardised covariates, row by row.
    pub covariance: Option<Vec<f64>>,
    /// Gamma-Gamma parameters of spend.
    pub spend: Option<FrozenSpend>,
    /// How the customers of the fit looked.
    pub at_fit: Look,
}

/// Gamma-Gamma parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FrozenSpend {
    /// Shape of the spend of one purchase.
    pub p: f64,
    /// Shape of the distribution over customers.
    pub q: f64,
    /// Its inverse scale, in money.
    pub gamma: f64,
}

/// When and for what a model was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Days in the unit of time of its parameters.
    pub time_unit_days: f64,
    /// The end of observation, in days since 1970-01-01.
    pub as_of_day: i32,
    /// The horizon that it was judged for.
    pub horizon_days: i32,
}

/// One stratum to freeze.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Its name.
    pub stratum: &'a str,
    /// Its coefficients: log parameters, then effects of standardised covariates.
    pub coefficients: &'a [f64],
    /// Their covariance.
    pub covariance: Option<&'a [f64]>,
    /// Its spend.
    pub spend: Option<FrozenSpend>,
    /// Its customers.
    pub population: &'a Population,
}

impl<'a> Part<'a> {
    /// A stratum with a fit of its own.
    pub fn of(stratum: &'a str, fit: &'a Fit, spend: Option<FrozenSpend>, population: &'a Population) -> Self {
        Part { stratum, coefficients: &fit.log_parameters, covariance: fit.covariance.as_deref(), spend, population }
    }
}

/// Freezes a model. The first part has to be [`ALL`]. None where the model has no law to draw from.
pub fn freeze(model: &dyn PurchaseModel, design: &Design, setting: Setting, parts: &[Part<'_>]) -> Option<Frozen> {
    let size = model.parameters().len();
    let names = effect_names(model, design);
    let strata = parts.iter().map(|part| {
        let parameters = model.parameters().iter().zip(part.coefficients);
        let effects = names.iter().zip(&part.coefficients[size..]);
        Some(FrozenStratum {
            stratum: part.stratum.to_owned(),
            parameters: parameters.map(|(letter, value)| ((*letter).to_owned(), value.exp())).collect(),
            effects: effects.map(|((name, deviation), value)| (name.clone(), value / deviation)).collect(),
            covariance: part.covariance.map(<[f64]>::to_vec),
            spend: part.spend,
            at_fit: look(model, part.coefficients, part.population)?,
        })
    });
    Some(Frozen {
        schema_version: SCHEMA_VERSION,
        model: model.name().to_owned(),
        time_unit_days: setting.time_unit_days,
        as_of_day: setting.as_of_day,
        horizon_days: setting.horizon_days,
        covariates: design.covariates.clone(),
        strata: strata.collect::<Option<_>>()?,
    })
}

/// The names of a model's effects, with the standard deviations of their dummies, in the order of the coefficients.
fn effect_names(model: &dyn PurchaseModel, design: &Design) -> Vec<(String, f64)> {
    let kinds: &[&str] = if model.effects().dropout.is_empty() { &["rate"] } else { &["rate", "dropout"] };
    let named = |kind: &str| {
        let names = design.names().into_iter().map(|name| format!("{kind}:{name}")).collect::<Vec<_>>();
        let deviations = design.covariates.iter().flat_map(|covariate| &covariate.levels).map(|level| level.deviation);
        names.into_iter().zip(deviations).collect::<Vec<_>>()
    };
    kinds.iter().flat_map(|kind| named(kind)).collect()
}

impl Frozen {
    /// The covariates as columns.
    pub fn design(&self) -> Design {
        Design { covariates: self.covariates.clone() }
    }

    /// The model; none for a name that is not one (which no reader lets pass).
    pub fn model(&self) -> Option<Box<dyn PurchaseModel>> {
        purchase_model(&self.model)
    }

    /// What customers of a stratum are scored with: `all` for strata that are not known.
    pub fn stratum(&self, name: &str) -> Option<&FrozenStratum> {
        self.strata.iter().find(|stratum| stratum.stratum == name).or_else(|| self.strata.first())
    }

    /// The coefficients of a stratum, as [`processes`](super::population::processes) reads them.
    pub fn coefficients(&self, stratum: &FrozenStratum) -> Option<Vec<f64>> {
        let model = self.model()?;
        let parameters =
            model.parameters().iter().map(|letter| stratum.parameters.get(*letter).map(|value| value.ln()));
        let names = effect_names(model.as_ref(), &self.design());
        let effects = names.iter().map(|(name, deviation)| stratum.effects.get(name).map(|value| value * deviation));
        parameters.chain(effects).collect()
    }

    /// The JSON, with a line end.
    ///
    /// # Errors
    /// A [`Fault`] when a number is not finite, which JSON cannot say.
    pub fn to_json(&self) -> Result<String, Fault> {
        let problem = |error: serde_json::Error| Fault { field: "frozen model".to_owned(), problem: error.to_string() };
        let text = serde_json::to_string_pretty(self).map_err(problem)? + "\n";
        // Whatever is written can be read.
        Frozen::from_json(&text).map(|_| text)
    }

    /// Reads a frozen model.
    ///
    /// # Errors
    /// A [`Fault`] with the field that is missing, of another type, or impossible.
    pub fn from_json(text: &str) -> Result<Self, Fault> {
        let mut root = Field::root(text, "frozen model")?.object()?;
        let version = root.take("schema_version")?;
        if version.number()? != f64::from(SCHEMA_VERSION) {
            return Err(version.fault(format!("is {}, and this program reads {SCHEMA_VERSION}", version.text())));
        }
        let name = root.take("model")?;
        let model = name.string()?;
        let Some(of_name) = purchase_model(&model) else {
            return Err(name.fault(format!("is `{model}`, which is no model")));
        };
        let covariates = root.take("covariates")?.list()?.into_iter().map(covariate).collect::<Result<Vec<_>, _>>()?;
        let design = Design { covariates };
        let listed = root.take("strata")?;
        let strata = listed
            .list()?
            .into_iter()
            .map(|field| stratum(field, of_name.as_ref(), &design))
            .collect::<Result<Vec<_>, _>>()?;
        let names: BTreeSet<&str> = strata.iter().map(|stratum| stratum.stratum.as_str()).collect();
        if strata.first().is_none_or(|first| first.stratum != ALL) || names.len() < strata.len() {
            return Err(listed.fault("must begin with `all` and name each stratum once".to_owned()));
        }
        let frozen = Frozen {
            schema_version: SCHEMA_VERSION,
            model,
            time_unit_days: root.take("time_unit_days")?.positive()?,
            as_of_day: root.take("as_of_day")?.whole()?,
            horizon_days: root.take("horizon_days")?.whole()?,
            covariates: design.covariates,
            strata,
        };
        root.end()?;
        Ok(frozen)
    }
}

fn covariate(field: Field<'_>) -> Result<Covariate, Fault> {
    let mut object = field.object()?;
    let level = |field: Field<'_>| {
        let mut object = field.object()?;
        let level = Level {
            name: object.take("name")?.string()?,
            mean: object.take("mean")?.number()?,
            deviation: object.take("deviation")?.positive()?,
        };
        object.end().map(|()| level)
    };
    let covariate = Covariate {
        name: object.take("name")?.string()?,
        reference: object.take("reference")?.string()?,
        levels: object.take("levels")?.list()?.into_iter().map(level).collect::<Result<_, _>>()?,
    };
    object.end().map(|()| covariate)
}

fn stratum(field: Field<'_>, model: &dyn PurchaseModel, design: &Design) -> Result<FrozenStratum, Fault> {
    let mut object = field.object()?;
    let name = object.take("stratum")?.string()?;
    let mut letters = object.take("parameters")?.object()?;
    let mut parameters = BTreeMap::new();
    for letter in model.parameters() {
        parameters.insert((*letter).to_owned(), letters.take(letter)?.positive()?);
    }
    letters.end()?;
    let mut by_name = object.take("effects")?.object()?;
    let mut effects = BTreeMap::new();
    for (name, _) in effect_names(model, design) {
        let value = by_name.take(&name)?.number()?;
        effects.insert(name, value);
    }
    by_name.end()?;
    let of_covariance = object.take("covariance")?;
    let width = coefficients(model, design.names().len());
    let covariance = if of_covariance.is_null() { None } else { Some(of_covariance.numbers(width * width)?) };
    let of_spend = object.take("spend")?;
    let spend = if of_spend.is_null() {
        None
    } else {
        let mut object = of_spend.object()?;
        let spend = FrozenSpend {
            p: object.take("p")?.positive()?,
            q: object.take("q")?.positive()?,
            gamma: object.take("gamma")?.positive()?,
        };
        object.end()?;
        Some(spend)
    };
    let mut of_fit = object.take("at_fit")?.object()?;
    let at_fit = Look {
        customers: of_fit.take("customers")?.positive()?,
        log_likelihood: of_fit.take("log_likelihood")?.number()?,
        expected: of_fit.take("expected")?.number()?,
        variance: of_fit.take("variance")?.positive()?,
        slopes: of_fit.take("slopes")?.numbers(width)?,
        purchases: of_fit.take("purchases")?.positive()?,
        expected_purchases: of_fit.take("expected_purchases")?.positive()?,
        shares: of_fit.take("shares")?.numbers(CELLS)?,
        expected_shares: of_fit.take("expected_shares")?.numbers(CELLS)?,
    };
    of_fit.end()?;
    object.end()?;
    Ok(FrozenStratum { stratum: name, parameters, effects, covariance, spend, at_fit })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::history::Histories;
    use super::super::pareto_nbd::ParetoNbd;
    use super::super::population::fit;
    use super::super::simulate::{Law, ages};
    use super::*;

    fn frozen() -> (Frozen, Fit) {
        let levels = |name: &str| vec![Some(name.to_owned())];
        let groups: Vec<(Vec<Option<String>>, Histories)> = [("north", 20.0, 400, 1), ("south", 30.0, 600, 2)]
            .map(|(region, alpha, customers, seed)| {
                let law = Law::of("pareto_nbd", &[0.7, alpha, 0.6, 90.0]).unwrap();
                let drawn = law.customers(None, &ages(customers, 30.0, 400.0, seed), 0.0, seed);
                let histories: Vec<_> = drawn.iter().map(|drawn| drawn.history).collect();
                (levels(region), Histories::new(&histories))
            })
            .into();
        let rows: Vec<_> = groups.iter().map(|(levels, histories)| (levels.clone(), histories.total())).collect();
        let design = Design::new(&["region"], &rows);
        let population = design.population(groups);
        let fit = fit(&ParetoNbd, &population, None, None);
        let spend = Some(FrozenSpend { p: 6.25, q: 3.74, gamma: 15.44 });
        let setting = Setting { time_unit_days: 1.0, as_of_day: 20_000, horizon_days: 90 };
        let (all, north) = (Part::of(ALL, &fit, spend, &population), Part::of("north", &fit, None, &population));
        (freeze(&ParetoNbd, &design, setting, &[all, Part { covariance: None, ..north }]).unwrap(), fit)
    }

    #[test]
    fn what_is_written_is_read_to_the_last_bit() {
        let (frozen, fit) = frozen();
        let text = frozen.to_json().unwrap();
        let read = Frozen::from_json(&text).unwrap();
        assert_eq!(read, frozen);
        assert_eq!(read.to_json().unwrap(), text);
        // The parameters are those of the fit, but for the logarithm; strata that it does not know are scored with all.
        for name in [ALL, "north", "west"] {
            let stratum = read.stratum(name).unwrap();
            assert_eq!(stratum.stratum, if name == "north" { "north" } else { ALL });
            let coefficients = read.coefficients(stratum).unwrap();
            assert_eq!(coefficients.len(), fit.log_parameters.len());
            for (one, other) in coefficients.iter().zip(&fit.log_parameters) {
                assert!((one - other).abs() < 1e-14 * other.abs().max(1.0), "{one} {other}");
            }
        }
        assert_eq!(read.design().names(), ["region=north"]);
        assert_eq!(read.model().unwrap().name(), "pareto_nbd");
        assert_eq!(read.strata[0].at_fit.customers, 1_000.0);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (frozen, _) = frozen();
        let text = frozen.to_json().unwrap();
        let alpha = format!("\"alpha\": {:?}", frozen.strata[0].parameters["alpha"]);
        assert!(text.contains(&alpha), "{text}");
        let cases = [
            ("\"pareto_nbd\"", "\"ggompertz\"", "`model` is `ggompertz`, which is no model"),
            ("\"schema_version\": 1", "\"schema_version\": 2", "`schema_version` is 2, and this program reads 1"),
            ("\"as_of_day\": 20000", "\"as_of_day\": \"today\"", "`as_of_day` is not a whole number"),
            ("\"horizon_days\"", "\"horizon\"", "`horizon_days` is missing"),
            ("\"horizon_days\": 90", "\"horizon_days\": 90, \"seed\": 1", "`seed` is not a field here"),
            ("\"time_unit_days\": 1.0", "\"time_unit_days\": 0", "`time_unit_days` is 0, and has to be above 0"),
            (&alpha, "\"alpha\": null", "`strata[0].parameters.alpha` is not a number"),
            (&alpha, "\"a\": 1.0", "`strata[0].parameters.alpha` is missing"),
            (&alpha, "\"alpha\": -1.5", "`strata[0].parameters.alpha` is -1.5, and has to be above 0"),
            ("\"q\": 3.74", "\"q\": \"x\"", "`strata[0].spend.q` is not a number"),
            ("\"covariance\": [", "\"covariance\": [1.0,", "`strata[0].covariance` has 37 numbers, and needs 36"),
            (
                "\"stratum\": \"all\"",
                "\"stratum\": \"north\"",
                "`strata` must begin with `all` and name each stratum once",
            ),
            (
                "\"dropout:region=north\"",
                "\"dropout:region=east\"",
                "`strata[0].effects.dropout:region=north` is missing",
            ),
            ("\"reference\": \"south\"", "\"reference\": 7", "`covariates[0].reference` is not a text"),
        ];
        for (from, to, wanted) in cases {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(Frozen::from_json(&changed).unwrap_err().to_string(), wanted);
        }
        assert!(Frozen::from_json("{").unwrap_err().to_string().starts_with("`frozen model` is not JSON"));
        assert_eq!(Frozen::from_json("[]").unwrap_err().to_string(), "`(root)` is not an object");
        // What JSON cannot say is not written.
        let mut endless = frozen;
        endless.strata[0].at_fit.expected = f64::NEG_INFINITY;
        assert_eq!(endless.to_json().unwrap_err().field, "strata[0].at_fit.expected");
    }
}
