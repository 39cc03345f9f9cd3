//! Households that one person joins: somebody with ids in two of them, and everybody in both, share an arm of an experiment
//! (`spec/definitions.md` 3.13: who has two ids must not be held out by one and mailed by the other).

use std::collections::BTreeMap;

use super::super::{Inputs, Model, Rows, Takes, Values};
use super::People;
use crate::error::Result;

/// Which households share an arm.
pub const MODEL: Model = Model {
    name: "households",
    reads: &["household_bridges"],
    makes: &["household_groups"],
    takes: Takes::WholeOrNothing,
    compute,
};

fn compute(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let table = inputs.table("household_bridges")?;
    let homes: Vec<(&str, &str)> =
        table.text("person_id")?.into_iter().flatten().zip(table.text("household_id")?.into_iter().flatten()).collect();
    let (households, groups) = groups(&homes).into_iter().map(|(home, group)| (Some(home), Some(group))).unzip();
    Ok(vec![vec![Values::Text(households), Values::Text(groups)]])
}

/// Each household of these (person, household), by name, with the first of those that persons join to it.
fn groups(homes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut numbers: BTreeMap<&str, usize> = homes.iter().map(|&(_, household)| (household, 0)).collect();
    // In the order of the names, so that the first of a set is the first by name.
    numbers.values_mut().enumerate().for_each(|(place, number)| *number = place);
    let mut sets = People::new(numbers.len());
    let mut first_homes: BTreeMap<&str, usize> = BTreeMap::new();
    for (person, household) in homes {
        let number = numbers[household];
        sets.join(*first_homes.entry(person).or_insert(number), number);
    }
    let names: Vec<&str> = numbers.keys().copied().collect();
    numbers.values().map(|&number| (names[number].to_owned(), names[sets.first(number)].to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn households_are_joined_by_persons_and_over_others() {
        let homes = [("p", "h4"), ("p", "h2"), ("q", "h2"), ("q", "h3"), ("r", "h1"), ("r", "h5")];
        let found = |homes: &[(&str, &str)]| -> Vec<String> {
            groups(homes).into_iter().map(|(home, group)| format!("{home}={group}")).collect()
        };
        assert_eq!(found(&homes), ["h1=h1", "h2=h2", "h3=h2", "h4=h2", "h5=h1"]);
        let mut turned = homes;
        turned.reverse();
        assert_eq!(found(&turned), found(&homes));
        assert_eq!(found(&[]), [""; 0]);
    }
}
