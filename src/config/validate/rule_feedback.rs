//! `[rule_feedback]`: each default once, and a confidence between none and certainty.

use super::super::RuleFeedback;
use super::super::mistake::Mistakes;
use super::{at_least, each_once};

pub(super) fn validate(feedback: &RuleFeedback, mistakes: &mut Mistakes<'_>) {
    let defaults: Vec<&str> = feedback.default_rules.iter().map(String::as_str).collect();
    each_once(mistakes, &["rule_feedback", "default_rules"], &defaults);
    at_least(mistakes, &["rule_feedback", "complaint_days"], feedback.complaint_days.into(), 1);
    at_least(mistakes, &["rule_feedback", "min_shown"], feedback.min_shown.into(), 2);
    if !(0.5..1.0).contains(&feedback.confidence) {
        mistakes.value(
            &["rule_feedback", "confidence"],
            format!("{} is not a confidence", feedback.confidence),
            "write a number from 0.5 to below 1: `0.95` is wrong one time in twenty",
        );
    }
}
