//! `zen`: GoRules ZEN. Decisions (JDM) with the ids of their rules in every answer, and what is asked with them.
//!
//! - `routing.json`: the policy of the contact centre, one row a service level and one for callers who are not known.
//! - `routing_facts`: what is asked with, one object a customer. The answer is the customer's row of `routing`.
//! - `affinity.json`: what goes with a product, the strongest rows of `affinity_ptp` (`rules/` of the run folder has the same).

use super::dataset::{Dataset, Delta, Format};
use super::records::Kind;
use super::routing_policy::{self, Column};
use super::run_rules::rule_file;
use super::{Consumer, Options, Source};
use crate::error::{Error, Result};
use crate::rule_files::{jdm, routing_jdm};

pub(super) const CONSUMER: Consumer = Consumer {
    name: "zen",
    about: "GoRules ZEN: routing and affinity as decision tables (JDM), and each customer's facts",
    needs: &["service_levels", "routing"],
    uses: &["affinity_ptp"],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

/// What a row of `routing` has from the run: the days for which the decision, too, holds.
const OF_THE_RUN: [&str; 2] = ["valid_from", "valid_to"];

/// The most rows of a decision. ZEN looks at each of them for every question: 5,000 rows are 0.36 MB and answer in about
/// 4 ms cold with zen-engine 2.1.3 (`spec/tables.md` 4.1). Larger tables are look-ups.
pub(super) const MOST_ROWS: u64 = 5_000;

/// What one customer's row of `routing` has beside the policy of their level, and beside the days of the run: facts that
/// change every night would make every delta a full file.
const FACTS: [Column; 10] = [
    ("routing_key", Kind::Id),
    ("key_type", Kind::Text),
    ("customer_id", Kind::Id),
    ("service_level", Kind::Text),
    ("value_group", Kind::Text),
    ("value_cell", Kind::Text),
    ("language", Kind::Text),
    ("open_complaint", Kind::Boolean),
    ("dedicated_agent", Kind::Id),
    ("next_offer_product", Kind::Id),
];

fn build(source: &Source, _options: &Options) -> Result<Vec<Dataset>> {
    let mut rules = routing_policy::policy_rules(&routing_policy::levels(source)?)?;
    let levels = rules.len() as u64;
    let columns: Vec<&str> = FACTS.iter().map(|(name, _)| *name).chain(OF_THE_RUN).collect();
    let routing = source.table("routing", &columns)?;
    if !routing.is_empty() {
        for name in OF_THE_RUN {
            let day = routing_policy::json(&routing.column(name)?.value(0))?;
            rules.iter_mut().for_each(|rule| rule.policy.push((name.to_owned(), day.clone())));
        }
    }
    let facts = routing_policy::records(&routing, &FACTS, 1, None)?;
    // Without pairs there is a decision all the same, so that whoever asks it hears of none.
    let affinity = rule_file(source, "affinity_rules.jdm.json")?.unwrap_or_else(|| jdm(&[]).into_bytes());
    let pairs = rows(&affinity)?;
    for (name, rows) in [("routing", levels + 1), ("affinity", pairs)] {
        within(name, rows)?;
    }
    Ok(vec![
        Dataset::document("routing", "json", routing_jdm(&rules).into_bytes(), levels),
        Dataset::document("affinity", "json", affinity, pairs),
        Dataset::new("routing_facts", facts, Format::Ndjson).with_delta(Delta::Rows),
    ])
}

fn within(name: &str, rows: u64) -> Result<()> {
    if rows > MOST_ROWS {
        return Err(Error::usage(format!(
            "zen cannot take this export: `{name}` has {rows} rows, and it takes {MOST_ROWS}"
        ))
        .hint("name fewer `[[routing.levels]]`; large tables are for look-ups in Parquet"));
    }
    Ok(())
}

/// How many rows the decision table of a decision has.
fn rows(decision: &[u8]) -> Result<u64> {
    let unreadable = || Error::input("the affinity decision of the run is not as it was written");
    let decision: serde_json::Value = serde_json::from_slice(decision).map_err(|error| unreadable().because(error))?;
    let nodes = decision["nodes"].as_array().ok_or_else(unreadable)?;
    let tables = nodes.iter().filter_map(|node| node["content"]["rules"].as_array());
    Ok(tables.map(|rules| rules.len() as u64).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_of_more_rows_than_answer_in_time_is_refused() {
        assert!(within("affinity", MOST_ROWS).is_ok());
        let error = within("affinity", MOST_ROWS + 1).expect_err("too many").to_string();
        assert!(error.contains("5001") && error.contains("affinity"), "{error}");
    }

    #[test]
    fn the_rows_of_a_decision_are_counted() {
        assert_eq!(rows(jdm(&[]).as_bytes()).expect("a decision"), 0);
        assert!(rows(b"{}").is_err() && rows(b"no JSON").is_err());
    }
}
