//! What SQL needs to know of consents, contact rules and experiments, as rows.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::parameters::money;
use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::{Calendar, Config, ContactRule, MARKETING};
use crate::error::{Error, Result};

/// Channels whose consent for marketing every customer has a column of.
const CONSENT_CHANNELS: [&str; 5] = ["email", "phone", "post", "push", "sms"];

/// Days of contacts that are reported even when no rule looks back as far.
const REPORTED_DAYS: i32 = 30;

/// What `run_params` says of contacts and experiments.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a window of days is out of range.
pub fn contact_params(config: &Config, as_of: Date) -> Result<Vec<Cell>> {
    let first = config.contact_rules.iter().map(|rule| window(rule, as_of).map(|window| window.0));
    let first = first.collect::<Result<Vec<_>>>()?.into_iter().min();
    let reported = epoch_day(as_of) - REPORTED_DAYS;
    let experiments = &config.experiments;
    Ok(vec![
        config.project.time_zone.as_str().into(),
        first.map_or(reported, |first| first.min(reported)).into(),
        experiments.unit_name(&config.contact_rules).into(),
        experiments.holdout_seed.as_str().into(),
        share_e4(experiments.global_holdout_share).into(),
        config.routing.opaque_keys.into(),
        config.routing.valid_days.into(),
    ])
}

/// A share in ten-thousandths, the resolution of the buckets.
pub fn share_e4(share: f64) -> i32 {
    (share * 10_000.0).round() as i32
}

/// First day of the window of a rule that a contact on `as_of` falls into, and the day after its last.
fn window(rule: &ContactRule, as_of: Date) -> Result<(i32, i32)> {
    let out_of_range = |error: jiff::Error| {
        Error::config(format!("the window of the contact rule `{}` is out of range", rule.name))
            .hint("lower `window_days`")
            .because(error)
    };
    let (first, after) = match rule.calendar {
        None => {
            let days = i64::from(rule.window_days.unwrap_or(1));
            (as_of.checked_sub((days - 1).days()), as_of.checked_add(1.day()))
        }
        Some(Calendar::Week) => {
            let monday = as_of.checked_sub(i64::from(as_of.weekday().to_monday_zero_offset()).days());
            (monday.clone(), monday.and_then(|monday| monday.checked_add(7.days())))
        }
        Some(Calendar::Month) => (Ok(as_of.first_of_month()), as_of.first_of_month().checked_add(1.month())),
        Some(Calendar::Quarter) => {
            let first = date(as_of.year(), (as_of.month() - 1) / 3 * 3 + 1, 1);
            (Ok(first), first.checked_add(3.months()))
        }
        Some(Calendar::Year) => (Ok(as_of.first_of_year()), as_of.first_of_year().checked_add(1.year())),
    };
    Ok((epoch_day(first.map_err(out_of_range)?), epoch_day(after.map_err(out_of_range)?)))
}

/// Rows of `contact_rules`.
pub fn contact_rule_rows(config: &Config, as_of: Date) -> Result<Vec<Vec<Cell>>> {
    let row = |(no, rule): (i32, &ContactRule)| {
        let (start_day, end_day) = window(rule, as_of)?;
        Ok(vec![
            rule.name.as_str().into(),
            no.into(),
            rule.scope.name().into(),
            rule.purpose.as_deref().into(),
            rule.max.into(),
            rule.window_days.into(),
            start_day.into(),
            end_day.into(),
            rule.count_inbound.into(),
        ])
    };
    (1..).zip(&config.contact_rules).map(row).collect()
}

/// Rows of `contact_rule_channels`.
pub fn contact_rule_channel_rows(config: &Config) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for rule in &config.contact_rules {
        let channels: BTreeSet<&String> = rule.channels.iter().chain(rule.blocked()).collect();
        for channel in channels {
            let (counted, blocked) = (rule.channels.contains(channel), rule.blocked().contains(channel));
            rows.push(vec![rule.name.as_str().into(), channel.as_str().into(), counted.into(), blocked.into()]);
        }
    }
    rows
}

