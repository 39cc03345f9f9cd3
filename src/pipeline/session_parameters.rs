//! What sessions, identity and accounts need of the pipeline file: columns of `run_params`, and rows.

use std::collections::BTreeSet;

use super::rows::Cell;
use crate::config::{Accounts, Identity, Sessions};

const MINUTE_US: i64 = 60_000_000;
const HOUR_US: i64 = 60 * MINUTE_US;
const DAY_US: i64 = 24 * HOUR_US;

/// The columns of `run_params` that `[sessions]` fills, in order.
pub fn session_params(config: &Sessions) -> Vec<Cell> {
    vec![
        (i64::from(config.gap_minutes) * MINUTE_US).into(),
        i64::from(config.min_product_views).into(),
        (i64::from(config.order_hours) * HOUR_US).into(),
        (i64::from(config.late_days) * DAY_US).into(),
        (i64::from(config.question_minutes) * MINUTE_US).into(),
        (i64::from(config.remember_days) * DAY_US).into(),
        (i64::from(config.look_back_days) * DAY_US).into(),
        (i64::from(config.recover_days) * DAY_US).into(),
        config.period_days.into(),
    ]
}

/// The columns of `run_params` that `[identity]` fills, in order.
pub fn identity_params(config: &Identity) -> Vec<Cell> {
    vec![
        config.default_country_code.as_str().into(),
        config.trunk_prefix.as_str().into(),
        config.international_prefix.as_str().into(),
        i64::from(config.max_customers_per_identifier).into(),
        i64::from(config.max_customers_per_person).into(),
        config.count_together.into(),
    ]
}

/// Rows of `decision_roles`.
pub fn decision_role_rows(accounts: &Accounts) -> Vec<Vec<Cell>> {
    let roles: BTreeSet<&str> = accounts.decision_roles.iter().map(String::as_str).collect();
    roles.into_iter().map(|role| vec![role.into()]).collect()
}
