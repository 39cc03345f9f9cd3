//! Product affinity: what goes with what, what comes next, what a customer will buy again, and which new thing they will
//! want. Pure mathematics over numbered units and products: no table, file or engine is known here
//! (`spec/affinity.md`).

mod incidence;
mod kernel;
mod megabaskets;
mod fisher;
mod measures;
mod purchases;
pub mod recommend;

pub use incidence::Incidence;
pub use kernel::{Counting, ONE_UNIT, Partner, Scored, top_k};
pub use measures::PairCounts;
pub use purchases::Purchase;
mod scoring;

pub use incidence::Incidence;
pub use kernel::{Counting, Estimate, ONE_UNIT, Partner, Scored, Variant, top_k};
pub use megabaskets::{Affected, Megabaskets, Tamed, decay_weights, multiply_weights, weighted_degrees};
pub use scoring::{Contribution, Neighbours, Scoring, Winner, line_weights};
