//! Named segments and campaigns of the pipeline file, as SQL over the published customers table.

use super::graph::PUBLISHED_CUSTOMERS;
use super::rows::Cell;
use super::script_vars;
use crate::config::Config;
use crate::contract::{Table, made_tables, parameter_tables};
use crate::engine::predicate;
use crate::error::{Error, Result};

/// The tables that predicates make, each with its SQL. A table without predicates is not among them.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a predicate is not one expression.
pub fn predicate_tables(config: &Config) -> Result<Vec<(Table, String)>> {
    let mut members = Vec::new();
    for (name, segment) in &config.segments {
        let condition = predicate(&format!("segments.{name}.where"), &segment.predicate)?;
        members.push(format!(
            "SELECT '{name}' AS segment_id, customers.customer_id AS customer_id\n\
             FROM {PUBLISHED_CUSTOMERS} AS customers\nWHERE {condition}"
        ));
    }
    let mut candidates = Vec::new();
    let customers = made_tables().into_iter().find(|table| table.name == "customers");
    let customers = customers.ok_or_else(|| Error::internal("there is no contract of `customers`"))?;
    for (name, campaign) in &config.campaigns {
        let condition = predicate(&format!("campaigns.{name}.where"), &campaign.predicate)?;
        let expected_value = campaign.expected_value.as_deref();
        let rank_by = campaign.rank_by.as_deref().or(expected_value).unwrap_or("value");
        let score = predicate(&format!("campaigns.{name}.rank_by"), rank_by)?;
        let expected_value = predicate(&format!("campaigns.{name}.expected_value"), expected_value.unwrap_or("NULL"))?;
        let script_vars = script_vars::json_object(&customers, &campaign.script_vars)?;
        candidates.push(format!(
            "SELECT '{name}' AS campaign_id, customers.customer_id AS customer_id, CAST({score} AS DOUBLE) AS score, \
             CAST({expected_value} AS DOUBLE) AS expected_value, {script_vars} AS script_vars\n\
             FROM {PUBLISHED_CUSTOMERS} AS customers\nWHERE {condition}"
        ));
    }
    [("segment_members", members), ("campaign_candidates", candidates)]
        .into_iter()
        .filter(|(_, queries)| !queries.is_empty())
        .map(|(name, queries)| Ok((parameter_table(name)?, queries.join("\nUNION ALL\n"))))
        .collect()
}

/// Rows of `segment_definitions`.
pub fn segment_definition_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    config
        .segments
        .iter()
        .map(|(name, segment)| {
            let expression = predicate(&format!("segments.{name}.where"), &segment.predicate)?;
            let version = blake3::hash(expression.as_bytes()).to_hex();
            Ok(vec![name.as_str().into(), Cell::Text(expression), version[..12].into()])
        })
        .collect()
}

/// The contract of a table that the pipeline makes.
pub fn parameter_table(name: &str) -> Result<Table> {
    let found = parameter_tables().into_iter().find(|table| table.name == name);
    found.ok_or_else(|| Error::internal(format!("there is no contract of `{name}`")))
}
