//! What comes next: B within so many days after A, counted in customers, with the way back and two tests
//! (`spec/affinity.md` 2.7 and 7.5).
//!
//! A customer follows A with B when a purchase of A is followed by one of B after more than 0 and at most `window_days`
//! days; how often does not matter. The same is counted for B before A.
//!
//! # Direction
//! A customer may do both: A, then B, then A again. Such a customer speaks for neither direction, so the test is
//! McNemar's, exact and two-sided: of the customers with exactly one of the two directions, half are expected to have
//! each (McNemar 1947; the exact form is the sign test).
//!
//! # More than by chance
//! The base rate answers: how many customers of A would buy B in the days after, were each basket that they fill there
//! like the baskets of others? Lines are sorted into cells: the calendar period, how much their customer had bought in
//! the window before, and the size of the day's basket. `s` is B's share of the lines other than A's, averaged over the
//! cells with the weight that the windows of A have in each. A customer with `m` baskets of `n` other lines on average in
//! the windows after A then buys B with chance `1 - (1 - n s)^m`. So busy customers, large baskets, popular products, a
//! season, windows that reach beyond the data, and what follows any purchase at all are accounted for; and a taste that
//! only some customers have makes the test stricter (the chance is concave in `s`).
//!
//! The number of customers is then a sum of unequal chances, whose upper tail above the mean is at most that of the
//! binomial with the same mean (Hoeffding 1956), which is what the p-value is. The q-value is Benjamini and Hochberg's
//! over all ordered pairs of eligible products; those below the minimum count and those with a lift of 1 or less stand
//! with p = 1, which can only raise it.
//!
//! # References
//! McNemar (1947), Psychometrika 12, 153-157; Hoeffding (1956), Ann. Math. Stat. 27, 713-721; Benjamini & Hochberg
//! (1995), JRSS B 57, 289-300.

mod counting;
mod significance;
mod timeline;

#[cfg(test)]
mod goldens;
#[cfg(test)]
mod planted;

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::purchases::{Purchase, distinct};
use counting::Scratch;
use significance::{Exposure, PValues, log_likelihood_ratio, mcnemar, upper_tail};
use timeline::Timeline;

/// Which purchases count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Following {
    /// Any purchase of A, then any of B.
    #[default]
    AnyToAny,
    /// A customer's first purchase of A in the period, then their first of B.
    FirstToFirst,
}

impl Following {
    /// As written in tables and options.
    pub fn name(self) -> &'static str {
        match self {
            Following::AnyToAny => "any",
            Following::FirstToFirst => "first",
        }
    }

    /// By name.
    pub fn parse(name: &str) -> Option<Self> {
        [Following::AnyToAny, Following::FirstToFirst].into_iter().find(|following| following.name() == name)
    }
}

/// What to count and keep.
#[derive(Debug, Clone, Copy)]
pub struct SequenceOptions<'a> {
    /// B follows after at most this many days, and at least one.
    pub window_days: u32,
    /// Which purchases count.
    pub following: Following,
    /// First day that counts.
    pub from_day: Option<i32>,
    /// Last day that counts.
    pub until_day: Option<i32>,
    /// Products of fewer customers, and pairs of fewer, are left out.
    pub min_count: u32,
    /// Rows kept of each A.
    pub top: usize,
    /// Per product the group of its variants: products of one group are never paired.
    pub groups: Option<&'a [u32]>,
    /// Customers with more lines than this are left out and counted.
    pub max_lines_per_customer: Option<usize>,
}

impl Default for SequenceOptions<'_> {
    fn default() -> Self {
        SequenceOptions {
            window_days: 30,
            following: Following::AnyToAny,
            from_day: None,
            until_day: None,
            min_count: 5,
            top: 20,
            groups: None,
            max_lines_per_customer: None,
        }
    }
}

impl SequenceOptions<'_> {
    fn pairs(&self, a: u32, b: u32) -> bool {
        self.groups.is_none_or(|groups| groups[a as usize] != groups[b as usize])
    }
}

