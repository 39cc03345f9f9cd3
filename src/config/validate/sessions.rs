//! `[sessions]`: spans of time that are there, that are no slip of the keyboard, and that follow each other.

use super::super::Sessions;
use super::super::mistake::Mistakes;
use super::at_least;

/// Longer silences, waits and memories than these many days are meant otherwise.
const MOST_DAYS: u32 = 3_650;

pub(super) fn validate(sessions: &Sessions, mistakes: &mut Mistakes<'_>) {
    let path = |name: &'static str| ["sessions", name];
    let most = |mistakes: &mut Mistakes<'_>, name: &'static str, value: u32, most: u32| {
        if value > most {
            mistakes.value(&path(name), format!("`{name}` is {value}"), format!("write {most} or less"));
        }
    };
    at_least(mistakes, &path("gap_minutes"), sessions.gap_minutes.into(), 1);
    most(mistakes, "gap_minutes", sessions.gap_minutes, 24 * 60);
    at_least(mistakes, &path("min_product_views"), sessions.min_product_views.into(), 1);
    at_least(mistakes, &path("order_hours"), sessions.order_hours.into(), 1);
    most(mistakes, "order_hours", sessions.order_hours, 24 * MOST_DAYS);
    most(mistakes, "question_minutes", sessions.question_minutes, 24 * 60 * MOST_DAYS);
    for (name, days) in [
        ("late_days", sessions.late_days),
        ("remember_days", sessions.remember_days),
        ("look_back_days", sessions.look_back_days),
        ("recover_days", sessions.recover_days),
        ("period_days", sessions.period_days),
    ] {
        most(mistakes, name, days, MOST_DAYS);
    }
    at_least(mistakes, &path("recover_days"), sessions.recover_days.into(), 1);
    at_least(mistakes, &path("period_days"), sessions.period_days.into(), 1);
    if u64::from(sessions.late_days) * 24 < u64::from(sessions.order_hours) {
        mistakes.value(
            &path("late_days"),
            format!("late_days = {} ends before order_hours = {}", sessions.late_days, sessions.order_hours),
            "an order is late after `order_hours` and within `late_days`",
        );
    }
}
