//! What SQL needs to know of the pipeline file, as rows.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::affinity::affinity_params;
use super::contact_parameters::contact_params;
use super::lifetime_value::ltv_params;
use super::periods::{epoch_day, periods};
use super::recommendations::recommendation_params;
use super::rows::Cell;
use super::session_parameters::{identity_params, session_params};
use crate::config::{Attrition, Config, Grid, Metric, OrderUnit, RfmMethod, ValueGroups, decimal_e4};
use crate::error::{Error, Result};

/// Millionths in one.
const PPM: f64 = 1_000_000.0;

/// Ten-thousandths in one.
const SHARE_E4: f64 = 10_000.0;

/// The one row of `run_params`.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a value is not a decimal number, a window of days is out of
/// range or the time zone is unknown.
pub fn run_params(config: &Config, as_of: Date) -> Result<Vec<Vec<Cell>>> {
    let unit = match config.orders.unit {
        OrderUnit::Order => "order",
        OrderUnit::PurchaseDay => "purchase_day",
    };
    let groups = &config.value_groups;
    let case = &config.business_case;
    let attrition = &config.attrition;
    let mut row: Vec<Cell> = vec![
        epoch_day(as_of).into(),
        config.project.currency.as_str().into(),
        config.value.metric.of_the_past().name().into(),
        config.value.window_days.into(),
        unit.into(),
        config.orders.count_zero_value.into(),
        config.rfm.method.name().into(),
        i64::from(config.rfm.bins).into(),
        config.affinity.min_count.into(),
        config.affinity.top_k.into(),
        config.affinity.max_basket_products.into(),
        // [value_groups]
        groups.peer_weight.into(),
        groups.min_peers.into(),
        money(&groups.bz_threshold, "value_groups.bz_threshold")?.into(),
        ((groups.mgc_min_unrealised * SHARE_E4).round() as i64).into(),
        groups.hysteresis.into(),
        // [business_case]
        case.discount_rate.into(),
        case.lapse_fall.into(),
        case.order_size_rise.into(),
        case.cost_fall.into(),
        // [attrition]
        start_us(config, as_of)?.into(),
        attrition.window.name().into(),
        ppm(attrition.gap_quantile).into(),
        attrition.prior_gaps.into(),
        attrition.horizon_days.into(),
        ppm(attrition.return_probability).into(),
        attrition.window_step_days.into(),
        attrition.false_alarm_cost.into(),
        attrition.missed_cost.into(),
        attrition.fixed_window_days.into(),
        attrition.lost_horizon_days.into(),
        ppm(attrition.lost_return_probability).into(),
        attrition.compare_days.into(),
        money(&attrition.min_previous_value, "attrition.min_previous_value")?.into(),
        attrition.min_purchase_days.into(),
        ppm(attrition.false_discovery_rate).into(),
        attrition.min_cases.into(),
        attrition.starved_days.into(),
        money(&attrition.csat_drop, "attrition.csat_drop")?.into(),
        attrition.model.eligible_days.into(),
        attrition.model.min_of_each.into(),
        attrition.model.enabled.into(),
        ppm(attrition.model.bands[0]).into(),
        ppm(attrition.model.bands[1]).into(),
    ];
    // [campaigns], [[contact_rules]], [experiments], [routing]
    row.extend(contact_params(config, as_of)?);
    // [summary]
    let dimensions: Vec<&str> = config.summary.dimensions.iter().map(|dimension| dimension.name()).collect();
    row.push(Cell::Text(dimensions.join(" ")));
    // [lifetime_value]
    row.extend(ltv_params(config)?);
    row.push((config.value.metric == Metric::Clv).into());
    // [affinity]
    row.extend(affinity_params(config, as_of));
    // [recommendations]
    row.extend(recommendation_params(&config.recommendations));
    // [sessions]
    row.extend(session_params(&config.sessions));
    // [identity]
    row.extend(identity_params(&config.identity));
    Ok(vec![row])
}

/// Rows of `attrition_actions`.
pub fn attrition_action_rows(attrition: &Attrition) -> Vec<Vec<Cell>> {
    let row = |(reason, action): (&String, &String)| vec![reason.as_str().into(), action.as_str().into()];
    attrition.actions.iter().map(row).collect()
}

/// Rows of `tenure_bands`.
pub fn tenure_band_rows(groups: &ValueGroups) -> Vec<Vec<Cell>> {
    let starts = std::iter::once(0).chain(groups.tenure_bands.iter().copied());
    let ends = groups.tenure_bands.iter().copied().map(Some).chain([None]);
    (1i32..)
        .zip(starts.zip(ends))
        .map(|(no, (from, to))| {
            let name = to.map_or_else(|| format!("{from}+"), |to| format!("{from}-{}", to - 1));
            vec![no.into(), Cell::Text(name), from.into(), to.into()]
        })
        .collect()
}

/// Rows of `value_group_tiers`.
pub fn value_group_tier_rows(groups: &ValueGroups) -> Vec<Vec<Cell>> {
    (0u8..=5)
        .map(|tier| {
            vec![
                i32::from(tier).into(),
                groups.mvc_tiers.contains(&tier).into(),
                groups.mgc_tiers.contains(&tier).into(),
            ]
        })
        .collect()
}

