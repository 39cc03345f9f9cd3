//! A comparison where nobody was kept out at random: with those who were not contacted and were alike before.

use super::difference::{Difference, part};
use super::moments::{Joint, Moments};

/// A difference between the contacted and others who were like them. It is observational: what they were not alike in, and
/// why they were chosen, is still in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched {
    /// The difference, weighted by the contacted of each stratum.
    pub difference: Difference,
    /// Mean of the contacted who were matched.
    pub mean_treated: f64,
    /// What their mean would be without the campaign, as far as the others tell.
    pub mean_control: f64,
    /// How much of the outcome goes with one unit of the measure before, within strata.
    pub theta: f64,
    /// Contacted customers in strata with somebody to compare with.
    pub treated: f64,
    /// Others in these strata.
    pub control: f64,
    /// Contacted customers without anybody like them: left out.
    pub unmatched: f64,
}

/// The effect on the contacted from strata of contacted and others: in each the difference of the means of `y`, after what
/// goes with `x` within strata is taken off, so that what is left of a difference before does not count. A stratum counts when
/// it has two of each.
///
/// `None` when no stratum does, or when nothing varies.
///
/// # References
/// Imbens & Rubin (2015), Causal Inference, sections 17.5 and 17.6: subclasses with adjustment, weighted by the treated.
pub fn matched(strata: &[[Joint; 2]], confidence: f64) -> Option<Matched> {
    let n = |group: &Joint| group.y.n();
    let used: Vec<&[Joint; 2]> = strata.iter().filter(|stratum| stratum.iter().all(|group| n(group) >= 2.0)).collect();
    let treated: f64 = used.iter().map(|[contacted, _]| n(contacted)).sum();
    let asked: f64 = strata.iter().map(|[contacted, _]| n(contacted)).sum();

    let within = |sum: fn(&Joint) -> f64| -> f64 { used.iter().flat_map(|stratum| stratum.iter().map(sum)).sum() };
    let spread = within(|group| group.x.centred());
    let theta = if spread > 0.0 { within(Joint::cross) / spread } else { 0.0 };

    let (mut mean_treated, mut mean_control, mut control) = (0.0, 0.0, 0.0);
    let mut parts = Vec::with_capacity(2 * used.len());
    for [contacted, others] in used {
        let weight = n(contacted) / treated;
        let apart = gap(&contacted.x, &others.x);
        mean_treated += weight * contacted.y.mean();
        mean_control += weight * (others.y.mean() + theta * apart);
        control += n(others);
        parts.extend([contacted, others].map(|group| part(group.centred_less(theta), n(group), weight)));
    }
    let difference = Difference::student(mean_treated - mean_control, &parts, confidence)?;
    Some(Matched { difference, mean_treated, mean_control, theta, treated, control, unmatched: asked - treated })
}

fn gap(one: &Moments, other: &Moments) -> f64 {
    one.mean() - other.mean()
}
