//! Curves of a ranking by uplift, and the areas under them.
//!
//! Customers are ranked by score, the largest first. Those with one score are one step: the curve goes straight from before
//! them to after them, so that no order within a tie can matter. After the first n customers, t of them treated and c in
//! control, with y_t and y_c outcomes,
//!
//! ```text
//! Qini    y_t - y_c t / c             outcomes that the treated had more than they would have had (Radcliffe 2007)
//! uplift  (y_t / t - y_c / c) n       the difference of rates, for n customers
//! ```
//!
//! where a ratio without a denominator is 0. As in scikit-uplift (`qini_curve`, `uplift_curve`).

/// Customers with one score, by arm and outcome. Counts are doubles as the bootstrap's are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Step {
    pub(super) treated: f64,
    pub(super) treated_with: f64,
    pub(super) control: f64,
    pub(super) control_with: f64,
}

impl Step {
    pub(super) fn plus(self, other: Step) -> Step {
        Step {
            treated: self.treated + other.treated,
            treated_with: self.treated_with + other.treated_with,
            control: self.control + other.control,
            control_with: self.control_with + other.control_with,
        }
    }

    pub(super) fn rows(self) -> f64 {
        self.treated + self.control
    }

    /// The part of the step that is `share` of its rows, each kind alike.
    pub(super) fn part(self, share: f64) -> Step {
        Step {
            treated: self.treated * share,
            treated_with: self.treated_with * share,
            control: self.control * share,
            control_with: self.control_with * share,
        }
    }

    /// The difference of the arms' rates. `None` when an arm is empty.
    pub(super) fn difference(self) -> Option<f64> {
        (self.treated > 0.0 && self.control > 0.0)
            .then(|| self.treated_with / self.treated - self.control_with / self.control)
    }

    fn qini(self) -> f64 {
        self.treated_with - self.control_with * ratio(self.treated, self.control)
    }

    fn uplift(self) -> f64 {
        (ratio(self.treated_with, self.treated) - ratio(self.control_with, self.control)) * self.rows()
    }
}

fn ratio(of: f64, to: f64) -> f64 {
    if to > 0.0 { of / to } else { 0.0 }
}

/// A point of the Qini curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Customers ranked first.
    pub customers: usize,
    /// Outcomes more than without treatment, among them.
    pub qini: f64,
}

/// The steps of a ranking: counts by different score, the largest first.
pub(super) fn steps(scores: &[f64], outcome: &[bool], treated: &[bool]) -> Vec<Step> {
    let mut order: Vec<u32> = (0..scores.len() as u32).collect();
    // -0 is 0.
    let score = |row: &u32| scores[*row as usize] + 0.0;
    order.sort_unstable_by(|one, other| score(other).total_cmp(&score(one)));
    let tied = order.chunk_by(|one, other| score(one) == score(other));
    tied.map(|rows| rows.iter().fold(Step::default(), |sum, row| sum.plus(of_row(*row as usize, outcome, treated))))
        .collect()
}

fn of_row(row: usize, outcome: &[bool], treated: &[bool]) -> Step {
    let with = if outcome[row] { 1.0 } else { 0.0 };
    if treated[row] {
        Step { treated: 1.0, treated_with: with, ..Step::default() }
    } else {
        Step { control: 1.0, control_with: with, ..Step::default() }
    }
}

/// The sums after each step.
fn sums(steps: &[Step]) -> impl Iterator<Item = Step> {
    steps.iter().scan(Step::default(), |sum, step| {
        *sum = sum.plus(*step);
        Some(*sum)
    })
}

/// The same ranking in at most `most` steps, of about as many customers each.
pub(super) fn coarse(steps: &[Step], most: usize) -> Vec<Step> {
    if steps.len() <= most {
        return steps.to_vec();
    }
    let customers: f64 = steps.iter().map(|step| step.rows()).sum();
    let with_sums: Vec<(Step, Step)> = steps.iter().copied().zip(sums(steps)).collect();
    // The part of the ranking in which the last customer of a step is.
    let part = |sum: Step| (sum.rows() / customers * most as f64).ceil();
    let parts = with_sums.chunk_by(|one, other| part(one.1) == part(other.1));
    parts.map(|steps| steps.iter().fold(Step::default(), |sum, (step, _)| sum.plus(*step))).collect()
}

