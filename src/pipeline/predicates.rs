//! Named segments and campaigns of the pipeline file, as SQL over the published customers table.

use super::graph::PUBLISHED_CUSTOMERS;
use super::rows::Cell;
use crate::config::Config;
use crate::contract::{Table, parameter_tables};
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
    for (name, campaign) in &config.campaigns {
        let condition = predicate(&format!("campaigns.{name}.where"), &campaign.predicate)?;
        let rank_by = campaign.rank_by.as_deref().unwrap_or("value");
        let score = predicate(&format!("campaigns.{name}.rank_by"), rank_by)?;
        candidates.push(format!(
            "SELECT '{name}' AS campaign_id, customers.customer_id AS customer_id, CAST({score} AS DOUBLE) AS score\n\
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

/// Rows of `campaign_definitions`.
pub fn campaign_definition_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    config
        .campaigns
        .iter()
        .map(|(name, campaign)| {
            let limit = campaign.limit.map(i64::try_from).transpose().map_err(|_| {
                Error::config(format!("`campaigns.{name}.limit` is too large")).hint("leave it out to take everybody")
            })?;
            Ok(vec![
                name.as_str().into(),
                limit.into(),
                campaign.channel.as_deref().into(),
                campaign.reason_code.as_deref().into(),
            ])
        })
        .collect()
}

/// The contract of a table that the pipeline makes.
pub fn parameter_table(name: &str) -> Result<Table> {
    let found = parameter_tables().into_iter().find(|table| table.name == name);
    found.ok_or_else(|| Error::internal(format!("there is no contract of `{name}`")))
}
