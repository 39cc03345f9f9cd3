//! Pairs of a basket file: counted, tested, ranked, as rows of `affinity_ptp`.

use std::cmp::Ordering;
use std::time::Instant;

use super::{Source, Units, counted, finished, note, on_threads, warn};
use crate::error::Result;
use crate::models::affinity::{Estimate, Level, PairRow, PairStudy, Pairs, RankBy, Ratio};
use crate::monitor::Monitor;

/// Which pairs are wanted.
#[derive(Debug, Clone)]
pub struct PairOptions {
    /// The fewest units of a product, and of a pair.
    pub min_count: u32,
    /// The least share of all units that have both.
    pub min_support: Option<Ratio>,
    /// The least share of the first product's units that have the second.
    pub min_confidence: Option<Ratio>,
    /// The least lift.
    pub min_lift: Option<Ratio>,
    /// The largest q-value.
    pub max_q: Option<f64>,
    /// How many partners a product gets.
    pub top: usize,
    /// What they are ranked by.
    pub rank_by: RankBy,
    /// Whether p- and q-values are wanted; a largest q-value wants them too.
    pub tests: bool,
}

impl PairOptions {
    fn is_wanted(&self, row: &PairRow) -> bool {
        let counts = row.counts;
        let reaches =
            |least: Option<Ratio>, part: u64, whole: u64| least.is_none_or(|least| least.is_reached_by(part, whole));
        let reaches_lift = |least: Ratio| {
            // n_ab N / (n_a n_b) against numerator / denominator, crosswise: each side stays below 2^128 for counts below 2^32
            // and terms below 2^64.
            let found = u128::from(counts.n_ab) * u128::from(counts.n_total);
            let chance = u128::from(counts.n_a) * u128::from(counts.n_b);
            match (found.checked_mul(least.denominator().into()), chance.checked_mul(least.numerator().into())) {
                (Some(found), Some(chance)) => found >= chance,
                _ => counts.lift() >= least.value(),
            }
        };
        reaches(self.min_support, counts.n_ab, counts.n_total)
            && reaches(self.min_confidence, counts.n_ab, counts.n_a)
            && self.min_lift.is_none_or(reaches_lift)
            && self.max_q.is_none_or(|most| row.q_value <= most)
    }

    fn has_thresholds(&self) -> bool {
        self.min_confidence.is_some() || self.min_lift.is_some() || self.max_q.is_some()
    }
}

/// What came of it.
#[derive(Debug)]
pub struct PairResult {
    /// What was counted.
    pub units: Units,
    /// What was predicted.
    pub estimate: Estimate,
    /// Rows by product and rank.
    pub rows: Vec<PairRow>,
    /// Products in enough units.
    pub eligible: u64,
    /// Pairs that go together in enough units.
    pub tested: u64,
    /// Pairs that could have been found: m of the q-values.
    pub hypotheses: u64,
    /// Pairs with a q-value of 0.05 or less, if tests were wanted.
    pub found: Option<u64>,
}

/// Reads, predicts, counts.
///
/// # Errors
/// Input, when nothing can be used.
pub fn pairs(source: &Source, options: &PairOptions, monitor: &dyn Monitor) -> Result<PairResult> {
    on_threads(source.threads, || {
        let units = source.units(monitor)?;
        let least = options.min_support.map_or(0, |support| support.count_of(units.n_total));
        let min_count = u32::try_from(least).unwrap_or(u32::MAX).max(options.min_count);
        let study = PairStudy {
            incidence: &units.incidence,
            n_total: units.n_total,
            min_count,
            // What a threshold takes away must not leave a product with fewer partners than there are.
            top: if options.has_thresholds() { units.names.len() } else { options.top },
            rank_by: options.rank_by,
            groups: None,
            offered: None,
            weights: units.weights.as_deref(),
            tests: options.tests || options.max_q.is_some(),
            memory_bytes: source.memory_bytes,
        };
        let has_tests = study.tests;
        let estimate = study.estimate();
        predict(&estimate, source, monitor);
        let started = Instant::now();
        let Pairs { mut rows, discovery, eligible, tested } = study.run();
        rows.retain(|row| options.is_wanted(row));
        keep_best(&mut rows, options.top);
        let hypotheses = discovery.hypotheses();
        let found = has_tests.then(|| discovery.rejected(0.05));
        let beyond = found.map(|found| format!(", and {found} are beyond chance (q up to 0.05)"));
        let summary = format!(
            "{}; of {} {tested} came often enough{}",
            counted(rows.len() as u64, "row"),
            counted(hypotheses, "possible pair"),
            beyond.unwrap_or_default()
        );
        finished(monitor, "pairs", started, summary);
        if rows.is_empty() {
            warn(monitor, nothing_in_words(&units, source.level, min_count, eligible));
        }
        Ok(PairResult { units, estimate, rows, eligible, tested, hypotheses, found })
    })
}

/// The first `top` rows of each product, ranked anew.
fn keep_best(rows: &mut Vec<PairRow>, top: usize) {
    let (mut product, mut rank) = (None, 0);
    rows.retain_mut(|row| {
        rank = if product == Some(row.a) { rank + 1 } else { 1 };
        product = Some(row.a);
        row.rank = rank;
        rank as usize <= top
    });
}

fn predict(estimate: &Estimate, source: &Source, monitor: &dyn Monitor) {
    let Estimate { products, pair_events, bytes, seconds, partitions, fits, .. } = *estimate;
    let megabytes = bytes.div_ceil(1_000_000);
    let passes = if partitions > 1 { format!(", in {partitions} parts") } else { String::new() };
    let message = format!(
        "{} within {}s, of {}; about {seconds:.1} s on one core and {megabytes} MB{passes}",
        counted(pair_events, "pair"),
        source.level.name(),
        counted(products, "product")
    );
    note(monitor, message);
    if !fits {
        warn(monitor, format!("counting takes {megabytes} MB, more than `--memory` says: it cannot take less"));
    }
}

fn nothing_in_words(units: &Units, level: Level, min_count: u32, eligible: u64) -> String {
    let enough = format!("{min_count} or more {}s", level.name());
    match eligible {
        0 => format!("no pair: nothing is in {enough}, of {}", units.n_total),
        1 => format!("no pair: {} is in {enough}", units.kinds(1)),
        _ => format!(
            "no pair: of {} no two are in {enough} together, more often than by chance and within what was asked",
            units.kinds(eligible)
        ),
    }
}

/// The strongest rows of all, each pair once, in the direction of the higher confidence.
pub fn strongest(rows: &[PairRow], most: usize) -> Vec<PairRow> {
    let once = |row: &&PairRow| {
        let counts = row.counts;
        match counts.n_a.cmp(&counts.n_b) {
            Ordering::Less => true,
            Ordering::Equal => row.a < row.b,
            // The other direction may have lost its place among the partners of a product with stronger ones.
            Ordering::Greater => !rows_of(rows, row.b).iter().any(|other| other.b == row.a),
        }
    };
    let mut best: Vec<PairRow> = rows.iter().filter(once).copied().collect();
    best.sort_by(|one, other| other.score.total_cmp(&one.score).then((one.a, one.b).cmp(&(other.a, other.b))));
    best.truncate(most);
    best
}

fn rows_of(rows: &[PairRow], product: u32) -> &[PairRow] {
    let from = rows.partition_point(|row| row.a < product);
    let to = rows.partition_point(|row| row.a <= product);
    &rows[from..to]
}
