//! Past campaigns and what was known of their customers.

use std::collections::{BTreeSet, HashMap};

use super::super::attrition::study::People;
use super::super::{Frame, Inputs};
use super::read::people;
use crate::error::Result;

/// A campaign with treated customers and a control group, of whom those are here whose features are known and whose horizon is
/// over.
pub struct Campaign {
    /// Its name.
    pub id: String,
    /// Its customers.
    pub people: People,
    /// Whether each was assigned to treatment.
    pub treated: Vec<bool>,
    /// Whether each bought in the horizon.
    pub bought: Vec<bool>,
}

/// Hands all campaigns over, one at a time, in the order of their names: all of them at once would be more than the features
/// of all origins. `origins` and `alive` have the rows of `snapshots`.
///
/// # Errors
/// Internal, when a table is not as contracted.
pub fn campaigns(
    inputs: &Inputs<'_>,
    snapshots: &Frame,
    origins: &[i32],
    alive: &[f64],
    mut each: impl FnMut(&Campaign),
) -> Result<()> {
    let trials = inputs.table("attrition_trials")?;
    let (ids, customers) = (trials.text("campaign_id")?, trials.text("customer_id")?);
    let of_trial: Vec<Option<i32>> =
        trials.whole("origin_no")?.into_iter().map(|no| no.and_then(|no| i32::try_from(no).ok())).collect();
    let (treated, bought) = (trials.boolean("is_treated")?, trials.boolean("has_bought")?);
    let used: BTreeSet<i32> = of_trial.iter().copied().flatten().collect();
    let names = snapshots.text("customer_id")?;
    let places: HashMap<(i32, &str), usize> = (0..names.len())
        .filter(|row| used.contains(&origins[*row]))
        .map(|row| ((origins[row], names[row].unwrap_or_default()), row))
        .collect();
    let place = |row: usize| places.get(&(of_trial[row]?, customers[row]?)).copied();
    let of_any: Vec<usize> = (0..ids.len()).filter_map(place).collect::<BTreeSet<usize>>().into_iter().collect();
    let people = people(snapshots, alive, &of_any)?;
    for trial in (0..ids.len()).collect::<Vec<usize>>().chunk_by(|one, other| ids[*one] == ids[*other]) {
        let kept: Vec<(usize, usize)> =
            trial.iter().filter_map(|row| Some((*row, of_any.binary_search(&place(*row)?).ok()?))).collect();
        each(&Campaign {
            id: ids[trial[0]].unwrap_or_default().to_owned(),
            people: people.of(&kept.iter().map(|(_, place)| *place).collect::<Vec<usize>>()),
            treated: kept.iter().map(|(row, _)| treated[*row] == Some(true)).collect(),
            bought: kept.iter().map(|(row, _)| bought[*row] == Some(true)).collect(),
        });
    }
    Ok(())
}
