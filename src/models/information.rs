//! How much a fact or an answer tells: logarithms of counts, which SQL may not add up (`spec/definitions.md` 3.19, 3.20).
//!
//! Both come back as whole numbers, so that what is ranked by them is ranked alike on every engine.

use std::collections::BTreeMap;

use super::{Inputs, Model, Rows, Takes, Values};
use crate::error::Result;

/// The rarity of facts.
pub const RARITY: Model = Model {
    name: "fact_rarity",
    reads: &["fact_counts"],
    makes: &["fact_rarities"],
    takes: Takes::Compact,
    compute: rarities,
};

/// The entropy of answers.
pub const ENTROPY: Model = Model {
    name: "answer_entropy",
    reads: &["answer_counts"],
    makes: &["answer_entropies"],
    takes: Takes::Compact,
    compute: entropies,
};

/// Surprise at a value that `customers` of `all` share, in thousandths of a nat: `-1000 ln(customers / all)`, rounded.
pub fn rarity_e3(customers: i64, all: i64) -> i64 {
    if customers <= 0 || all <= customers { 0 } else { (((all as f64) / (customers as f64)).ln() * 1e3).round() as i64 }
}

/// Entropy of answers with these counts, in millionths of a nat: `-sum p ln p`, added up in the order given and rounded.
pub fn entropy_e6(counts: &[i64]) -> i64 {
    let all: i64 = counts.iter().sum();
    let part = |count: &i64| {
        let share = *count as f64 / all as f64;
        -share * share.ln()
    };
    let entropy: f64 = counts.iter().filter(|count| **count > 0).map(part).sum();
    (entropy * 1e6).round() as i64
}

fn rarities(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let counts = inputs.table("fact_counts")?;
    let owned = |values: Vec<Option<&str>>| values.into_iter().map(|value| value.map(str::to_owned)).collect();
    let rarities = counts.bigints("customers")?.iter().zip(counts.bigints("all_customers")?);
    let rarities = rarities.map(|(customers, all)| Some(rarity_e3(*customers, *all))).collect();
    Ok(vec![vec![
        Values::Text(owned(counts.text("fact_id")?)),
        Values::Text(owned(counts.text("class")?)),
        Values::Whole(rarities),
    ]])
}

fn entropies(inputs: &Inputs<'_>) -> Result<Vec<Rows>> {
    let counts = inputs.table("answer_counts")?;
    let (scopes, segments) = (counts.text("scope")?, counts.text("segment")?);
    let (questions, customers) = (counts.text("question_id")?, counts.bigints("customers")?);
    let mut groups: BTreeMap<(&str, &str, &str), Vec<i64>> = BTreeMap::new();
    for (row, customers) in customers.iter().enumerate() {
        let key = [scopes[row], segments[row], questions[row]].map(Option::unwrap_or_default);
        groups.entry((key[0], key[1], key[2])).or_default().push(*customers);
    }
    let text =
        |pick: fn(&(&str, &str, &str)) -> String| Values::Text(groups.keys().map(|key| Some(pick(key))).collect());
    Ok(vec![vec![
        text(|key| key.0.to_owned()),
        text(|key| key.1.to_owned()),
        text(|key| key.2.to_owned()),
        Values::Whole(groups.values().map(|counts| Some(counts.iter().sum())).collect()),
        Values::Whole(groups.values().map(|counts| Some(entropy_e6(counts))).collect()),
    ]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_share_tells_nothing_and_one_in_e_tells_a_nat() {
        assert_eq!(rarity_e3(100, 100), 0);
        assert_eq!(rarity_e3(0, 100), 0);
        // ln 2 = 0.693147, ln 1,000,000 = 13.815511.
        assert_eq!(rarity_e3(50, 100), 693);
        assert_eq!(rarity_e3(1, 1_000_000), 13_816);
    }

    #[test]
    fn entropy_is_largest_when_answers_are_even() {
        assert_eq!(entropy_e6(&[7]), 0);
        assert_eq!(entropy_e6(&[5, 5]), 693_147);
        assert_eq!(entropy_e6(&[3, 3, 3, 3]), 1_386_294);
        // scipy.stats.entropy([10, 20, 70]) = 0.8018185525433373.
        assert_eq!(entropy_e6(&[10, 20, 70]), 801_819);
        assert_eq!(entropy_e6(&[10, 0, 20, 70]), 801_819);
    }
}
