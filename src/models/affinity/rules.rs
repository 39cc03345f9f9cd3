//! Rules "who has all of these also has that" from frequent sets, with one product on the right.
//!
//! A threshold is a ratio of whole numbers and is met by whole numbers: a confidence of 16 in 20 is 0.8
//! (`spec/affinity.md` 0.8 and 2.2: 410 rules of Groceries and not 406). A rule is redundant when a more general one,
//! with fewer products on the left and the same on the right, has the same or a higher confidence (Bayardo, Agrawal and
//! Gunopulos 2000); the most general has none on the left, and its confidence is the share of units that have the right.

use rayon::prelude::*;

use super::itemsets::{Itemsets, Level};
use super::{FalseDiscovery, PairCounts, Ratio};

/// Which rules are wanted.
#[derive(Debug, Clone, Copy)]
pub struct RuleOptions {
    /// The least confidence.
    pub min_confidence: Ratio,
    /// Whether there are rules with nothing on the left.
    pub empty_antecedent: bool,
    /// Leaves out rules with a larger q-value.
    pub max_q: Option<f64>,
    /// Leaves out redundant rules.
    pub drop_redundant: bool,
    /// How many rules there are at most.
    pub max_rules: usize,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Products on the left, ascending.
    pub antecedent: Vec<u32>,
    /// The product on the right.
    pub consequent: u32,
    /// `n_a` is of the left, `n_b` of the right.
    pub counts: PairCounts,
    /// Fisher's exact test, one-sided: that so many units or more have both by chance.
    pub p_value: f64,
    /// The same after Benjamini and Hochberg, over all rules that reach the confidence.
    pub q_value: f64,
    /// A more general rule is as confident or more.
    pub is_redundant: bool,
}

/// Rules and what became of the others: `tested` is the rules here, those dropped and those over the limit.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    /// The best first: lift above 1 before others, then log-likelihood ratio, then count; a short left before a long one.
    pub rules: Vec<Rule>,
    /// How many reach the confidence.
    pub tested: usize,
    /// How many of these are redundant.
    pub redundant: usize,
    /// How many of these have a q-value of at most `max_q`; all when there is none.
    pub significant: usize,
    /// How many `max_q` and `drop_redundant` left out.
    pub dropped: usize,
    /// How many `max_rules` left out, the worst.
    pub over_limit: usize,
}

/// A rule as a place among the sets: the set of its products and which of them is on the right.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    level: u32,
    set: u32,
    consequent: u32,
    is_redundant: bool,
    p_value: f64,
}

/// A confidence in whole numbers, the second above 0.
#[derive(Debug, Clone, Copy)]
struct Confidence(u32, u32);

impl Confidence {
    fn reaches(self, other: Confidence) -> bool {
        u64::from(self.0) * u64::from(other.1) >= u64::from(other.0) * u64::from(self.1)
    }
}

/// All rules from `itemsets` among `units` units.
pub fn rules(itemsets: &Itemsets, units: u32, options: &RuleOptions) -> RuleSet {
    let levels = itemsets.levels();
    let mut candidates = candidates(levels, units, options);
    candidates.par_iter_mut().for_each(|rule| rule.p_value = counts(levels, units, rule).fisher_greater());
    let tested = candidates.len();
    let discovery = FalseDiscovery::new(candidates.iter().map(|rule| rule.p_value).collect(), tested as u64);
    let redundant = candidates.iter().filter(|rule| rule.is_redundant).count();
    let is_significant = |rule: &Candidate| options.max_q.is_none_or(|most| discovery.q(rule.p_value) <= most);
    let significant = candidates.par_iter().filter(|rule| is_significant(rule)).count();

    candidates.retain(|rule| is_significant(rule) && !(options.drop_redundant && rule.is_redundant));
    let kept = candidates.len();
    let mut ranked: Vec<(Candidate, PairCounts, f64)> = candidates
        .into_par_iter()
        .map(|rule| {
            let counts = counts(levels, units, &rule);
            let evidence = if counts.lift_above_one() { counts.log_likelihood_ratio() } else { -1.0 };
            (rule, counts, evidence)
        })
        .collect();
    // Sets stand in order of their products, so that their places end every tie.
    ranked.par_sort_unstable_by(|(a, a_counts, a_evidence), (b, b_counts, b_evidence)| {
        let places = (a.level, a.set, a.consequent).cmp(&(b.level, b.set, b.consequent));
        b_evidence.total_cmp(a_evidence).then(b_counts.n_ab.cmp(&a_counts.n_ab)).then(places)
    });
    ranked.truncate(options.max_rules);
    let rules: Vec<Rule> = ranked
        .into_iter()
        .map(|(rule, counts, _)| {
            let set = levels[rule.level as usize].set(rule.set as usize);
            let mut antecedent = set.to_vec();
            Rule {
                consequent: antecedent.remove(rule.consequent as usize),
                antecedent,
                counts,
                p_value: rule.p_value,
                q_value: discovery.q(rule.p_value),
                is_redundant: rule.is_redundant,
            }
        })
        .collect();
    RuleSet { tested, redundant, significant, dropped: tested - kept, over_limit: kept - rules.len(), rules }
}

