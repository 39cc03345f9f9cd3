//! Features as columns of numbers.

use std::slice::SliceIndex;

use super::super::attrition::study::{Past, People};
use super::super::attrition::{Direction, Feature, Features};
use super::super::{Frame, Inputs};
use super::alive::{Alive, Timing};
use super::campaigns::campaigns;
use super::uplift::Uplift;
use crate::error::{Error, Result};

use Direction::{Either, Falling, Rising};

/// The features in `attrition_features`, and which way each may only move the probability of leaving.
const FEATURES: [(&str, Direction); 34] = [
    ("recency_days", Rising),
    ("tenure_days", Either),
    ("purchase_days", Falling),
    ("days_90d", Falling),
    ("days_365d", Falling),
    ("days_change", Either),
    ("overdue_ratio", Rising),
    ("threshold_days", Either),
    ("gap_spread", Either),
    ("revenue_365d", Falling),
    ("spend_trend", Falling),
    ("revenue_per_day", Either),
    ("discount_share", Either),
    ("return_share", Either),
    ("categories_365d", Falling),
    ("categories_lost", Either),
    ("actual_tier", Either),
    ("tier_delta", Either),
    ("contacts_90d", Either),
    ("complaints_365d", Rising),
    ("complaints_90d", Rising),
    ("complaints_since", Rising),
    ("open_complaints_since", Rising),
    ("open_complaints", Rising),
    ("repeat_complaints_90d", Rising),
    ("abandoned_90d", Rising),
    ("carts_90d", Either),
    ("mean_wait_s", Rising),
    ("longest_wait_90d_s", Rising),
    ("longest_wait_since_s", Rising),
    ("satisfaction", Falling),
    ("satisfaction_fall", Rising),
    ("starved_days", Either),
    ("opt_outs", Either),
];

/// Of another model: computed here, at each day from what was known then.
const ALIVE: &str = "p_alive";

/// The place of the days since the last purchase among the features.
pub const RECENCY: usize = 0;

/// The place of the net revenue of the last 365 days among the features.
pub const REVENUE: usize = 9;

/// The cell of a customer without one.
const NO_CELL: u32 = 0;

/// What the model learns from.
pub struct Read {
    /// Earlier customers who had bought of late, and what became of them.
    pub past: Past,
    /// Customers of each kind that there have to be.
    pub least_of_each: u64,
    /// Which rows of `attrition_snapshots` are those of `past`.
    pub kept: Vec<usize>,
    /// Who bought longer ago is not eligible.
    eligible_days: f64,
    /// Who is alive today, where a model knows it.
    alive: Option<Alive>,
    /// Whether one knew it on each of the earlier days, too.
    was_known: bool,
}

/// Customers of today, or some of them.
pub struct Today {
    /// Their ids.
    pub ids: Vec<String>,
    /// All of them, in the order of `ids`.
    pub people: People,
    /// Their probability of being alive, where a model knows it.
    pub alive: Option<Vec<f64>>,
    /// Whether each had bought of late.
    pub is_eligible: Vec<bool>,
}

/// Reads the tables. Whoever wants to know what past campaigns did gives an `uplift` to add them to.
///
/// # Errors
/// Internal, when a table is not as contracted.
pub fn read(inputs: &Inputs<'_>, uplift: Option<&mut Uplift>) -> Result<Read> {
    let params = inputs.table("run_params")?;
    let one = |column: &str| -> Result<i64> {
        let found = params.whole(column)?.first().copied().flatten();
        found.ok_or_else(|| Error::internal(format!("`run_params.{column}` has no value")))
    };
    let eligible_days = one("attrition_eligible_days")? as f64;
    let least_of_each = one("attrition_least_of_each")?.unsigned_abs();
    let snapshots = inputs.table("attrition_snapshots")?;
    let origins: Vec<i32> = snapshots.integers("origin_no")?.to_vec();
    let alive = Alive::fit(&Columns::of(inputs.table("attrition_features")?)?.timing(..));
    let alive_then = alive_then(snapshots, &origins)?;
    let was_known = alive_then.is_some();
    // What is known today and was not then, or the other way round, cannot be learnt from.
    let known_then = alive_then.filter(|_| alive.is_some()).unwrap_or_else(|| unknown(snapshots));

    let labels = inputs.table("attrition_labels")?;
    if labels.integers("origin_no")? != origins || labels.text("customer_id")? != snapshots.text("customer_id")? {
        return Err(Error::internal("`attrition_labels` has other rows than `attrition_snapshots`"));
    }
    let left = labels.boolean("has_left")?;
    let recency = numbers(snapshots, FEATURES[RECENCY].0)?;
    let kept: Vec<usize> = (0..origins.len()).filter(|row| recency[*row] < eligible_days).collect();
    if let Some(uplift) = uplift {
        campaigns(inputs, snapshots, &origins, &known_then, |campaign| uplift.add(campaign))?;
    }
    let past = Past {
        left: kept.iter().map(|row| left[*row] == Some(true)).collect(),
        origins: kept.iter().map(|row| origins[*row]).collect(),
        people: people(snapshots, &known_then, &kept)?,
    };
    Ok(Read { past, least_of_each, kept, eligible_days, alive, was_known })
}

