//! When the next purchase comes: quantiles of the waiting time.
//!
//! `-ln P(no purchase within t | alive)` is, in `w = ln(1 + t / scale)`, a straight line for Poisson purchases and a smooth
//! curve for others, that begins like `w^k` when a purchase takes `k` events. So it is tabulated in the cube root of `w`,
//! once for all who share an outlook, and read between nodes by a cubic through the four nodes around: exact for the
//! straight line, and dense where heavy buyers decide.

use super::process::Outlook;

/// Nodes of a table.
const NODES: usize = 64;

/// Purchases later than this (a hundred years of 365.25 days) count as never.
pub const LATEST_DAYS: f64 = 36_525.0;

/// How long the living wait, by phase.
#[derive(Debug, Clone)]
pub struct Waiting {
    scale: f64,
    /// `w` at the last node.
    longest: f64,
    /// `-ln P(no purchase)` at each node, by phase.
    by_phase: Vec<[f64; NODES]>,
}

impl Waiting {
    /// The table of these outlooks (one a phase), up to `latest` from now.
    pub fn new(phases: &[Box<dyn Outlook>], latest: f64) -> Self {
        let scale = phases.first().map_or(1.0, |outlook| outlook.time_scale());
        let longest = (latest / scale).ln_1p();
        let table = |outlook: &dyn Outlook| {
            let mut nodes = [0.0; NODES];
            for (node, value) in nodes.iter_mut().enumerate().skip(1) {
                *value = -outlook.p_none(time(scale, longest, node as f64)).max(1e-300).ln();
            }
            nodes
        };
        Waiting { scale, longest, by_phase: phases.iter().map(|phase| table(phase.as_ref())).collect() }
    }

    /// The time by which a living customer has bought with probability `level`, when `weights` are the probabilities of
    /// the phases; none when that takes longer than the table reaches.
    pub fn quantile(&self, weights: &[f64], level: f64) -> Option<f64> {
        // In logarithms, what is looked for is close to a straight line between nodes, and one phase needs no exponential.
        let wanted = -(-level).ln_1p();
        let mixed = |at: &dyn Fn(&[f64; NODES]) -> f64| -> f64 {
            match self.by_phase.as_slice() {
                [one] => at(one),
                phases => {
                    -weights.iter().zip(phases).map(|(weight, nodes)| weight * (-at(nodes)).exp()).sum::<f64>().ln()
                }
            }
        };
        if !wanted.is_finite() || mixed(&|nodes| nodes[NODES - 1]) < wanted {
            return None;
        }
        // The first node by which it has happened.
        let (mut low, mut high) = (0, NODES - 1);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if mixed(&|nodes| nodes[middle]) < wanted { low = middle } else { high = middle }
        }
        // Between the two nodes: false position, in which an end that stays counts for half (Illinois).
        let beyond = |place: f64| mixed(&|nodes| between(nodes, place)) - wanted;
        let (mut from, mut to) = (low as f64, high as f64);
        let (mut below, mut above) = (beyond(from), beyond(to));
        let (mut place, mut last) = (to, 0.0);
        for _ in 0..60 {
            let rise = above - below;
            place = if rise > 0.0 { (to - above * (to - from) / rise).clamp(from, to) } else { from.midpoint(to) };
            let value = beyond(place);
            if value.abs() < 1e-13 * wanted || to - from < 1e-12 {
                break;
            }
            if value < 0.0 {
                (from, below) = (place, value);
                above /= if last < 0.0 { 2.0 } else { 1.0 };
            } else {
                (to, above) = (place, value);
                below /= if last > 0.0 { 2.0 } else { 1.0 };
            }
            last = value;
        }
        Some(time(self.scale, self.longest, place))
    }
}

/// The time at a place between nodes.
fn time(scale: f64, longest: f64, place: f64) -> f64 {
    scale * (longest * (place / (NODES - 1) as f64).powi(3)).exp_m1()
}

/// The cubic through the four nodes around `place`.
fn between(nodes: &[f64; NODES], place: f64) -> f64 {
    let first = (place as usize).saturating_sub(1).min(NODES - 4);
    let x = place - first as f64;
    let [a, b, c, d] = [nodes[first], nodes[first + 1], nodes[first + 2], nodes[first + 3]];
    // Newton's divided differences.
    let (ab, bc, cd) = (b - a, c - b, d - c);
    let (abc, bcd) = ((bc - ab) / 2.0, (cd - bc) / 2.0);
    let abcd = (bcd - abc) / 3.0;
    a + x * (ab + (x - 1.0) * (abc + (x - 2.0) * abcd))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::bg_nbd::BgNbd;
    use super::super::process::PurchaseModel;
    use super::*;

    /// spec/lifetime-value.md 6.4: `t_u = (alpha + T) ((1 - u)^(-1/n) - 1)`
    #[test]
    fn poisson_purchases_have_a_closed_form() {
        let process = BgNbd { regularity: 1, modified: false }.process(&[0.24, 4.4, 0.8, 2.4]);
        for (x, age) in [(0_u32, 38.9), (2, 38.9), (300, 500.0)] {
            let waiting = Waiting::new(&[process.outlook(x, age, 0)], LATEST_DAYS);
            for level in [0.1, 0.5, 0.8] {
                let n = 0.24 + f64::from(x);
                let wanted = (4.4 + age) * ((1.0 - level) as f64).powf(-1.0 / n) - (4.4 + age);
                match waiting.quantile(&[1.0], level) {
                    Some(found) => assert!((found / wanted - 1.0).abs() < 1e-7, "{x} {level}: {found} is not {wanted}"),
                    None => assert!(wanted > LATEST_DAYS),
                }
            }
        }
    }

    /// With phases, what the table says is what the mixture itself says.
    #[test]
    fn regular_purchases_agree_with_the_mixture() {
        let process = BgNbd { regularity: 3, modified: true }.process(&[0.9, 6.0, 0.8, 2.4]);
        let phases: Vec<_> = (0..3).map(|phase| process.outlook(5, 60.0, phase)).collect();
        let weights = [0.5, 0.3, 0.2];
        let waiting = Waiting::new(&phases, LATEST_DAYS);
        for level in [0.05, 0.5, 0.95] {
            let found = waiting.quantile(&weights, level).unwrap();
            let none: f64 = weights.iter().zip(&phases).map(|(weight, phase)| weight * phase.p_none(found)).sum();
            assert!((none - (1.0 - level)).abs() < 1e-5, "{level}: {none}");
        }
    }
}
