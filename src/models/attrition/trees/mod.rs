//! Gradient-boosted trees for a binary outcome: histogram-based, monotone where a feature has a direction, parallel, and
//! the same to the last bit whatever the order of rows and the number of threads.
//!
//! Friedman (2001), *Annals of Statistics* 29(5); Newton steps and the regularised gain as in Chen & Guestrin (2016), KDD;
//! histograms, the subtraction of siblings and the bounds of monotone trees as in LightGBM (Ke et al. 2017, NIPS, and its
//! documentation on `monotone_constraints_method=basic`).
//!
//! Written here because no crate serves (November 2026): `lightgbm3` builds C++; `perpetual` reads the clock and the free
//! memory while it grows; `forust-ml` adds in `f32` and is not kept; `gbdt` and `nanogbm` know no directions;
//! `smartcore` has regression only and `linfa-trees` single trees; `hessboost` comes nearest, in `f32`, with seventy
//! times the code of this folder, and promises the same model for the same rows, not for another order of them.
//!
//! ```text
//! values --codes--> u8 per value --histogram--> sums per code --split--> best split --grow--> tree --boosting--> booster
//! ```

mod booster;
mod boosting;
mod codes;
mod grow;
mod histogram;
mod settings;
mod split;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod planted;

pub use booster::{Booster, Node, Split, Stopped, Tree};
pub use boosting::{Training, grow};
pub use codes::Coded;
pub use settings::{Refusal, Settings};
