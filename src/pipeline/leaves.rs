//! The leaves of the graph: tables that no SQL makes. The inputs are staged files; the others are rows that the pipeline
//! itself makes, of the pipeline file, of what was read and of the run before.

use super::graph::Maker;
use super::predicates::{parameter_table, segment_definition_rows};
use super::rows::{Cell, batch};
use super::run::Prepared;
use super::{affinity, calendar, contact_parameters, lifetime_value, parameters, previous, quality, recommendations};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Result;

/// Rows of one table.
type Rows = Vec<Vec<Cell>>;

/// Makes the inputs and the pipeline's own tables known to the engine.
pub fn load_leaves(engine: &dyn Engine, config: &Config, prepared: &Prepared) -> Result<()> {
    for input in &prepared.staged.inputs {
        engine.scan(&input.input.table, &input.parts, &input.present)?;
    }
    let before = parameter_table("affinity_ptp_before")?;
    let present: Vec<String> = before.columns.iter().map(|column| column.name.to_string()).collect();
    engine.scan(&before, &affinity::files_before(prepared.previous.as_ref(), &before)?, &present)?;
    for (name, rows) in pipeline_rows(config, prepared)? {
        let table = parameter_table(name)?;
        engine.insert(&table, &batch(&table, &rows)?)?;
    }
    Ok(())
}

/// The rows of every table that the pipeline itself makes and that no SQL does.
fn pipeline_rows(config: &Config, prepared: &Prepared) -> Result<Vec<(&'static str, Rows)>> {
    let grid = config.rfm.resolve_grid();
    let first_day = calendar::first_day(config, &prepared.staged)?;
    let mut rows = vec![
        ("run_params", parameters::run_params(config, prepared.as_of)?),
        ("periods", parameters::period_rows(config, prepared.as_of)?),
        ("rfm_cuts", parameters::rfm_cut_rows(config)?),
        ("rfm_cells", parameters::rfm_cell_rows(&grid)),
        ("service_cells", parameters::service_cell_rows(config)?),
        ("service_levels", parameters::service_level_rows(config)?),
        ("tenure_bands", parameters::tenure_band_rows(&config.value_groups)),
        ("value_group_tiers", parameters::value_group_tier_rows(&config.value_groups)),
        ("segment_definitions", segment_definition_rows(config)?),
        ("segment_membership_before", previous::membership_rows(prepared.previous.as_ref())?),
        ("campaign_definitions", contact_parameters::campaign_definition_rows(config)?),
        ("contact_rules", contact_parameters::contact_rule_rows(config, prepared.as_of)?),
        ("contact_rule_channels", contact_parameters::contact_rule_channel_rows(config)),
        ("consent_needs", contact_parameters::consent_need_rows(config)),
        ("calendar", calendar::calendar_rows(config, prepared.as_of, first_day)?),
        ("ltv_origins", lifetime_value::origin_rows(config, prepared.as_of, first_day)?),
        ("ltv_weeks", lifetime_value::week_rows(config, prepared.as_of, first_day)?),
        ("gap_logarithms", lifetime_value::gap_logarithm_rows(prepared.as_of, first_day)),
        ("excluded_products", affinity::excluded_product_rows(config)),
        ("muted_categories", recommendations::muted_category_rows(&config.recommendations)),
        ("data_quality", quality::quality_rows(&quality::checks(config, &prepared.staged))),
    ];
    for name in ["segment_members", "campaign_candidates"] {
        // Without a predicate, nobody is in it.
        if matches!(prepared.graph.node(name).map(|node| &node.maker), Some(Maker::Pipeline)) {
            rows.push((name, Vec::new()));
        }
    }
    Ok(rows)
}