/// Rows of `consent_needs`: what the campaigns ask for, and marketing by the usual channels.
pub fn consent_need_rows(config: &Config) -> Vec<Vec<Cell>> {
    let usual = CONSENT_CHANNELS.iter().map(|channel| (*channel, MARKETING));
    let asked =
        config.campaigns.values().filter_map(|campaign| Some((campaign.channel.as_deref()?, &*campaign.purpose)));
    let needs: BTreeSet<(&str, &str)> = usual.chain(asked).collect();
    needs.into_iter().map(|(channel, purpose)| vec![channel.into(), purpose.into()]).collect()
}

/// Rows of `campaign_definitions`.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a limit or a cost does not fit.
pub fn campaign_definition_rows(config: &Config) -> Result<Vec<Vec<Cell>>> {
    config
        .campaigns
        .iter()
        .map(|(name, campaign)| {
            let limit = campaign.limit.map(i64::try_from).transpose().map_err(|_| {
                Error::config(format!("`campaigns.{name}.limit` is too large")).hint("leave it out to take everybody")
            })?;
            let offer_cost = campaign.offer_cost.as_deref().map(|text| money(text, "offer_cost")).transpose()?;
            Ok(vec![
                name.as_str().into(),
                limit.into(),
                campaign.channel.as_deref().into(),
                campaign.reason_code.as_deref().into(),
                campaign.purpose.as_str().into(),
                campaign.consent.name().into(),
                campaign.profiling.into(),
                campaign.open_complaint_days.into(),
                campaign.priority.into(),
                campaign.wave.as_str().into(),
                share_e4(campaign.control_share).into(),
                campaign.product_id.as_deref().into(),
                campaign.offer_id.as_deref().into(),
                offer_cost.into(),
                campaign.script_id.as_deref().into(),
            ])
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::periods::day_of_epoch;
    use super::*;
    use crate::config::Scope;

    fn rule(window_days: Option<u32>, calendar: Option<Calendar>) -> ContactRule {
        ContactRule {
            name: "r".to_owned(),
            scope: Scope::Person,
            channels: vec!["email".to_owned()],
            purpose: None,
            blocks: None,
            max: 1,
            window_days,
            calendar,
            count_inbound: false,
        }
    }

    #[test]
    fn windows_end_with_the_send_day_or_with_the_calendar() {
        let between = |rule: &ContactRule, as_of: Date| {
            let (first, after) = window(rule, as_of).unwrap();
            format!("{} {}", day_of_epoch(first).unwrap(), day_of_epoch(after).unwrap())
        };
        let calendar = |unit| rule(None, Some(unit));
        let leap = date(2024, 3, 1);
        // Thirty-one days before the first of March begin in January, the month of March begins with it.
        assert_eq!(between(&rule(Some(31), None), leap), "2024-01-31 2024-03-02");
        assert_eq!(between(&calendar(Calendar::Month), leap), "2024-03-01 2024-04-01");
        assert_eq!(between(&calendar(Calendar::Month), date(2024, 2, 29)), "2024-02-01 2024-03-01");
        assert_eq!(between(&calendar(Calendar::Month), date(2024, 12, 31)), "2024-12-01 2025-01-01");
        assert_eq!(between(&calendar(Calendar::Quarter), date(2024, 12, 31)), "2024-10-01 2025-01-01");
        assert_eq!(between(&calendar(Calendar::Year), date(2024, 12, 31)), "2024-01-01 2025-01-01");
        // 2024-03-03 is a Sunday.
        assert_eq!(between(&calendar(Calendar::Week), date(2024, 3, 3)), "2024-02-26 2024-03-04");
        assert_eq!(between(&calendar(Calendar::Week), date(2024, 3, 4)), "2024-03-04 2024-03-11");
        assert_eq!(between(&rule(Some(1), None), leap), "2024-03-01 2024-03-02");
    }

    #[test]
    fn shares_are_in_the_resolution_of_the_buckets() {
        for (share, e4) in [(0.0, 0), (0.02, 200), (0.029, 290), (0.1, 1_000), (1.0, 10_000)] {
            assert_eq!(share_e4(share), e4, "{share}");
        }
    }
}
