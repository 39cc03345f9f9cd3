//! The leaves of the graph: tables that no SQL makes. The inputs are staged files; the others are rows that the pipeline
//! itself makes, of the pipeline file, of what was read and of the run before.

use jiff::civil::Date;

use super::graph::{Graph, Maker};
use super::predicates::{parameter_table, segment_definition_rows};
use super::rows::{Cell, batch};
use super::{
    affinity, attrition_origins, calendar, campaign_response, contact_centre, contact_parameters, lifetime_value,
    parameters, person, previous, quality, recommendations, session_parameters,
};
use crate::config::Config;
use crate::contract::Table;
use crate::engine::Engine;
use crate::error::Result;
use crate::ingest::Staged;
use crate::publish::RunRef;

/// Rows of one table.
type Rows = Vec<Vec<Cell>>;

/// What the leaves of a graph are made of.
#[derive(Clone, Copy)]
pub struct Leaves<'a> {
    /// The graph that reads them.
    pub graph: &'a Graph,
    /// The inputs, cut at the run's own `as_of` or later.
    pub staged: &'a Staged,
    /// The first day that is not read.
    pub as_of: Date,
    /// Whether that is before the day at which the inputs are cut, so that they have to be cut again.
    pub is_past: bool,
    /// The published run that changes are counted against.
    pub previous: Option<&'a RunRef>,
}

/// Makes the inputs and the pipeline's own tables known to the engine.
pub fn load_leaves(engine: &dyn Engine, config: &Config, leaves: Leaves<'_>) -> Result<()> {
    for input in &leaves.staged.inputs {
        match input.input.time.filter(|_| leaves.is_past) {
            None => engine.scan(&input.input.table, &input.parts, &input.present)?,
            Some(time) => {
                let table = &input.input.table;
                let whole = Table { name: format!("whole_{}", table.name).into(), ..table.clone() };
                engine.scan(&whole, &input.parts, &input.present)?;
                let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
                let before_us = parameters::start_us(config, leaves.as_of)?;
                let sql = format!("SELECT {} FROM {} WHERE {time} < {before_us}", columns.join(", "), whole.name);
                engine.define(table, &sql)?;
                // The table goes on reading it; nobody else may.
                engine.forget(&whole.name);
            }
        }
    }
    let before = parameter_table("affinity_ptp_before")?;
    let present: Vec<String> = before.columns.iter().map(|column| column.name.to_string()).collect();
    engine.scan(&before, &affinity::files_before(leaves.previous, &before)?, &present)?;
    for (name, rows) in pipeline_rows(config, leaves)? {
        let table = parameter_table(name)?;
        engine.insert(&table, &batch(&table, &rows)?)?;
    }
    Ok(())
}

/// The rows of every table that the pipeline itself makes and that no SQL does.
fn pipeline_rows(config: &Config, leaves: Leaves<'_>) -> Result<Vec<(&'static str, Rows)>> {
    let grid = config.rfm.resolve_grid();
    let Leaves { graph, staged, as_of, previous, .. } = leaves;
    let first_day = calendar::first_day(config, staged)?;
    let mut rows = vec![
        ("run_params", parameters::run_params(config, as_of)?),
        ("periods", parameters::period_rows(config, as_of)?),
        ("rfm_cuts", parameters::rfm_cut_rows(config)?),
        ("rfm_cells", parameters::rfm_cell_rows(&grid)),
        ("service_cells", parameters::service_cell_rows(config)?),
        ("service_levels", parameters::service_level_rows(config)?),
        ("tenure_bands", parameters::tenure_band_rows(&config.value_groups)),
        ("value_group_tiers", parameters::value_group_tier_rows(&config.value_groups)),
        ("segment_definitions", segment_definition_rows(config)?),
        ("segment_membership_before", previous::membership_rows(previous)?),
        ("campaign_definitions", contact_parameters::campaign_definition_rows(config)?),
        ("response_params", campaign_response::response_param_rows(config)),
        ("response_campaigns", campaign_response::response_campaign_rows(config)),
        ("response_arms", campaign_response::response_arm_rows(config)),
        ("attribution_windows", campaign_response::attribution_window_rows(config)),
        ("rule_params", campaign_response::rule_param_rows(config)),
        ("default_rules", campaign_response::default_rule_rows(config)),
        ("contact_rules", contact_parameters::contact_rule_rows(config, as_of)?),
        ("contact_rule_channels", contact_parameters::contact_rule_channel_rows(config)),
        ("consent_needs", contact_parameters::consent_need_rows(config)),
        ("business_days", contact_centre::business_day_rows(config, as_of)?),
        ("contact_centre_params", contact_centre::params(&config.contact_centre, as_of)),
        ("contact_cuts", contact_centre::cut_rows(&config.contact_centre)),
        ("defect_reasons", contact_centre::defect_reason_rows(&config.contact_centre)),
        ("decision_roles", session_parameters::decision_role_rows(&config.accounts)),
        ("life_event_offers", contact_centre::life_event_rows(&config.contact_centre)),
        ("calendar", calendar::calendar_rows(config, as_of, first_day)?),
        ("ltv_origins", lifetime_value::origin_rows(config, as_of, first_day)?),
        ("ltv_weeks", lifetime_value::week_rows(config, as_of, first_day)?),
        ("gap_logarithms", lifetime_value::gap_logarithm_rows(as_of, first_day)),
        ("attrition_actions", parameters::attrition_action_rows(&config.attrition)),
        ("attrition_origins", attrition_origins::rows(config, as_of, first_day)?),
        ("excluded_products", affinity::excluded_product_rows(config)),
        ("muted_categories", recommendations::muted_category_rows(&config.recommendations)),
        ("preference_params", person::preference_param_rows(&config.preferences)),
        ("contact_weights", person::contact_weight_rows(config, as_of)?),
        ("allowed_slots", person::allowed_slot_rows(&config.preferences)),
        ("region_time_zones", person::region_time_zone_rows(&config.preferences)),
        ("occasion_params", person::occasion_param_rows(&config.occasions)),
        ("civil_days", person::civil_day_rows(as_of)?),
        ("celebrations", person::celebration_rows(&config.occasions, as_of)?),
        ("question_bank", person::question_bank_rows(config)),
        ("question_channels", person::question_channel_rows(config)),
        ("fact_params", person::fact_param_rows(&config.agent_facts)),
        ("fact_catalogue", person::fact_catalogue_rows(&config.agent_facts)),
        ("fact_relevance", person::fact_relevance_rows(&config.agent_facts)),
        ("fact_freshness", person::fact_freshness_rows(&config.agent_facts)),
        ("fact_tier_weights", person::fact_tier_weight_rows(&config.agent_facts)),
        ("data_quality", quality::quality_rows(&quality::checks(config, staged))),
    ];
    for name in ["segment_members", "campaign_candidates"] {
        // Without a predicate, nobody is in it.
        if matches!(graph.node(name).map(|node| &node.maker), Some(Maker::Pipeline)) {
            rows.push((name, Vec::new()));
        }
    }
    Ok(rows)
}
