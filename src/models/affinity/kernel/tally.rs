//! What is summed for a pair: how many units, and what they weigh.

use super::ONE_UNIT;
use super::layout::Id;

/// Sums for one pair. Integers: their order does not matter.
pub trait Tally: Copy + Default + Send + Sync {
    /// Whether units have weights.
    const WEIGHTED: bool;
    /// What the unit weighs whose row begins at `start`.
    fn weight_of<T: Id>(rows: &[T], start: usize) -> u32;
    /// Adds a unit of that weight.
    fn add(&mut self, weight: u32);
    /// Units.
    fn count(&self) -> u32;
    /// What they weigh, in 1/65,536.
    fn weight(&self) -> u64;
}

/// Units that weigh 1 each.
impl Tally for u32 {
    const WEIGHTED: bool = false;

    fn weight_of<T: Id>(_: &[T], _: usize) -> u32 {
        ONE_UNIT
    }

    fn add(&mut self, _: u32) {
        // There are no more units than a u32 can number.
        *self = self.wrapping_add(1);
    }

    fn count(&self) -> u32 {
        *self
    }

    fn weight(&self) -> u64 {
        u64::from(*self) * u64::from(ONE_UNIT)
    }
}

/// Units with weights.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weighed {
    weight: u64,
    count: u32,
}

impl Tally for Weighed {
    const WEIGHTED: bool = true;

    fn weight_of<T: Id>(rows: &[T], start: usize) -> u32 {
        T::weight(rows, start)
    }

    fn add(&mut self, weight: u32) {
        // 2^32 units of 2^16 are 2^48.
        self.weight = self.weight.wrapping_add(u64::from(weight));
        self.count = self.count.wrapping_add(1);
    }

    fn count(&self) -> u32 {
        self.count
    }

    fn weight(&self) -> u64 {
        self.weight
    }
}
