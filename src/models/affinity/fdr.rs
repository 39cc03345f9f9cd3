//! The false discovery rate of many tests (Benjamini and Hochberg 1995).

use rayon::prelude::*;

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
        let tested = p_values.len() as u64;
        assert!(tested <= hypotheses, "{tested} tests of {hypotheses} hypotheses");
        p_values.par_sort_unstable_by(f64::total_cmp);
        let mut steps = Vec::new();
        let mut least = 1.0;
        for (at, p) in p_values.iter().enumerate().rev() {
            let tests = at as u64 + 1;
            // Of ties the last comes first and has the least.
            let q = p * hypotheses as f64 / tests as f64;
            if q < least {
                least = q;
                steps.push(Step { p: *p, q, tests });
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

/// The q-values in the order of the p-values.
pub fn q_values(p_values: &[f64], hypotheses: u64) -> Vec<f64> {
    let discovery = FalseDiscovery::new(p_values.to_vec(), hypotheses);
    p_values.iter().map(|p| discovery.q(*p)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
