//! What a score is worth: how often products with such a score were bought in the days held back.

use super::Options;

/// The fewest listed products that one step of a curve rests on.
const LEAST_ROWS: u64 = 200;
/// The fewest listed products and the fewest of them bought that a group of customers needs for a curve of its own.
const LEAST_IN_BAND: (u64, u64) = (1_000, 20);

/// One product in one customer's list of the back-test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    pub score: f64,
    /// Days from the customer's last purchase to the cut.
    pub idle_days: u32,
    pub was_bought: bool,
}

/// Probability of a purchase within the horizon by score: never falling, from isotonic regression (pool adjacent
/// violators), in steps of at least 200 listed products, each `(bought + 1/2) / (listed + 1)`, so never 0 or 1. Customers
/// who bought within one horizon before, within three, and longer ago have a curve each where there are enough.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    horizon_days: u32,
    /// Steps of each group of customers, and of all.
    bands: [Vec<Step>; BANDS + 1],
    /// The scores at each hundredth.
    hundredths: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    from: f64,
    probability: f64,
}

/// Groups of customers by when they last bought.
pub(super) const BANDS: usize = 3;
/// The place of all customers among the bands.
const EVERYONE: usize = BANDS;

impl Curve {
    /// From the lists of the back-test, in any order. All customers with a history belong in it, whether they came back or
    /// not: the curve would promise too much otherwise.
    pub(super) fn fit(mut seen: Vec<Seen>, options: &Options) -> Curve {
        let horizon_days = options.holdout_days;
        seen.sort_unstable_by(|a, b| a.score.total_cmp(&b.score));
        let mut curve = Curve { horizon_days, ..Curve::default() };
        if seen.is_empty() {
            return curve;
        }
        curve.hundredths = (0..100).map(|part| seen[part * seen.len() / 100].score).collect();
        curve.bands[EVERYONE] = steps(seen.iter());
        for band in 0..EVERYONE {
            let own = seen.iter().filter(|row| band_of(row.idle_days, horizon_days) == band);
            let listed = own.clone().count() as u64;
            let bought = own.clone().filter(|row| row.was_bought).count() as u64;
            if listed >= LEAST_IN_BAND.0 && bought >= LEAST_IN_BAND.1 {
                curve.bands[band] = steps(own);
            }
        }
        curve
    }

    /// The probability that a customer buys a product of this score within the horizon. None without a back-test.
    pub fn probability(&self, score: f64, idle_days: u32) -> Option<f64> {
        let steps = self.steps(self.band(idle_days));
        let at = steps.partition_point(|step| step.from <= score);
        // Below everything that was seen, the lowest step is the best that is known.
        steps.get(at.saturating_sub(1)).map(|step| step.probability)
    }

    /// Which group a customer is of.
    pub(super) fn band(&self, idle_days: u32) -> usize {
        band_of(idle_days, self.horizon_days)
    }

    fn steps(&self, band: usize) -> &[Step] {
        let own = &self.bands[band];
        if own.is_empty() { &self.bands[EVERYONE] } else { own }
    }

    /// The lowest score that a group's customers need for a purchase to be likelier, or as likely with a score of `score`.
    pub(super) fn least(&self, band: usize, probability: f64, score: f64) -> f64 {
        let steps = self.steps(band);
        if steps.is_empty() {
            return score;
        }
        let at = steps.partition_point(|step| step.probability < probability);
        let Some(step) = steps.get(at) else { return f64::INFINITY };
        // Below everything that was seen, the lowest step is the best that is known.
        let from = if at == 0 { f64::NEG_INFINITY } else { step.from };
        if step.probability > probability {
            return from;
        }
        let likelier = steps.get(at + 1).map_or(f64::INFINITY, |step| step.from);
        from.max(score).min(likelier)
    }

    /// The score from 0 to 100: how many hundredths of the scores in the back-test's lists are at or below it.
    pub fn hundredth(&self, score: f64) -> Option<u8> {
        if self.hundredths.is_empty() {
            return None;
        }
        u8::try_from(self.hundredths.partition_point(|other| *other <= score)).ok()
    }
}

fn band_of(idle_days: u32, horizon_days: u32) -> usize {
    match idle_days / horizon_days.max(1) {
        0 => 0,
        1 | 2 => 1,
        _ => 2,
    }
}

