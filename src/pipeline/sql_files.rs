//! The SQL files: those compiled into the binary, and those of the `sql/` folder beside the pipeline file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext, Place, Result};

macro_rules! sql_files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../sql/", $path)))),*]
    };
}

/// Every file of `sql/`, by its path in it. A test holds the list against the folder.
const BUILT_IN: &[(&str, &str)] = sql_files![
    "features/acquisitions.sql",
    "features/answer_counts.sql",
    "features/answer_states.sql",
    "features/attrition_activity.sql",
    "features/attrition_features.sql",
    "features/attrition_judgements.sql",
    "features/attrition_labels.sql",
    "features/attrition_lapses.sql",
    "features/attrition_service.sql",
    "features/attrition_signals.sql",
    "features/attrition_trials.sql",
    "features/basket_lines.sql",
    "features/basket_products.sql",
    "features/caller_contacts.sql",
    "features/caller_points.sql",
    "features/campaign_attributions.sql",
    "features/campaign_cells.sql",
    "features/campaign_members.sql",
    "features/campaign_messages.sql",
    "features/campaign_outcomes.sql",
    "features/campaign_purchases.sql",
    "features/campaign_reactions.sql",
    "features/campaign_recipients.sql",
    "features/campaign_requests.sql",
    "features/campaign_waves.sql",
    "features/cart_values.sql",
    "features/category_cells.sql",
    "features/category_visits.sql",
    "features/centre_contacts.sql",
    "features/channel_choices.sql",
    "features/clv_tiers.sql",
    "features/complaint_cases.sql",
    "features/contact_cells.sql",
    "features/contact_choices.sql",
    "features/contact_cut_sums.sql",
    "features/contact_days.sql",
    "features/contact_loads.sql",
    "features/contact_orders.sql",
    "features/contact_pools.sql",
    "features/contact_signals.sql",
    "features/contact_slots.sql",
    "features/contact_units.sql",
    "features/contact_wait_quantiles.sql",
    "features/contact_waits.sql",
    "features/contract_cohorts.sql",
    "features/contract_terms.sql",
    "features/customer_agents.sql",
    "features/customer_callers.sql",
    "features/customer_categories.sql",
    "features/customer_categories_by_month.sql",
    "features/customer_clocks.sql",
    "features/customer_complaints.sql",
    "features/customer_consents.sql",
    "features/customer_contacts.sql",
    "features/customer_days.sql",
    "features/customer_holidays.sql",
    "features/customer_lifecycle.sql",
    "features/customer_numbers.sql",
    "features/customer_occasions.sql",
    "features/customer_opt_outs.sql",
    "features/customer_orders.sql",
    "features/customer_permissions.sql",
    "features/customer_persons.sql",
    "features/customer_potential.sql",
    "features/customer_preferences.sql",
    "features/customer_rhythm.sql",
    "features/customer_service.sql",
    "features/customer_shrink.sql",
    "features/customer_summary.sql",
    "features/customer_thresholds.sql",
    "features/customer_tiers.sql",
    "features/customer_window.sql",
    "features/error_balance.sql",
    "features/fact_classes.sql",
    "features/fact_counts.sql",
    "features/fact_numbers.sql",
    "features/fact_texts.sql",
    "features/given_back.sql",
    "features/goods_lines.sql",
    "features/group_members.sql",
    "features/group_permissions.sql",
    "features/group_sums.sql",
    "features/growth_expansion.sql",
    "features/growth_moves.sql",
    "features/growth_parts.sql",
    "features/household_bridges.sql",
    "features/identity_keys.sql",
    "features/last_contacts.sql",
    "features/life_events.sql",
    "features/ltv_covariates.sql",
    "features/ltv_customers.sql",
    "features/ltv_groups.sql",
    "features/ltv_profiles.sql",
    "features/ltv_scopes.sql",
    "features/ltv_strata.sql",
    "features/ltv_subjects.sql",
    "features/ltv_values.sql",
    "features/next_questions.sql",
    "features/offer_customers.sql",
    "features/offered_products.sql",
    "features/opportunity_histories.sql",
    "features/order_lines.sql",
    "features/order_places.sql",
    "features/orders.sql",
    "features/peer_frontiers.sql",
    "features/peer_groups.sql",
    "features/peer_quantiles.sql",
    "features/period_tiers.sql",
    "features/period_values.sql",
    "features/place_cells.sql",
    "features/pool_hours.sql",
    "features/product_categories.sql",
    "features/product_pairs.sql",
    "features/purchase_days.sql",
    "features/purchase_histories.sql",
    "features/purchase_weeks.sql",
    "features/question_ranks.sql",
    "features/question_rates.sql",
    "features/regions_in_use.sql",
    "features/return_spells.sql",
    "features/returned_products.sql",
    "features/rfm_edges.sql",
    "features/rfm_scores.sql",
    "features/rfm_values.sql",
    "features/rule_cells.sql",
    "features/rule_events.sql",
    "features/scope_periods.sql",
    "features/session_orders.sql",
    "features/session_questions.sql",
    "features/session_recoveries.sql",
    "features/session_verdicts.sql",
    "features/sessions.sql",
    "features/shared_moments.sql",
    "features/shared_slots.sql",
    "features/shrink_counts.sql",
    "features/shrink_parts.sql",
    "features/shrink_peers.sql",
    "features/shrink_products.sql",
    "features/shrink_windows.sql",
    "features/silence_windows.sql",
    "features/spell_counts.sql",
    "features/summary_cells.sql",
    "features/summary_values.sql",
    "features/tier_cuts.sql",
    "features/tier_moves.sql",
    "features/two_way_days.sql",
    "features/unanswered_contacts.sql",
    "features/visit_days.sql",
    "features/visit_owners.sql",
    "features/visit_slots.sql",
    "features/visits.sql",
    "features/web_events.sql",
    "features/zones_in_use.sql",
    "segments/accounts.sql",
    "segments/affinity_ctp.sql",
    "segments/affinity_ptc.sql",
    "segments/affinity_ptp.sql",
    "segments/affinity_ptp_delta.sql",
    "segments/affinity_sequence.sql",
    "segments/agent_facts.sql",
    "segments/attrition.sql",
    "segments/attrition_drivers.sql",
    "segments/attrition_inputs.sql",
    "segments/caller_links.sql",
    "segments/campaign_targets.sql",
    "segments/contact_preferences.sql",
    "segments/contract_ltv.sql",
    "segments/customer_ltv.sql",
    "segments/customer_value.sql",
    "segments/customers.sql",
    "segments/households.sql",
    "segments/life_event_leads.sql",
    "segments/occasions.sql",
    "segments/persons.sql",
    "segments/recoverable_sessions.sql",
    "segments/routing.sql",
    "segments/segment_membership.sql",
    "segments/segment_membership_delta.sql",
    "segments/segments.sql",
    "segments/tier_migration.sql",
    "segments/value_tiers.sql",
    "summaries/agent_comparison.sql",
    "summaries/attrition_summary.sql",
    "summaries/attrition_windows.sql",
    "summaries/business_case.sql",
    "summaries/business_summary.sql",
    "summaries/caller_counts.sql",
    "summaries/campaign_counts.sql",
    "summaries/campaign_suppressions.sql",
    "summaries/clock_sources.sql",
    "summaries/cohorts.sql",
    "summaries/competitor_mentions.sql",
    "summaries/complaint_ageing.sql",
    "summaries/concentration.sql",
    "summaries/contact_centre_summary.sql",
    "summaries/effort_value.sql",
    "summaries/group_totals.sql",
    "summaries/growth.sql",
    "summaries/lifecycle_periods.sql",
    "summaries/line_totals.sql",
    "summaries/ltv_models.sql",
    "summaries/ltv_parameters.sql",
    "summaries/populations.sql",
    "summaries/product_quality.sql",
    "summaries/service_caps.sql",
    "summaries/session_abandonment.sql",
    "summaries/staffing_demand.sql",
    "summaries/voice_of_customer.sql",
];

