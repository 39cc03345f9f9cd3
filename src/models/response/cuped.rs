//! The difference of two means after what is known of the customers from before is taken off (CUPED).

use super::difference::{Difference, part, welch};
use super::moments::{Joint, Moments};

/// A difference whose noise was lowered by what customers did before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cuped {
    /// The difference.
    pub difference: Difference,
    /// How much of the outcome goes with one unit of the same measure before.
    pub theta: f64,
    /// Share of the variance of the plain difference that is gone; below zero when the measure before says nothing.
    pub variance_removed: f64,
}

/// One group of customers in one arm, after the adjustment.
struct Group {
    n: f64,
    mean: f64,
    centred: f64,
}

impl Group {
    fn plain(moments: &Moments) -> Group {
        Group { n: moments.n(), mean: moments.mean(), centred: moments.centred() }
    }

    fn adjusted(joint: &Joint, theta: f64, x_mean: f64) -> Group {
        Group {
            n: joint.y.n(),
            mean: joint.y.mean() - theta * (joint.x.mean() - x_mean),
            centred: joint.centred_less(theta),
        }
    }

    /// Two groups as one.
    fn and(&self, other: &Group) -> Group {
        let n = self.n + other.n;
        if n == 0.0 {
            return Group { n, mean: 0.0, centred: 0.0 };
        }
        let apart = self.mean - other.mean;
        Group {
            n,
            mean: (self.n * self.mean + other.n * other.mean) / n,
            centred: self.centred + other.centred + apart * apart * self.n * other.n / n,
        }
    }
}

/// The difference of the means of `y - theta (x - mean x)`, with `theta = Cov(x, y) / Var(x)` over both arms together.
///
/// `known` are the customers whose whole period before was observed, treated and control; `new` the outcomes of the others.
/// For them `x` is the mean, so that nothing is taken off, and they are a stratum of their own: the difference is that of
/// the strata, weighted by their customers. Where an arm has fewer than two new customers, or fewer than two known ones, the
/// strata are one.
///
/// `None` where [`welch()`] of all customers is.
///
/// # References
/// Deng, Xu, Kohavi & Walker (2013), WSDM '13, sections 3.2 and 4.3.
pub fn cuped(known: [&Joint; 2], new: [&Moments; 2], confidence: f64) -> Option<Cuped> {
    let pool = known[0].plus(known[1]);
    let spread = pool.x.centred();
    let theta = if spread > 0.0 { pool.cross() / spread } else { 0.0 };
    let old = known.map(|joint| Group::adjusted(joint, theta, pool.x.mean()));
    let fresh = new.map(Group::plain);

    let split = old.iter().chain(&fresh).all(|group| group.n >= 2.0);
    let strata = if split { vec![old, fresh] } else { vec![[0, 1].map(|arm| old[arm].and(&fresh[arm]))] };
    let all: f64 = strata.iter().flatten().map(|group| group.n).sum();
    if strata.iter().flatten().any(|group| group.n < 2.0) {
        return None;
    }
    let mut effect = 0.0;
    let mut parts = Vec::with_capacity(4);
    for [treated, control] in &strata {
        let weight = (treated.n + control.n) / all;
        effect += weight * (treated.mean - control.mean);
        parts.extend([treated, control].map(|group| part(group.centred, group.n, weight)));
    }
    let difference = Difference::student(effect, &parts, confidence)?;
    let plain = welch(&known[0].y.plus(new[0]), &known[1].y.plus(new[1]), confidence)?;
    let kept = difference.std_error / plain.std_error;
    Some(Cuped { difference, theta, variance_removed: 1.0 - kept * kept })
}
