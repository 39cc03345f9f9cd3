//! What counting will take, known before it starts, and the way chosen for it.

use super::layout::Kept;
use super::{Counting, Partner};

/// How pairs are counted. Both ways give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Each product with all its partners, and nothing kept: memory is products by threads.
    RowWise,
    /// Each pair once, and kept: half the sums.
    Triangular,
}

impl Variant {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Variant::RowWise => "row_wise",
            Variant::Triangular => "triangular",
        }
    }
}

/// What counting will take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Products in enough units.
    pub products: u64,
    /// Lines of these products in units that have two of them or more.
    pub lines: u64,
    /// Pairs of these products in units: the sum of n(n-1)/2. Exact.
    pub pair_events: u64,
    /// Different pairs in enough units, from a sample of products: to a tenth or so.
    pub pairs: u64,
    /// The most memory counting takes at a time beside the incidence and what visits return.
    pub bytes: u64,
    /// CPU seconds of all threads together, without those of the visits.
    pub seconds: f64,
    /// How often the rows are gone through, each time for some of the antecedents.
    pub partitions: u32,
    /// How pairs are counted.
    pub variant: Variant,
    /// False when even the smallest way takes more than the memory given.
    pub fits: bool,
}

/// CPU seconds for a line, which is looked up, copied, and found again by its product, and for a pair event, counted once
/// and kept. These are from data A and B of `spec/affinity.md` 4 on an Intel Xeon with 2 MB of L2 a core that others used.
const SECONDS_TRIANGULAR: (f64, f64) = (20e-9, 7.5e-9);

/// The same when every pair event is counted from both sides, and every row read to its end.
const SECONDS_ROW_WISE: (f64, f64) = (49e-9, 5.8e-9);

/// Pairs a line that are kept at most when nothing is said of memory: pairs are then of the size of the lines.
const PAIRS_A_LINE: u64 = 2;

/// Products whose partners are counted to foresee the number of pairs.
const SAMPLE: usize = 64;

/// More passes than this over the rows are not worth the memory they save.
const MOST_PARTITIONS: u32 = 64;

/// Bytes of where a row begins.
const VISIT: u64 = 4;

/// How counting will go.
pub struct Plan {
    pub estimate: Estimate,
    pub kept: Kept,
    pub workers: usize,
    /// The triangular way is given up above so many pairs.
    pub most_pairs: u64,
}

/// Bytes of the parts.
struct Bytes {
    rows: u64,
    visits: u64,
    /// Visits of the product with the most: a pass has all of a product.
    largest: u64,
    /// Of one thread.
    sums: u64,
    /// Of one kept pair, twice.
    pair: u64,
}

impl Plan {
    /// `shown` when someone wants the number of pairs for itself: otherwise it is foreseen only where it decides.
    pub fn new(counting: &Counting<'_>, shown: bool) -> Plan {
        let kept = Kept::new(counting.incidence, counting.least());
        let sizes = Sizes::new(counting, &kept);
        let products = kept.len() as u64;
        let weighted = counting.weights.is_some();
        let id = if kept.is_small() { 2 } else { 4 };
        let tally = if weighted { 16 } else { 4 };
        let bytes = Bytes {
            rows: sizes.lines * id + sizes.units * (id + if weighted { 4 } else { 0 }),
            visits: sizes.lines * VISIT,
            largest: kept.degrees.iter().max().map_or(0, |degree| u64::from(*degree) * VISIT),
            sums: products * (tally + id + size_of::<Partner>() as u64),
            pair: 2 * if weighted { 24 } else { 8 },
        };
        let threads = rayon::current_num_threads().max(1) as u64;
        let base = bytes.rows + bytes.visits + threads * bytes.sums;
        let allowed = match counting.memory_bytes {
            Some(memory) => memory.saturating_sub(base) / bytes.pair,
            None => PAIRS_A_LINE * sizes.lines,
        };
        let possible = products * products.saturating_sub(1) / 2;
        let mut most = possible.min(sizes.pair_events / u64::from(counting.least()));
        let mut pairs = most;
        if shown || most > allowed {
            let seen = foreseen(counting, &kept);
            // A sample of products is off by a tenth or so.
            most = most.min(seen + seen / 4);
            pairs = pairs.min(seen);
        }
        let mut estimate = Estimate {
            products,
            lines: sizes.lines,
            pair_events: sizes.pair_events,
            pairs,
            bytes: base + most * bytes.pair,
            seconds: sizes.seconds(SECONDS_TRIANGULAR),
            partitions: 1,
            variant: Variant::Triangular,
            fits: true,
        };
        let mut workers = threads;
        let over = |bytes: u64| counting.memory_bytes.is_some_and(|memory| bytes > memory);
        if most > allowed || over(estimate.bytes) {
            estimate.variant = Variant::RowWise;
            estimate.seconds = sizes.seconds(SECONDS_ROW_WISE);
            (workers, estimate.partitions) =
                counting.memory_bytes.map_or((threads, 1), |memory| bytes.split(memory, threads));
            estimate.bytes = bytes.rows + bytes.pass(estimate.partitions) + workers * bytes.sums;
            estimate.fits = !over(estimate.bytes);
        }
        Plan { estimate, kept, workers: workers as usize, most_pairs: allowed }
    }
}