/// Whose file it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Compiled into the binary.
    BuiltIn,
    /// A file of the user's, replacing one of ours or adding a table.
    User(PathBuf),
}

/// One SQL file, which makes the table of its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Name of the table.
    pub table: String,
    /// The text.
    pub text: String,
    /// Where it is from.
    pub origin: Origin,
}

impl SqlFile {
    /// What the file is called in plans and messages.
    pub fn label(&self) -> String {
        match &self.origin {
            Origin::BuiltIn => format!("{}.sql", self.table),
            Origin::User(path) => path.display().to_string(),
        }
    }

    /// Who is left out of the table and why: the sentence of the head that begins with `Left out:`.
    pub fn left_out(&self) -> Option<String> {
        let head: Vec<&str> = self.text.lines().map_while(|line| line.strip_prefix("--")).map(str::trim).collect();
        let head = head.join(" ");
        let (_, sentence) = head.split_once("Left out: ")?;
        let sentence = sentence.split(". ").next().unwrap_or(sentence);
        Some(sentence.trim_end_matches('.').to_owned())
    }

    /// The value of a line `-- <name>: a, b.` in the head of the file.
    pub fn head(&self, name: &str) -> Option<Vec<String>> {
        let prefix = format!("-- {name}:");
        let line =
            self.text.lines().take_while(|line| line.starts_with("--")).find_map(|line| line.strip_prefix(&prefix))?;
        let value = line.split('.').next().unwrap_or(line);
        Some(value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
    }
}

/// All SQL files by table: ours, with those of the folder `sql/` in `dir` (and folders in it) in their place or beside them.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when two of the user's files make one table, or a file name is not
/// a table name.
pub fn sql_files(dir: &Path) -> Result<BTreeMap<String, SqlFile>> {
    let mut files = BTreeMap::new();
    for (path, text) in BUILT_IN {
        let table = table_name(Path::new(path));
        files.insert(table.clone(), SqlFile { table, text: (*text).to_owned(), origin: Origin::BuiltIn });
    }
    let mut users = Vec::new();
    collect(&dir.join("sql"), &mut users)?;
    for path in users {
        let table = table_name(&path);
        if table.is_empty() || !table.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            return Err(Error::config(format!("`{table}` is not a table name"))
                .at(Place::file(&path))
                .hint("name the file after the table that it makes: lower-case letters, digits and _"));
        }
        let text = std::fs::read_to_string(&path).reading(&path)?;
        let file = SqlFile { table: table.clone(), text, origin: Origin::User(path.clone()) };
        if let Some(SqlFile { origin: Origin::User(other), .. }) = files.insert(table.clone(), file) {
            return Err(Error::config(format!("two files make the table `{table}`"))
                .at(Place::file(&path))
                .hint(format!("the other one is `{}`: keep one of them", other.display())));
        }
    }
    Ok(files)
}