/// Pools rows of ascending score: first equal scores, then to the least number of rows, then what falls.
fn steps<'a>(rows: impl Iterator<Item = &'a Seen>) -> Vec<Step> {
    let mut pools: Vec<(f64, u64, u64)> = Vec::new();
    let mut last = f64::NAN;
    for row in rows {
        let bought = u64::from(row.was_bought);
        match pools.last_mut() {
            Some(pool) if row.score == last || pool.1 < LEAST_ROWS => {
                pool.1 += 1;
                pool.2 += bought;
            }
            _ => pools.push((row.score, 1, bought)),
        }
        last = row.score;
    }
    // The last may have too few: the one before takes them.
    if let [.., before, last] = pools.as_mut_slice()
        && last.1 < LEAST_ROWS
    {
        before.1 += last.1;
        before.2 += last.2;
        pools.pop();
    }
    let value = |pool: &(f64, u64, u64)| (pool.2 as f64 + 0.5) / (pool.1 as f64 + 1.0);
    let mut pooled: Vec<(f64, u64, u64)> = Vec::with_capacity(pools.len());
    for mut pool in pools {
        while let Some(before) = pooled.last() {
            if value(before) < value(&pool) {
                break;
            }
            pool = (before.0, before.1 + pool.1, before.2 + pool.2);
            pooled.pop();
        }
        pooled.push(pool);
    }
    pooled.iter().map(|pool| Step { from: pool.0, probability: value(pool) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(groups: &[(f64, usize, usize)], idle_days: u32) -> Vec<Seen> {
        let group = |(score, listed, bought): &(f64, usize, usize)| {
            let (score, bought) = (*score, *bought);
            (0..*listed).map(move |at| Seen { score, idle_days, was_bought: at < bought })
        };
        groups.iter().flat_map(group).collect()
    }

    #[test]
    fn pools_what_falls_and_never_promises_or_excludes() {
        let options = Options { holdout_days: 28, ..Options::default() };
        let seen = rows(&[(1.0, 400, 0), (2.0, 400, 80), (3.0, 400, 40), (4.0, 300, 300)], 5);
        let curve = Curve::fit(seen, &options);
        assert_eq!(curve.probability(1.0, 5), Some(0.5 / 401.0));
        assert_eq!(curve.probability(2.0, 5), Some(120.5 / 801.0));
        assert_eq!(curve.probability(3.9, 5), curve.probability(2.0, 5));
        assert_eq!(curve.probability(9.0, 5), Some(300.5 / 301.0));
        assert_eq!(curve.probability(-1.0, 5), curve.probability(1.0, 5));
        assert_eq!(curve.hundredth(0.5), Some(0));
        assert_eq!(curve.hundredth(4.0), Some(100));
        assert_eq!(Curve::fit(Vec::new(), &options).probability(1.0, 0), None);
    }

    #[test]
    fn who_is_below_the_least_score_is_less_likely() {
        let options = Options { holdout_days: 28, ..Options::default() };
        let mut seen = rows(&[(1.0, 400, 0), (2.0, 400, 40), (3.0, 400, 200)], 5);
        seen.extend(rows(&[(1.0, 600, 300), (4.0, 600, 310), (5.0, 600, 500)], 50));
        let curve = Curve::fit(seen, &options);
        let scores = || (0..12).map(|half| f64::from(half) / 2.0);
        for (bar_idle, idle) in [(5, 5), (5, 50), (50, 5), (50, 50), (90, 50)] {
            for bar in scores() {
                let probability = curve.probability(bar, bar_idle).unwrap();
                let least = curve.least(curve.band(idle), probability, bar);
                for score in scores() {
                    let mine = curve.probability(score, idle).unwrap();
                    let comes_in = mine > probability || mine == probability && score >= bar;
                    assert_eq!(score >= least, comes_in, "{score} after {idle} days for {bar} after {bar_idle}");
                }
            }
        }
        assert_eq!(Curve::default().least(0, 0.0, 7.0), 7.0);
    }

    #[test]
    fn customers_long_gone_have_a_curve_of_their_own() {
        let options = Options { holdout_days: 28, ..Options::default() };
        let mut seen = rows(&[(1.0, 1_000, 200)], 3);
        seen.extend(rows(&[(1.0, 1_000, 20)], 300));
        seen.extend(rows(&[(1.0, 100, 50)], 40));
        let curve = Curve::fit(seen, &options);
        assert_eq!(curve.probability(1.0, 27), Some(200.5 / 1_001.0));
        assert_eq!(curve.probability(1.0, 84), Some(20.5 / 1_001.0));
        // Too few in between: as all customers.
        assert_eq!(curve.probability(1.0, 28), Some(270.5 / 2_101.0));
    }
}