impl Read {
    /// Rows of `attrition_features` as those who are scored.
    ///
    /// # Errors
    /// Internal, when they are not as contracted.
    pub fn today(&self, customers: &Frame) -> Result<Today> {
        let columns = Columns::of(customers)?;
        let alive = self.alive.as_ref().map(|alive| alive.of(&columns.timing(..)));
        let known = alive.clone().filter(|_| self.was_known).unwrap_or_else(|| unknown(customers));
        let people = people(customers, &known, &(0..customers.rows()).collect::<Vec<usize>>())?;
        let ids = customers.text("customer_id")?.into_iter().map(|id| id.unwrap_or_default().to_owned()).collect();
        let is_eligible = people.features.column(RECENCY).iter().map(|days| *days < self.eligible_days).collect();
        Ok(Today { ids, people, alive, is_eligible })
    }
}

/// Purchase days, days since the last and days since the first.
struct Columns([Vec<f64>; 3]);

impl Columns {
    fn of(frame: &Frame) -> Result<Columns> {
        let column = |name| numbers(frame, name);
        Ok(Columns([column("purchase_days")?, column("recency_days")?, column("tenure_days")?]))
    }

    fn timing(&self, rows: impl SliceIndex<[f64], Output = [f64]> + Clone) -> Timing<'_> {
        let [days, recency, tenure] = &self.0;
        Timing { purchase_days: &days[rows.clone()], recency_days: &recency[rows.clone()], tenure_days: &tenure[rows] }
    }
}

/// The probabilities of being alive of the customers of each of `origins`; none when one of the days has none.
fn alive_then(snapshots: &Frame, origins: &[i32]) -> Result<Option<Vec<f64>>> {
    let columns = Columns::of(snapshots)?;
    let mut alive = Vec::with_capacity(snapshots.rows());
    for of_day in origins.chunk_by(|one, other| one == other) {
        let customers = columns.timing(alive.len()..alive.len() + of_day.len());
        let Some(of_day) = Alive::fit(&customers).map(|fit| fit.of(&customers)) else { return Ok(None) };
        alive.extend(of_day);
    }
    Ok(Some(alive))
}

fn unknown(frame: &Frame) -> Vec<f64> {
    vec![f64::NAN; frame.rows()]
}

/// The customers of these rows of a table of features, of which all are more than memory should hold twice. `alive` has the
/// rows of the table.
pub fn people(frame: &Frame, alive: &[f64], rows: &[usize]) -> Result<People> {
    let of_rows = |values: &[f64]| -> Vec<f64> { rows.iter().map(|row| values[*row]).collect() };
    let alive = of_rows(alive);
    let columns = FEATURES.iter().map(|(name, _)| Ok(of_rows(&numbers(frame, name)?)));
    let columns = columns.chain([Ok(alive.clone())]).collect::<Result<Vec<Vec<f64>>>>()?;
    let feature = |(name, direction): &(&str, Direction)| Feature { name: (*name).to_owned(), direction: *direction };
    let mut features: Vec<Feature> = FEATURES.iter().map(feature).collect();
    features.push(feature(&(ALIVE, Falling)));
    let features = Features::new(features, columns, rows.len())
        .ok_or_else(|| Error::internal("features are not of one length"))?;
    let cell = |cell: Option<i64>| cell.and_then(|cell| u32::try_from(cell).ok()).unwrap_or(NO_CELL);
    let (ids, cells) = (frame.text("customer_id")?, frame.whole("rfm_cell")?);
    Ok(People {
        features,
        customers: rows.iter().map(|row| hash(ids[*row].unwrap_or_default())).collect(),
        cells: rows.iter().map(|row| cell(cells[*row])).collect(),
        alive,
    })
}

/// A column of any number type, with NaN for what is not known.
fn numbers(frame: &Frame, name: &str) -> Result<Vec<f64>> {
    if let Ok(values) = frame.double(name) {
        return Ok(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect());
    }
    Ok(frame.whole(name)?.into_iter().map(|value| value.map_or(f64::NAN, |value| value as f64)).collect())
}

/// The same on every machine and in every version.
fn hash(id: &str) -> u64 {
    twox_hash::XxHash3_64::oneshot(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_their_features() {
        assert_eq!([FEATURES[RECENCY].0, FEATURES[REVENUE].0], ["recency_days", "revenue_365d"]);
    }
}