fn table_name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The `.sql` files below `folder`, in the order of their names; none when there is no such folder.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).reading(folder),
    };
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().reading(folder)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_sql_folder_is_compiled_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
        let mut found = Vec::new();
        collect(&folder, &mut found).unwrap();
        let found: Vec<String> =
            found.iter().map(|path| path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned()).collect();
        let listed: Vec<&str> = BUILT_IN.iter().map(|(path, _)| *path).collect();
        assert_eq!(found, listed);
    }

    #[test]
    fn the_head_says_who_is_left_out() {
        let left_out =
            |text: &str| SqlFile { table: "t".into(), text: text.into(), origin: Origin::BuiltIn }.left_out();
        let head =
            "-- t: x.\n-- Key: k. Left out: customers\n-- without a gap. Units: days.\nSELECT 'Left out: y' AS a";
        assert_eq!(left_out(head).as_deref(), Some("customers without a gap"));
        assert_eq!(left_out("-- t: x.\n-- Key: k.\nSELECT 'Left out: y' AS a"), None);
    }

    #[test]
    fn every_file_says_in_its_head_what_one_row_is() {
        for (path, text) in BUILT_IN {
            let table = table_name(Path::new(path));
            assert!(text.starts_with(&format!("-- {table}: ")), "{path}");
            assert!(text.contains("\n-- Key: "), "{path} does not name its key");
        }
    }
}