impl Bytes {
    /// Visits of one pass.
    fn pass(&self, partitions: u32) -> u64 {
        self.visits.div_ceil(u64::from(partitions)).max(self.largest.min(self.visits))
    }

    /// The most threads and the fewest passes that fit, threads first: a pass over the rows costs less than a thread.
    fn split(&self, memory: u64, threads: u64) -> (u64, u32) {
        let least = self.rows + self.pass(MOST_PARTITIONS);
        let workers = (memory.saturating_sub(least) / self.sums.max(1)).clamp(1, threads);
        let left = memory.saturating_sub(self.rows + workers * self.sums).max(1);
        (workers, self.visits.div_ceil(left).clamp(1, u64::from(MOST_PARTITIONS)) as u32)
    }
}

/// Units with two kept products or more.
struct Sizes {
    units: u64,
    lines: u64,
    pair_events: u64,
}

impl Sizes {
    fn new(counting: &Counting<'_>, kept: &Kept) -> Sizes {
        let all = kept.len() == kept.number.len();
        let mut sizes = Sizes { units: 0, lines: 0, pair_events: 0 };
        for unit in 0..counting.incidence.units() {
            let row = counting.incidence.row(unit);
            let is_kept = |product: &&u32| kept.number[**product as usize] != Kept::NONE;
            let size = if all { row.len() } else { row.iter().filter(is_kept).count() } as u64;
            if size > 1 {
                sizes.units += 1;
                sizes.lines += size;
                sizes.pair_events += size * (size - 1) / 2;
            }
        }
        sizes
    }

    fn seconds(&self, (line, pair_event): (f64, f64)) -> f64 {
        self.lines as f64 * line + self.pair_events as f64 * pair_event
    }
}

/// Different pairs in enough units, from the partners of some products evenly spread from the most to the least common.
fn foreseen(counting: &Counting<'_>, kept: &Kept) -> u64 {
    let incidence = counting.incidence;
    let mut ranked: Vec<u32> = (0u32..).take(kept.len()).collect();
    ranked.sort_unstable_by_key(|number| (std::cmp::Reverse(kept.degrees[*number as usize]), *number));
    let samples = SAMPLE.min(ranked.len());
    let mut place = vec![Kept::NONE; incidence.products()];
    for sample in 0..samples {
        let number = ranked[(2 * sample + 1) * ranked.len() / (2 * samples)];
        place[kept.products[number as usize] as usize] = sample as u32;
    }
    let mut units = vec![Vec::new(); samples];
    for unit in 0..incidence.units() {
        for product in incidence.row(unit) {
            let sample = place[*product as usize];
            if sample != Kept::NONE {
                units[sample as usize].push(unit);
            }
        }
    }
    let mut tallies = vec![0_u32; incidence.products()];
    let mut pairs = 0;
    for units in units {
        for product in units.iter().flat_map(|unit| incidence.row(*unit)) {
            tallies[*product as usize] += 1;
            // A product of too few units cannot come to `least` here.
            pairs += u64::from(tallies[*product as usize] == counting.least());
        }
        for product in units.iter().flat_map(|unit| incidence.row(*unit)) {
            tallies[*product as usize] = 0;
        }
        // The product itself.
        pairs -= 1;
    }
    (pairs as f64 * ranked.len() as f64 / (2 * samples.max(1)) as f64) as u64
}
