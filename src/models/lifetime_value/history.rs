//! Purchase histories in the sense of "buy till you die": what the likelihoods read of a customer.
//!
//! A history is `(x, t_x, T)`: repeat purchases, the time from the first to the last of all purchases, and the time from
//! the first purchase to the end of observation. **Recency here is not the recency of RFM**: it counts from the first
//! purchase forwards, and is 0 for somebody who bought once. Times are in any one unit; parameters come out in it.

use std::collections::BTreeMap;

use rayon::prelude::*;

/// What a likelihood knows of one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct History {
    /// Repeat purchases, `x`: purchases after the first.
    pub frequency: u32,
    /// Time from the first purchase to the last, `t_x`; 0 without repeat purchases.
    pub recency: f64,
    /// Time from the first purchase to the end of observation, `T`.
    pub age: f64,
    /// The sum of the natural logarithms of the times between purchases: the one further statistic that regular timing
    /// needs (Platzer and Reutterer 2016). 0 without repeat purchases.
    pub sum_ln_gaps: f64,
}

impl History {
    /// A history without its times between purchases.
    pub fn new(frequency: u32, recency: f64, age: f64) -> Self {
        History { frequency, recency, age, sum_ln_gaps: 0.0 }
    }

    /// Why no model can be right about this history, if it is impossible.
    pub fn fault(&self) -> Option<&'static str> {
        let History { frequency, recency, age, sum_ln_gaps } = *self;
        if !(recency.is_finite() && age.is_finite() && sum_ln_gaps.is_finite()) {
            Some("a time that is not a finite number")
        } else if recency < 0.0 || age < 0.0 {
            Some("a negative time")
        } else if recency > age {
            Some("the last purchase is after the end of observation")
        } else if frequency == 0 && recency > 0.0 {
            Some("time between purchases, but no repeat purchase")
        } else if frequency > 0 && recency <= 0.0 {
            Some("repeat purchases, but no time between them")
        } else {
            None
        }
    }
}

/// Distinct histories with the number of customers who have each, in the order of `(x, T, t_x)`.
///
/// Times repeat far more than histories do, so the logarithms that depend on one of them are computed once for each
/// distinct value: [`Distinct`].
#[derive(Debug, Clone)]
pub struct Histories {
    /// `x` of each distinct history.
    pub frequency: Distinct,
    /// `t_x` of each distinct history.
    pub recency: Distinct,
    /// `T` of each distinct history.
    pub age: Distinct,
    /// How many customers have it.
    pub customers: Vec<f64>,
    /// The sum of the logarithms of all times between purchases of all customers.
    pub sum_ln_gaps: f64,
}

/// A column of few distinct values.
#[derive(Debug, Clone)]
pub struct Distinct {
    /// The distinct values, rising.
    pub values: Vec<f64>,
    /// Of each row, the place of its value.
    pub at: Vec<u32>,
}

impl Distinct {
    fn new(rows: impl Iterator<Item = f64> + Clone) -> Self {
        let mut values: Vec<f64> = rows.clone().collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let place = |value: f64| values.partition_point(|other| *other < value);
        let at = rows.map(|value| u32::try_from(place(value)).unwrap_or(u32::MAX)).collect();
        Distinct { values, at }
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> f64 {
        self.values[self.at[row] as usize]
    }
}

impl Histories {
    /// The distinct ones of `histories`, which have to be possible ([`History::fault`]).
    pub fn new(histories: &[History]) -> Self {
        let counted: Vec<(History, f64)> = histories.iter().map(|history| (*history, 1.0)).collect();
        Histories::counted(&counted)
    }

