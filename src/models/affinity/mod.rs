//! Product affinity: what goes with what, what comes next, what a customer will buy again, and which new thing they will
//! want. Pure mathematics over numbered units and products: no table, file or engine is known here
//! (`spec/affinity.md`).

mod incidence;
mod purchases;
mod ratio;

pub use incidence::Incidence;
pub use purchases::Purchase;
pub use ratio::Ratio;
mod sequence;

#[cfg(test)]
mod goldens;

pub use sequence::{FollowCount, Following, Sequence, SequenceOptions, Sequences, follow_counts, sequences};
