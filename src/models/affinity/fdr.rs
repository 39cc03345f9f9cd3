//! The false discovery rate of many tests (Benjamini and Hochberg 1995).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

/// So many p-values are kept one by one (8 bytes each); of more, only the number in each step is kept ([`Steps`]).
pub(super) const KEPT: u64 = 1 << 22;

/// Memory that p-values take, of so many tests at most.
pub(super) fn bytes(tests: u64) -> u64 {
    if tests <= KEPT { 16 * tests } else { 8 * Steps::number() as u64 }
}

/// P-values as they come, from any thread.
#[derive(Debug)]
pub(super) enum PValues {
    /// Each of them.
    Kept(Mutex<Vec<f64>>),
    /// Too many to be kept.
    Counted(Steps),
}

impl PValues {
    /// For so many at most: the number decides by itself how they are kept, so that the result does not depend on the way.
    pub fn new(most: u64) -> PValues {
        if most <= KEPT { PValues::Kept(Mutex::default()) } else { PValues::Counted(Steps::new()) }
    }

    /// Adds p-values, in any order.
    pub fn extend(&self, p_values: &[f64]) {
        match self {
            PValues::Kept(kept) => kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(p_values),
            PValues::Counted(steps) => p_values.iter().for_each(|p| steps.add(*p)),
        }
    }

    /// The q-values of all that came.
    pub fn discovery(self, hypotheses: u64) -> FalseDiscovery {
        match self {
            PValues::Kept(kept) => {
                FalseDiscovery::new(kept.into_inner().unwrap_or_else(PoisonError::into_inner), hypotheses)
            }
            PValues::Counted(steps) => steps.discovery(hypotheses),
        }
    }
}

/// How many p-values are in each of steps that cover 0 to 1. A p-value counts as the upper end of its step, so that no
/// q-value is understated; down to 5e-20 the steps are of one part in 32,768, below of one in 16.
#[derive(Debug)]
pub(super) struct Steps {
    counts: Vec<AtomicU64>,
}

impl Steps {
    /// 2^-64, where the fine steps begin.
    const FINE: u64 = (1023 - 64) << 52;
    /// Bits of a number that tell nothing of its step.
    const FINE_BITS: u32 = 52 - 15;
    const COARSE_BITS: u32 = 52 - 4;
    const COARSE: usize = (Steps::FINE >> Steps::COARSE_BITS) as usize;

    fn new() -> Steps {
        Steps { counts: (0..Steps::number()).map(|_| AtomicU64::new(0)).collect() }
    }

    fn number() -> usize {
        Steps::of(1.0) + 1
    }

    /// The step of a number above 0 and up to 1; the bits of such numbers ascend as they do.
    fn of(p: f64) -> usize {
        // The upper end belongs to a step, and the lower one to the step before.
        let bits = p.to_bits().saturating_sub(1);
        if bits < Steps::FINE {
            (bits >> Steps::COARSE_BITS) as usize
        } else {
            Steps::COARSE + ((bits - Steps::FINE) >> Steps::FINE_BITS) as usize
        }
    }

    fn upper_end(step: usize) -> f64 {
        let bits = match step.checked_sub(Steps::COARSE) {
            None => (step as u64 + 1) << Steps::COARSE_BITS,
            Some(fine) => Steps::FINE + ((fine as u64 + 1) << Steps::FINE_BITS),
        };
        f64::from_bits(bits)
    }

    fn add(&self, p: f64) {
        self.counts[Steps::of(p)].fetch_add(1, Ordering::Relaxed);
    }

    fn discovery(self, hypotheses: u64) -> FalseDiscovery {
        let counts: Vec<u64> = self.counts.into_iter().map(AtomicU64::into_inner).collect();
        let tested = counts.iter().sum();
        let mut tests = tested;
        let found = counts.iter().enumerate().rev().filter(|(_, count)| **count > 0).map(|(step, count)| {
            let up_to_here = tests;
            tests -= count;
            (Steps::upper_end(step), up_to_here)
        });
        FalseDiscovery::of_steps(found, tested, hypotheses)
    }
}

/// The q-values of a list of p-values: the least rate of false discoveries at which a test's hypothesis is rejected.
///
/// Every hypothesis counts: those of which no p-value was worked out count with a p-value of 1, which is the most that
/// it can be, so that the rate is never understated.
#[derive(Debug, Clone, PartialEq)]
pub struct FalseDiscovery {
    /// Where the q-value changes, ascending: up to this p-value (and above the one before) the q-value is this.
    steps: Vec<Step>,
    hypotheses: u64,
    tested: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    p: f64,
    q: f64,
    /// Tests with a p-value as low.
    tests: u64,
}

impl FalseDiscovery {
    /// From the p-values in any order (8 bytes each while sorted) and the number of all hypotheses.
    ///
    /// # Panics
    /// When there are more p-values than hypotheses.
    pub fn new(mut p_values: Vec<f64>, hypotheses: u64) -> FalseDiscovery {
        p_values.par_sort_unstable_by(f64::total_cmp);
        let found = p_values.iter().enumerate().rev().map(|(at, p)| (*p, at as u64 + 1));
        FalseDiscovery::of_steps(found, p_values.len() as u64, hypotheses)
    }

    /// From p-values that descend, each with the number of tests that have it or a lower one.
    fn of_steps(descending: impl Iterator<Item = (f64, u64)>, tested: u64, hypotheses: u64) -> FalseDiscovery {
        assert!(tested <= hypotheses, "{tested} tests of {hypotheses} hypotheses");
        let mut steps = Vec::new();
        let mut least = 1.0;
        for (p, tests) in descending {
            // Of ties the last comes first and has the least.
            // There are no more tests than hypotheses, but a rounding could say so.
            let q = (p * hypotheses as f64 / tests as f64).max(p);
            if q < least {
                least = q;
                steps.push(Step { p, q, tests });
            }
        }
        steps.reverse();
        steps.shrink_to_fit();
        FalseDiscovery { steps, hypotheses, tested }
    }