/// One ordered pair. Counts are customers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sequence {
    /// What is bought first.
    pub product_a: u32,
    /// What follows.
    pub product_b: u32,
    /// Place among the rows of `product_a`, from 1.
    pub rank: u32,
    /// Who bought A.
    pub customers_a: u64,
    /// Who bought B.
    pub customers_b: u64,
    /// Who followed A with B.
    pub customers_ab: u64,
    /// Who followed B with A.
    pub customers_ba: u64,
    /// Who did both.
    pub customers_both: u64,
    /// `customers_ab / customers_a`.
    pub rate: f64,
    /// What the rate would be by chance (see the head of this file).
    pub base_rate: f64,
    /// `rate / base_rate`, above 1.
    pub lift: f64,
    /// Log-likelihood ratio of the rate against the base rate: what rows are ranked by.
    pub score: f64,
    /// McNemar's exact two-sided test of the direction.
    pub asymmetry_p: f64,
    /// Chance of at least so many customers at the base rate.
    pub p_value: f64,
    /// Benjamini and Hochberg's q-value of `p_value`, at most a thousandth too large.
    pub q_value: f64,
    /// Median over customers of the days from A to the first B that follows one; when several purchases of A have that B
    /// in their window, from the earliest.
    pub median_gap_days: f64,
}

/// The rows, by `product_a` and `rank`, and what they were chosen from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequences {
    /// At most `top` for each A, all with a lift above 1.
    pub rows: Vec<Sequence>,
    /// Customers with a purchase in the period.
    pub customers: u64,
    /// Customers with too many lines, who are in no count.
    pub customers_left_out: u64,
    /// Products of at least `min_count` customers.
    pub products_eligible: u64,
    /// Ordered pairs of them that are not variants of each other: the tests made.
    pub tests: u64,
    /// Of these, pairs of at least `min_count` customers.
    pub pairs_counted: u64,
}

/// How many customers do what, for one ordered pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowCount {
    /// A.
    pub product_a: u32,
    /// B.
    pub product_b: u32,
    /// Customers who followed A with B.
    pub ab: u32,
    /// Customers who followed B with A.
    pub ba: u32,
    /// Customers who did both.
    pub both: u32,
}

/// Every ordered pair with a customer who followed the one with the other, by product: all of them are held, so this is
/// for few products. `min_count` and `top` do not matter.
///
/// # Panics
/// When a product is not below `products`, or there are 2^32 purchases or more.
pub fn follow_counts(purchases: &[Purchase], products: usize, options: &SequenceOptions<'_>) -> Vec<FollowCount> {
    let timeline = Timeline::new(&distinct(purchases), products, options);
    let counts: Vec<Vec<FollowCount>> = (0..products)
        .into_par_iter()
        .map_init(
            || Scratch::new(products),
            |scratch, a| {
                scratch.count(&timeline, a as u32, options.window_days, None);
                let mut found: Vec<FollowCount> = scratch
                    .found(a as u32)
                    .filter(|pair| pair.ab > 0 && options.pairs(a as u32, pair.product_b))
                    .collect();
                found.sort_unstable_by_key(|pair| pair.product_b);
                scratch.clear();
                found
            },
        )
        .collect();
    counts.concat()
}