    /// The distinct ones of histories with counts.
    pub fn counted(histories: &[(History, f64)]) -> Self {
        let key = |history: &History| (history.frequency, history.age.to_bits(), history.recency.to_bits());
        let mut order: Vec<usize> = (0..histories.len()).collect();
        order.sort_unstable_by_key(|row| (key(&histories[*row].0), *row));
        let mut distinct: Vec<History> = Vec::new();
        let mut customers: Vec<f64> = Vec::new();
        let mut sum_ln_gaps = 0.0;
        for row in order {
            let (history, count) = histories[row];
            sum_ln_gaps += history.sum_ln_gaps * count;
            match (distinct.last(), customers.last_mut()) {
                (Some(last), Some(customers)) if key(last) == key(&history) => *customers += count,
                _ => {
                    distinct.push(history);
                    customers.push(count);
                }
            }
        }
        Histories {
            frequency: Distinct::new(distinct.iter().map(|history| f64::from(history.frequency))),
            recency: Distinct::new(distinct.iter().map(|history| history.recency)),
            age: Distinct::new(distinct.iter().map(|history| history.age)),
            customers,
            sum_ln_gaps,
        }
    }

    /// How many distinct histories there are.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// One distinct history (without its times between purchases, which only their sum keeps).
    pub fn get(&self, row: usize) -> History {
        History::new(self.frequency.get(row) as u32, self.recency.get(row), self.age.get(row))
    }

    /// How many customers there are.
    pub fn total(&self) -> f64 {
        self.customers.iter().sum()
    }

    /// How many customers bought again.
    pub fn repeaters(&self) -> f64 {
        (0..self.len()).filter(|row| self.frequency.get(*row) > 0.0).map(|row| self.customers[row]).sum()
    }

    /// Every `step`th distinct history, where `step` leaves at most `most`: where a search may begin, not where it ends.
    pub fn thinned(&self, most: usize) -> Self {
        let step = self.len().div_ceil(most).max(1);
        let kept: Vec<(History, f64)> =
            (0..self.len()).step_by(step).map(|row| (self.get(row), self.customers[row])).collect();
        Histories::counted(&kept)
    }

    /// The same histories with other counts, one each.
    pub fn reweighted(&self, customers: Vec<f64>) -> Self {
        Histories { customers, ..self.clone() }
    }
}

/// Numbers histories for scoring: the distinct ones, and the place of each row's.
pub fn numbered(histories: &[History]) -> (Vec<History>, Vec<u32>) {
    let mut places: BTreeMap<(u32, u64, u64), u32> = BTreeMap::new();
    let mut distinct = Vec::new();
    let at = histories
        .iter()
        .map(|history| {
            let key = (history.frequency, history.age.to_bits(), history.recency.to_bits());
            *places.entry(key).or_insert_with(|| {
                distinct.push(*history);
                u32::try_from(distinct.len() - 1).unwrap_or(u32::MAX)
            })
        })
        .collect();
    (distinct, at)
}

/// Rows that one task adds up. The same for any number of threads, so that sums are too.
const CHUNK: usize = 4096;

/// The sum of `add` over chunks of rows, in their order, whatever thread did which; `gradient` is added to likewise.
pub fn add_up(
    rows: usize,
    gradient: &mut [f64],
    add: impl Fn(std::ops::Range<usize>, &mut [f64]) -> f64 + Sync,
) -> f64 {
    let chunks: Vec<_> = (0..rows.div_ceil(CHUNK)).map(|chunk| chunk * CHUNK..rows.min((chunk + 1) * CHUNK)).collect();
    add_up_tasks(&chunks, gradient, |chunk, gradient| add(chunk.clone(), gradient))
}

/// The sum of `add` over tasks, in their order, whatever thread did which; `gradient` is added to likewise.
pub fn add_up_tasks<T: Sync>(tasks: &[T], gradient: &mut [f64], add: impl Fn(&T, &mut [f64]) -> f64 + Sync) -> f64 {
    let size = gradient.len();
    let parts: Vec<(f64, Vec<f64>)> = tasks
        .par_iter()
        .map(|task| {
            let mut part = vec![0.0; size];
            let sum = add(task, &mut part);
            (sum, part)
        })
        .collect();
    let mut sum = 0.0;
    for (value, part) in parts {
        sum += value;
        gradient.iter_mut().zip(part).for_each(|(gradient, part)| *gradient += part);
    }
    sum
}
