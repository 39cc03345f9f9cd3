//! What a campaign changed: the difference between those it was sent to and those it was kept from, with the interval that
//! says how much of it may be chance (`spec/definitions.md` 3.14).
//!
//! Mathematics only. Outcomes are whole numbers (0 or 1, counts, money in ten-thousandths), and their sums, squares and
//! products are exact ([`Moments`], [`Joint`]): no difference between arms is lost to rounding, and no order of rows changes
//! a digit. From the sums come [`welch()`] for means, [`newcombe()`] for shares, [`cuped()`] for means that allow for what a
//! customer was like before, [`ratio()`] for quotients of sums, [`matched()`] where nobody was kept out at random; and
//! [`AlwaysValid`], an interval that may be looked at every night. [`Cap`] tames the largest values, and
//! [`sample_ratio()`] asks whether the arms are as large as they were meant to be.

mod always_valid;
mod cuped;
mod difference;
mod distributions;
#[cfg(test)]
mod goldens;
mod matched;
mod moments;
mod newcombe;
mod ratio;
mod sample_ratio;
#[cfg(test)]
mod simulated;
mod trend;
mod winsor;

pub use always_valid::{AlwaysValid, Mixture};
pub use cuped::{Cuped, cuped};
pub use difference::{Difference, Interval, Lift, lift, welch};
pub use matched::{Matched, matched};
pub use moments::{Joint, Moments};
pub use newcombe::{newcombe, wilson};
pub use ratio::ratio;
pub use sample_ratio::{SampleRatio, sample_ratio};
pub use trend::{Trend, trend};
pub use winsor::Cap;
