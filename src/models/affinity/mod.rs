//! Product affinity: what goes with what, what comes next, what a customer will buy again, and which new thing they will
//! want. Pure mathematics over numbered units and products: no table, file or engine is known here
//! (`spec/affinity.md`).

mod avoidance;
mod categories;
mod fdr;
mod fisher;
mod incidence;
mod itemsets;
mod kernel;
mod level;
mod measures;
mod megabaskets;
mod pairs;
mod purchases;
mod ranking;
mod ratio;
pub mod recommend;
mod replenishment;
mod rule_id;
mod rules;
mod sequence;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod golden_groceries;
#[cfg(test)]
mod goldens;
#[cfg(test)]
mod measures_tests;
#[cfg(test)]
mod pairs_tests;

pub use avoidance::{Avoidance, Avoided, AvoidedPair, NO_CATEGORY, Substitute, substitutes};
pub use categories::{CategoryPairs, CategoryStudy, category_incidence};
pub use fdr::FalseDiscovery;
pub use incidence::Incidence;
pub use itemsets::{Itemset, Itemsets, Limits, Mining, mine};
pub use kernel::{Counting, Estimate, ONE_UNIT, Partner, Scored, Variant, top_k};
pub use level::Level;
pub use measures::PairCounts;
pub use megabaskets::{Affected, Megabaskets, Tamed, decay_weights, multiply_weights, weighted_degrees};
pub use pairs::{PairRow, PairStudy, Pairs};
pub use purchases::Purchase;
pub use ranking::RankBy;
pub use ratio::Ratio;
pub use replenishment::{Again, AgainStatus, Cycle, CycleSource, Replenishment, ReplenishmentOptions, replenishment};
pub use rule_id::rule_id;
pub use rules::{Rule, RuleOptions, RuleSet, rules};
pub use sequence::{FollowCount, Following, Sequence, SequenceOptions, Sequences, follow_counts, sequences};
