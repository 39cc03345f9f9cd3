//! Product affinity: what goes with what, what comes next, what a customer will buy again, and which new thing they will
//! want. Pure mathematics over numbered units and products: no table, file or engine is known here
//! (`spec/affinity.md`).

mod incidence;
mod purchases;
mod ratio;
mod replenishment;
mod sequence;

#[cfg(test)]
mod goldens;

pub use incidence::Incidence;
pub use purchases::Purchase;
pub use ratio::Ratio;
pub use replenishment::{
    Again, AgainStatus, Cycle, CycleSource, NO_CATEGORY, Replenishment, ReplenishmentOptions, replenishment,
};
pub use sequence::{FollowCount, Following, Sequence, SequenceOptions, Sequences, follow_counts, sequences};