/// The instant at which `day` begins in the business time zone.
pub fn start_us(config: &Config, day: Date) -> Result<i64> {
    let wrong = |error: jiff::Error| Error::config("the time zone has no such day").because(error);
    let zone = TimeZone::get(&config.project.time_zone).map_err(wrong)?;
    Ok(zone.to_ambiguous_zoned(day.at(0, 0, 0, 0)).compatible().map_err(wrong)?.timestamp().as_microsecond())
}

/// A share in millionths.
fn ppm(share: f64) -> i64 {
    (share * PPM).round() as i64
}

/// Rows of `periods`, numbered from 1, the oldest first.
pub fn period_rows(config: &Config, as_of: Date) -> Result<Vec<Vec<Cell>>> {
    let periods = periods(&config.periods, as_of)?;
    Ok((1i32..)
        .zip(periods)
        .map(|(no, period)| vec![no.into(), period.start_day.into(), period.end_day.into()])
        .collect())
}

/// Rows of `rfm_cuts`: each cut of each measure, with its threshold when the method has them.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a monetary threshold is not a decimal number.
pub fn rfm_cut_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    let thresholds = &config.rfm.thresholds;
    let monetary =
        thresholds.monetary.iter().map(|text| money(text, "rfm.thresholds.monetary")).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    for (measure, cuts) in
        [("frequency", &thresholds.frequency), ("monetary", &monetary), ("recency", &thresholds.recency)]
    {
        for cut in 1..config.rfm.bins {
            let threshold = match config.rfm.method {
                RfmMethod::Thresholds => cuts.get(usize::from(cut) - 1).copied(),
                _ => None,
            };
            rows.push(vec![measure.into(), i64::from(cut).into(), threshold.into()]);
        }
    }
    Ok(rows)
}

/// Rows of `rfm_cells`.
pub fn rfm_cell_rows(grid: &Grid) -> Vec<Vec<Cell>> {
    grid.cells
        .iter()
        .map(|cell| {
            vec![
                i32::from(cell.r).into(),
                i32::from(cell.f).into(),
                i32::from(cell.m).into(),
                Cell::Text(format!("{}{}{}", cell.r, cell.f, cell.m)),
                cell.segment.as_str().into(),
            ]
        })
        .collect()
}

/// Rows of `service_cells`: the level of each value cell; a cell that the pipeline file does not name, and `none`, ask for
/// the default level. Who is below zero (`BZ`) gets the last level, who may not be profiled the neutral one.
pub fn service_cell_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    const CELLS: [&str; 12] = ["BZ", "HH", "HL", "HM", "LH", "LL", "LM", "MH", "ML", "MM", "neutral", "none"];
    let routing = &config.routing;
    CELLS
        .iter()
        .map(|cell| {
            let level = match (*cell, routing.levels.last()) {
                ("BZ", Some(last)) => &last.name,
                ("neutral", _) => &routing.neutral_level,
                _ => routing.cells.get(*cell).unwrap_or(&routing.default_level),
            };
            Ok(vec![(*cell).into(), level_no(config, level)?.into()])
        })
        .collect()
}

/// Rows of `service_levels`, by name.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a cost cap is not a decimal number.
pub fn service_level_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    let routing = &config.routing;
    let mut rows = routing
        .levels
        .iter()
        .map(|level| {
            let cap = routing.caps.get(&level.name).copied().unwrap_or(1.0);
            let cost_cap = level.solution_cost_cap.as_deref();
            let cost_cap = cost_cap.map(|text| money(text, "solution_cost_cap")).transpose()?;
            let price_tier = if routing.price_tier { level.price_tier.as_deref() } else { None };
            Ok(vec![
                level.name.as_str().into(),
                level_no(config, &level.name)?.into(),
                ppm(cap).into(),
                level.strategy.as_str().into(),
                level.queue.as_str().into(),
                level.priority.into(),
                Cell::Text(level.required_skills.join(" ")),
                level.vru_path.as_str().into(),
                level.target_wait_seconds.into(),
                level.trade_wait_seconds.into(),
                level.talk_limit_seconds.into(),
                Cell::Text(level.response_channels.join(" ")),
                level.email_sla_minutes.into(),
                cost_cap.into(),
                level.loyalty_offer.as_str().into(),
                level.education.as_str().into(),
                level.cobrowse_allowed.into(),
                level.fee_applies.into(),
                price_tier.into(),
                Cell::Text(format!("route.{}.v1", level.name)),
                (level.name == routing.default_level).into(),
            ])
        })
        .collect::<Result<Vec<_>>>()?;
    rows.sort_by(|a, b| match (&a[0], &b[0]) {
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        _ => std::cmp::Ordering::Equal,
    });
    Ok(rows)
}

fn level_no(config: &Config, name: &str) -> Result<i32> {
    let position = config.routing.levels.iter().position(|level| level.name == name);
    let position = position.and_then(|position| i32::try_from(position).ok());
    position.map(|position| position + 1).ok_or_else(|| Error::config(format!("`routing` has no level `{name}`")))
}

/// Decimal text of the pipeline file in ten-thousandths; validation has seen it.
pub(super) fn money(text: &str, key: &str) -> Result<i64> {
    decimal_e4(text).ok_or_else(|| {
        Error::config(format!("`{key}` holds `{text}`, which is not a decimal number"))
            .hint("write it as text with at most four decimals, for example \"99.95\"")
    })
}