    /// The q-value of a p-value.
    pub fn q(&self, p: f64) -> f64 {
        let at = self.steps.partition_point(|step| step.p < p);
        self.steps.get(at).map_or(1.0, |step| step.q)
    }

    /// How many hypotheses are rejected at this rate of false discoveries.
    pub fn rejected(&self, rate: f64) -> u64 {
        let at = self.steps.partition_point(|step| step.q <= rate);
        at.checked_sub(1).map_or(0, |last| self.steps[last].tests)
    }

    /// All hypotheses.
    pub fn hypotheses(&self) -> u64 {
        self.hypotheses
    }

    /// Those with a p-value.
    pub fn tested(&self) -> u64 {
        self.tested
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The q-values in the order of the p-values.
    fn q_values(p_values: &[f64], hypotheses: u64) -> Vec<f64> {
        let discovery = FalseDiscovery::new(p_values.to_vec(), hypotheses);
        p_values.iter().map(|p| discovery.q(*p)).collect()
    }

    /// The definition, slowly: the least `p m / rank` at this p-value or a higher one.
    fn by_definition(p_values: &[f64], hypotheses: u64, p: f64) -> f64 {
        p_values
            .iter()
            .filter(|other| **other >= p)
            .map(|other| {
                let rank = p_values.iter().filter(|one| *one <= other).count();
                other * hypotheses as f64 / rank as f64
            })
            .fold(1.0, f64::min)
    }

    #[test]
    fn steps_meet_each_other() {
        for p in
            [f64::MIN_POSITIVE, 1e-200, 5.4e-20, 2.0_f64.powi(-64), 5.5e-20, 1e-3, 0.5, 0.7, 1.0 - f64::EPSILON, 1.0]
        {
            let step = Steps::of(p);
            assert!(p <= Steps::upper_end(step) && (step == 0 || p > Steps::upper_end(step - 1)), "{p}");
        }
        assert_eq!(Steps::upper_end(Steps::number() - 1), 1.0);
        assert!(
            matches!(PValues::new(KEPT), PValues::Kept(_)) && matches!(PValues::new(KEPT + 1), PValues::Counted(_))
        );
    }

    /// Benjamini and Hochberg's own example (1995, section 3.3): 15 tests, 4 rejected at 0.05.
    #[test]
    fn the_paper_s_example() {
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0000,
        ];
        let discovery = FalseDiscovery::new(p_values.to_vec(), 15);
        assert_eq!(discovery.rejected(0.05), 4);
        assert!((discovery.q(0.0095) - 0.0095 * 15.0 / 4.0).abs() < 1e-15);
        assert_eq!(FalseDiscovery::new(Vec::new(), 0).rejected(0.05), 0);
    }

    proptest! {
        /// Counted in steps: never below the q-value, and above it by the width of a step at most.
        #[test]
        fn steps_round_q_values_up(
            exponents in prop::collection::vec((0.0f64..=1.0, 0u32..=4), 1..200),
            untested in 0u64..100,
        ) {
            let p_values: Vec<f64> = exponents.iter().map(|(p, power)| p.powi(1 << power).max(f64::MIN_POSITIVE)).collect();
            let hypotheses = p_values.len() as u64 + untested;
            let exact = FalseDiscovery::new(p_values.clone(), hypotheses);
            let [counted, other_way] = [0, 1].map(|turn| {
                let steps = PValues::Counted(Steps::new());
                let (first, last) = p_values.split_at(turn * p_values.len() / 2);
                steps.extend(last);
                steps.extend(first);
                steps.discovery(hypotheses)
            });
            prop_assert_eq!(&counted, &other_way);
            prop_assert_eq!(counted.tested(), p_values.len() as u64);
            for p in p_values {
                let (q, most) = (exact.q(p), if p > 1e-19 { 1.0 + 1.0 / 32_768.0 } else { 17.0 / 16.0 });
                let found = counted.q(p);
                prop_assert!(q <= found && found <= (q * most * (1.0 + 1e-12)).min(1.0), "{} for {}", found, q);
            }
        }

        #[test]
        fn q_values_are_those_of_the_definition(
            steps in prop::collection::vec(1u32..=40, 0..60),
            untested in 0u64..100,
        ) {
            // Steps of 1/40 make ties.
            let p_values: Vec<f64> = steps.iter().map(|step| f64::from(*step).powi(3) / 64_000.0).collect();
            let hypotheses = p_values.len() as u64 + untested;
            let q_values = q_values(&p_values, hypotheses);
            for (p, q) in p_values.iter().zip(&q_values) {
                let wanted = by_definition(&p_values, hypotheses, *p);
                prop_assert!((q - wanted).abs() <= 1e-12 * wanted, "{} is not {}", q, wanted);
                prop_assert!(q >= p);
            }
            for (p, q) in p_values.iter().zip(&q_values) {
                for (other_p, other_q) in p_values.iter().zip(&q_values) {
                    prop_assert!(p > other_p || q <= other_q);
                }
            }
            let discovery = FalseDiscovery::new(p_values, hypotheses);
            for rate in [0.01, 0.05, 0.5, 0.999] {
                prop_assert_eq!(discovery.rejected(rate), q_values.iter().filter(|q| **q <= rate).count() as u64);
            }
        }
    }
}
