//! `json-rules-engine` (Node.js): facts, and the rules that there are.
//!
//! - `facts`: one flat object a customer, the columns of `customers`, for `engine.run(facts)`. Names are snake_case; what is not
//!   known is `null`, so that no fact is undefined.
//! - `routing_rules.json`: the policy of each service level as rules on the fact `service_level`; an event `routing` has it.
//! - `affinity_rules.json`: what goes with a product, on the facts `level` and `product_a` of the question. The same as in
//!   `rules/` of the run folder.

use super::dataset::{Dataset, Delta, Format};
use super::run_rules::rule_file;
use super::{Consumer, Options, Source, any_table, routing_policy};
use crate::error::{Error, Result};
use crate::rule_files::{json_rules, routing_json_rules};

pub(super) const CONSUMER: Consumer = Consumer {
    name: "json-rules-engine",
    about: "json-rules-engine: each customer's facts, and the rules of routing and affinity",
    needs: &["customers", "service_levels"],
    uses: &["affinity_ptp"],
    of_any_table: false,
    may_hold_contact: false,
    build,
};

fn build(source: &Source, _options: &Options) -> Result<Vec<Dataset>> {
    let rules = routing_policy::policy_rules(&routing_policy::levels(source)?)?;
    let affinity = rule_file(source, "affinity_rules.json")?.unwrap_or_else(|| json_rules(&[]).into_bytes());
    let pairs: Vec<serde::de::IgnoredAny> = serde_json::from_slice(&affinity)
        .map_err(|error| Error::input("the affinity rules of the run are not as they were written").because(error))?;
    let mut facts = any_table::dataset(source, &Options::default(), Format::Ndjson)?.with_delta(Delta::Rows);
    "facts".clone_into(&mut facts.name);
    Ok(vec![
        facts,
        Dataset::document("routing_rules", "json", routing_json_rules(&rules).into_bytes(), rules.len() as u64),
        Dataset::document("affinity_rules", "json", affinity, pairs.len() as u64),
    ])
}