/// What follows each product: the `top` products with a lift above 1 by log-likelihood ratio.
///
/// Memory is `lines + products * (threads + cells)`, never the pairs. Integers only are added up between customers and
/// threads, so the result is the same bytes for any number of threads.
///
/// # Panics
/// When a product is not below `products`, or there are 2^32 purchases or more.
pub fn sequences(purchases: &[Purchase], products: usize, options: &SequenceOptions<'_>) -> Sequences {
    let timeline = Timeline::new(&distinct(purchases), products, options);
    let min_count = options.min_count.max(1);
    let customers_of: Vec<u32> = (0..products).map(|product| timeline.customers_of(product as u32)).collect();
    let eligible: Vec<bool> = customers_of.iter().map(|&customers| customers >= min_count).collect();
    let products_eligible = eligible.iter().filter(|&&is| is).count() as u64;
    let tests = ordered_pairs(&eligible, options.groups);
    let p_values = PValues::new();
    let pairs_counted = AtomicU64::new(0);
    let found: Vec<Vec<Sequence>> = (0..products)
        .into_par_iter()
        .map_init(
            || (Scratch::new(products), Exposure::new(&timeline)),
            |(scratch, exposure), a| {
                if !eligible[a] {
                    return Vec::new();
                }
                let a = a as u32;
                exposure.clear();
                scratch.count(&timeline, a, options.window_days, Some(exposure));
                exposure.finish(&timeline, a);
                let customers_a = u64::from(customers_of[a as usize]);
                let mut rows = Vec::new();
                for pair in scratch.found(a) {
                    let b = pair.product_b;
                    if pair.ab < min_count || !eligible[b as usize] || !options.pairs(a, b) {
                        continue;
                    }
                    pairs_counted.fetch_add(1, Ordering::Relaxed);
                    let row = tested(
                        &pair,
                        customers_a,
                        u64::from(customers_of[b as usize]),
                        exposure.expected(&timeline, b),
                    );
                    if row.lift > 1.0 {
                        p_values.add(row.p_value);
                        rows.push(row);
                    }
                }
                scratch.clear();
                keep_best(&mut rows, options.top);
                let wanted: Vec<u32> = rows.iter().map(|row| row.product_b).collect();
                let medians = scratch.median_gaps(&timeline, a, options.window_days, &wanted);
                for (row, median) in rows.iter_mut().zip(medians) {
                    row.median_gap_days = median;
                }
                rows
            },
        )
        .collect();
    let q_values = p_values.q_values(tests);
    let mut rows = found.concat();
    for row in &mut rows {
        row.q_value = q_values.of(row.p_value);
    }
    Sequences {
        rows,
        customers: timeline.customers,
        customers_left_out: timeline.left_out,
        products_eligible,
        tests,
        pairs_counted: pairs_counted.into_inner(),
    }
}

/// Ordered pairs of eligible products of different groups.
fn ordered_pairs(eligible: &[bool], groups: Option<&[u32]>) -> u64 {
    let ordered = |of: u64| of * of.saturating_sub(1);
    let all = ordered(eligible.iter().filter(|&&is| is).count() as u64);
    let Some(groups) = groups else { return all };
    let mut members: Vec<u32> = eligible.iter().zip(groups).filter(|(is, _)| **is).map(|(_, group)| *group).collect();
    members.sort_unstable();
    all - members.chunk_by(|a, b| a == b).map(|group| ordered(group.len() as u64)).sum::<u64>()
}

fn tested(pair: &FollowCount, customers_a: u64, customers_b: u64, expected: f64) -> Sequence {
    let (ab, both) = (u64::from(pair.ab), u64::from(pair.both));
    Sequence {
        product_a: pair.product_a,
        product_b: pair.product_b,
        rank: 0,
        customers_a,
        customers_b,
        customers_ab: ab,
        customers_ba: u64::from(pair.ba),
        customers_both: both,
        rate: ab as f64 / customers_a as f64,
        base_rate: expected / customers_a as f64,
        lift: ab as f64 / expected,
        score: log_likelihood_ratio(ab, customers_a, expected),
        asymmetry_p: mcnemar(ab - both, u64::from(pair.ba) - both),
        p_value: upper_tail(ab, customers_a, expected / customers_a as f64),
        q_value: 1.0,
        median_gap_days: 0.0,
    }
}

/// Highest score first; of equal ones more customers, then the lower number.
fn keep_best(rows: &mut Vec<Sequence>, top: usize) {
    rows.sort_unstable_by(|one, other| {
        let by_score = other.score.total_cmp(&one.score);
        by_score.then(other.customers_ab.cmp(&one.customers_ab)).then(one.product_b.cmp(&other.product_b))
    });
    rows.truncate(top);
    for (index, row) in rows.iter_mut().enumerate() {
        row.rank = index as u32 + 1;
    }
}
