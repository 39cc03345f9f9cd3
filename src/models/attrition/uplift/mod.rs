//! Whom a campaign persuades: uplift models from a past campaign with a control group, and what they are worth.
//!
//! Risk is not persuadability: some leave whatever is done, some stay anyway, and some leave because they were reminded. The
//! difference between a treated customer and the same customer untreated is never seen, so a model of it can only be judged
//! on groups: those ranked first must differ more between the arms than the rest.

mod curves;
mod judge;
mod learn;
mod trial;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod planted;

pub use curves::Point;
pub use judge::{Judgement, Measured, judge};
pub use learn::{Learner, Method, Scorer, UpliftModel, booster_learner, learn};
pub use trial::{Arm, Insufficient, Needs, Trial};