/// Rules that reach the confidence, and whether they are redundant. The best confidence of a rule and all that are more
/// general is handed from level to level.
fn candidates(levels: &[Level], units: u32, options: &RuleOptions) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut best_below: Vec<Confidence> = Vec::new();
    for (place, level) in levels.iter().enumerate() {
        let length = level.length;
        let found: Vec<(Confidence, Option<Candidate>)> = (0..level.products.len())
            .into_par_iter()
            .map(|at| {
                let (set, consequent) = (at / length, at % length);
                let both = level.counts[set];
                let without = |left_out: usize| level.without[set * length + left_out] as usize;
                let left = if place == 0 { units } else { levels[place - 1].counts[without(consequent)] };
                let own = Confidence(both, left);
                let general = (0..length)
                    .filter(|left_out| *left_out != consequent)
                    .map(|left_out| {
                        best_below[without(left_out) * (length - 1) + consequent - usize::from(left_out < consequent)]
                    })
                    .reduce(|a, b| if a.reaches(b) { a } else { b });
                let is_redundant = general.is_some_and(|general| general.reaches(own));
                let wanted = (place > 0 || options.empty_antecedent)
                    && options.min_confidence.is_reached_by(u64::from(both), u64::from(left));
                let rule = wanted.then_some(Candidate {
                    level: place as u32,
                    set: set as u32,
                    consequent: consequent as u32,
                    is_redundant,
                    p_value: 1.0,
                });
                (general.filter(|_| is_redundant).unwrap_or(own), rule)
            })
            .collect();
        all.extend(found.iter().filter_map(|(_, rule)| *rule));
        best_below = found.into_iter().map(|(best, _)| best).collect();
    }
    all
}

fn counts(levels: &[Level], units: u32, rule: &Candidate) -> PairCounts {
    let level = &levels[rule.level as usize];
    let (set, consequent) = (rule.set as usize, rule.consequent as usize);
    let left = match rule.level {
        0 => units,
        above => levels[above as usize - 1].counts[level.without[set * level.length + consequent] as usize],
    };
    let right = [level.set(set)[consequent]];
    let right = levels[0].position(&right).map_or(0, |place| levels[0].counts[place]);
    PairCounts {
        n_ab: u64::from(level.counts[set]),
        n_a: u64::from(left),
        n_b: u64::from(right),
        n_total: u64::from(units),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Incidence, Mining, mine};
    use super::*;

    proptest! {
        /// Against every set of products on the left of every product, counted one by one.
        #[test]
        fn they_are_all_rules_and_redundancy_is_as_defined(
            units in prop::collection::vec(1u32..128, 1..40),
            min_count in 1u32..4,
            (part, whole) in (0u64..11, 10u64..11),
            empty_antecedent in any::<bool>(),
        ) {
            let pairs = (0..).zip(&units).flat_map(|(unit, mask)| {
                (0..7).filter(move |product| mask >> product & 1 == 1).map(move |product| (unit, product))
            });
            let incidence = Incidence::from_pairs(units.len(), 7, pairs);
            let found = mine(&incidence, &Mining { min_count, max_length: None, max_sets: 1000 });
            let options = RuleOptions {
                min_confidence: Ratio::new(part, whole),
                empty_antecedent,
                max_q: None,
                drop_redundant: false,
                max_rules: 10_000,
            };
            let total = units.len() as u32;
            let all = rules(&found, total, &options);

            let count = |set: u32| units.iter().filter(|unit| **unit & set == set).count() as u64;
            let mut expected = Vec::new();
            for left in 0u32..128 {
                for right in (0..7).filter(|right| left >> right & 1 == 0) {
                    let (both, alone) = (count(left | 1 << right), count(left));
                    if both < u64::from(min_count) || both * whole < part * alone || (left == 0 && !empty_antecedent) {
                        continue;
                    }
                    let general = (0..left).filter(|general| general & left == *general);
                    let is_redundant = general
                        .into_iter()
                        .any(|general| count(general | 1 << right) * alone >= both * count(general));
                    expected.push((left, right, both, alone, is_redundant));
                }
            }
            let mut made: Vec<(u32, u32, u64, u64, bool)> = all
                .rules
                .iter()
                .map(|rule| {
                    let left = rule.antecedent.iter().map(|product| 1 << product).sum();
                    (left, rule.consequent, rule.counts.n_ab, rule.counts.n_a, rule.is_redundant)
                })
                .collect();
            made.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(made, expected);
            prop_assert_eq!((all.tested, all.dropped, all.over_limit), (all.rules.len(), 0, 0));
            for rule in &all.rules {
                prop_assert_eq!(rule.counts.n_b, count(1 << rule.consequent));
                prop_assert!((0.0..=1.0).contains(&rule.p_value) && rule.p_value <= rule.q_value * (1.0 + 1e-12) && rule.q_value <= 1.0);
            }

            let few = RuleOptions { max_q: Some(0.5), drop_redundant: true, max_rules: 3, ..options };
            let kept = rules(&found, total, &few);
            let left: Vec<Rule> =
                all.rules.into_iter().filter(|rule| rule.q_value <= 0.5 && !rule.is_redundant).collect();
            prop_assert_eq!(kept.tested, left.len() + kept.dropped);
            prop_assert_eq!(kept.over_limit, left.len().saturating_sub(3));
            prop_assert_eq!(&kept.rules[..], &left[..left.len().min(3)]);
        }
    }

    #[test]
    fn of_nothing_there_are_none() {
        let none = mine(&Incidence::from_pairs(0, 3, std::iter::empty()), &Mining::default());
        let options = RuleOptions {
            min_confidence: Ratio::new(0, 1),
            empty_antecedent: true,
            max_q: Some(0.05),
            drop_redundant: true,
            max_rules: 0,
        };
        let all = rules(&none, 0, &options);
        assert_eq!((all.rules.len(), all.tested, all.over_limit), (0, 0, 0));
        // One product in every unit: its rule is certain, and says nothing.
        let one = mine(&Incidence::from_pairs(9, 1, (0..9).map(|unit| (unit, 0))), &Mining::default());
        let all = rules(&one, 9, &RuleOptions { max_q: None, max_rules: 9, ..options });
        assert_eq!((all.rules.len(), all.rules[0].p_value, all.rules[0].is_redundant), (1, 1.0, false));
    }
}
