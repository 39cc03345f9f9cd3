//! Features as columns of numbers.

use super::super::attrition::study::{Past, People};
use super::super::attrition::{Direction, Feature, Features};
use super::super::{Frame, Inputs};
use super::alive::p_alive;
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

/// What the model was given.
pub struct Read {
    /// Earlier customers who had bought of late, and what became of them.
    pub past: Past,
    /// Today's customers.
    pub ids: Vec<String>,
    /// All of them, in the order of `ids`.
    pub today: People,
    /// Their probability of being alive, where a model knows it.
    pub alive: Option<Vec<f64>>,
    /// Whether each had bought of late.
    pub is_eligible: Vec<bool>,
    /// Customers of each kind that there have to be.
    pub least_of_each: u64,
    /// Which rows of `attrition_snapshots` are those of `past`.
    pub kept: Vec<usize>,
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
    let today = inputs.table("attrition_features")?;
    let snapshots = inputs.table("attrition_snapshots")?;
    let origins: Vec<i32> = snapshots.integers("origin_no")?.to_vec();
    let ids = today.text("customer_id")?.into_iter().map(|id| id.unwrap_or_default().to_owned()).collect();
    let (alive_today, alive_then) = (alive(today, None)?, alive(snapshots, Some(&origins))?);
    // What is known today and was not then, or the other way round, cannot be learnt from.
    let (known_today, known_then) =
        alive_today.clone().zip(alive_then).unwrap_or_else(|| (unknown(today), unknown(snapshots)));
    let today = people(today, &known_today, &(0..today.rows()).collect::<Vec<usize>>())?;
    let is_eligible = today.features.column(RECENCY).iter().map(|days| *days < eligible_days).collect();

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
    Ok(Read { past, ids, today, alive: alive_today, is_eligible, least_of_each, kept })
}

/// The probabilities of being alive of customers of one day, or of each of `origins`; none when one of the days has none.
fn alive(frame: &Frame, origins: Option<&[i32]>) -> Result<Option<Vec<f64>>> {
    let columns = ["purchase_days", "recency_days", "tenure_days"].map(|name| numbers(frame, name));
    let [days, recency, tenure] = columns;
    let (days, recency, tenure) = (days?, recency?, tenure?);
    let one_day = vec![0; frame.rows()];
    let mut alive = Vec::with_capacity(frame.rows());
    for of_day in origins.unwrap_or(&one_day).chunk_by(|one, other| one == other) {
        let rows = alive.len()..alive.len() + of_day.len();
        let Some(of_day) = p_alive(&days[rows.clone()], &recency[rows.clone()], &tenure[rows]) else {
            return Ok(None);
        };
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