/// The area between a curve and the straight line to its end.
fn area_above_line(steps: &[Step], height: fn(Step) -> f64) -> f64 {
    let (mut area, mut before, mut last) = (0.0, Step::default(), 0.0);
    for sum in sums(steps) {
        let now = height(sum);
        area += (sum.rows() - before.rows()) * (last + now) / 2.0;
        (before, last) = (sum, now);
    }
    area - before.rows() * last / 2.0
}

/// The area of a ranking as a share of that of the best there could have been: 1 is perfect, 0 is chance, below 0 is worse.
/// `None` where the best is no better than chance.
fn share_of_best(steps: &[Step], best: &[Step], height: fn(Step) -> f64) -> Option<f64> {
    let best = area_above_line(best, height);
    (best > 0.0).then(|| area_above_line(steps, height) / best)
}

/// The Qini coefficient, `qini_auc_score` of scikit-uplift. The best ranking has the treated with the outcome first, then
/// all without it, then those in control with it.
pub(super) fn qini(steps: &[Step]) -> Option<f64> {
    let all = steps.iter().fold(Step::default(), |sum, step| sum.plus(*step));
    let best = [
        Step { treated: all.treated_with, treated_with: all.treated_with, ..Step::default() },
        Step { treated: all.treated - all.treated_with, control: all.control - all.control_with, ..Step::default() },
        Step { control: all.control_with, control_with: all.control_with, ..Step::default() },
    ];
    share_of_best(steps, &best, Step::qini)
}

/// The area under the uplift curve, `uplift_auc_score` of scikit-uplift. In the best ranking (Devriendt et al. 2020,
/// arXiv:2002.05897) the treated with the outcome and those in control without it come before the rest; which of each pair
/// is first depends on whether more in control have the outcome than treated do not.
pub(super) fn uplift(steps: &[Step]) -> Option<f64> {
    let all = steps.iter().fold(Step::default(), |sum, step| sum.plus(*step));
    let treated_with = Step { treated: all.treated_with, treated_with: all.treated_with, ..Step::default() };
    let treated_without = Step { treated: all.treated - all.treated_with, ..Step::default() };
    let control_with = Step { control: all.control_with, control_with: all.control_with, ..Step::default() };
    let control_without = Step { control: all.control - all.control_with, ..Step::default() };
    let rest = if control_with.control > treated_without.treated {
        [control_with, treated_without]
    } else {
        [treated_without, control_with]
    };
    share_of_best(steps, &[treated_with, control_without, rest[0], rest[1]], Step::uplift)
}

/// The difference of the arms' rates among the first `customers`. A tie that the border cuts gives its mean, the same rule
/// as that of lift.
pub(super) fn difference_among_first(steps: &[Step], customers: f64) -> Option<f64> {
    let mut first = Step::default();
    for step in steps {
        let room = customers - first.rows();
        if room <= 0.0 {
            break;
        }
        first = first.plus(if step.rows() > room { step.part(room / step.rows()) } else { *step });
    }
    first.difference()
}

/// At most 101 points of the Qini curve, evenly spread over its steps, the first at (0, 0) and the last at its end.
pub(super) fn points(steps: &[Step]) -> Vec<Point> {
    let sums: Vec<Step> = std::iter::once(Step::default()).chain(sums(steps)).collect();
    let last = sums.len() - 1;
    let parts = last.clamp(1, 100);
    let at = |part: usize| sums[part * last / parts];
    (0..=parts).map(at).map(|sum| Point { customers: sum.rows() as usize, qini: sum.qini() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_steps_are_the_same_ranking() {
        let fine: Vec<Step> = (0..1_000)
            .map(|place| match place % 3 {
                0 => Step { treated: 1.0, treated_with: 1.0, ..Step::default() },
                1 => Step { control: 1.0, control_with: f64::from(u8::from(place > 700)), ..Step::default() },
                _ => Step { treated: 1.0, control: 40.0, ..Step::default() },
            })
            .collect();
        let few = coarse(&fine, 50);
        assert!(few.len() <= 50 && few.len() > 45);
        assert_eq!(sums(&few).last(), sums(&fine).last());
        let ends: Vec<f64> = sums(&fine).map(Step::rows).collect();
        assert!(sums(&few).all(|sum| ends.contains(&sum.rows())));
        assert_eq!(coarse(&fine, 1_000), fine);
    }
}
