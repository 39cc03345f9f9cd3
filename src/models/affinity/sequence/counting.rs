//! Counts of one A at a time: what its customers bought in the windows after it and before it.

use super::FollowCount;
use super::significance::Exposure;
use super::timeline::Timeline;

/// What one thread needs to count the pairs of one A: a few numbers for each product.
pub(super) struct Scratch {
    after: Vec<u32>,
    before: Vec<u32>,
    both: Vec<u32>,
    /// The last visit in which a product was seen after, or before.
    seen_after: Vec<u32>,
    seen_before: Vec<u32>,
    /// Number of the visit: one for each customer of each A. There are at most as many as lines.
    visit: u32,
    touched: Vec<u32>,
}

impl Scratch {
    pub(super) fn new(products: usize) -> Scratch {
        Scratch {
            after: vec![0; products],
            before: vec![0; products],
            both: vec![0; products],
            seen_after: vec![0; products],
            seen_before: vec![0; products],
            visit: 0,
            touched: Vec::new(),
        }
    }

    /// Counts what customers bought within `window` days after `a`, and before it. `exposure` gets the lines after.
    pub(super) fn count(&mut self, timeline: &Timeline, a: u32, window: u32, mut exposure: Option<&mut Exposure>) {
        for run in timeline.runs(a) {
            self.visit += 1;
            let lines = timeline.customer_of(run[0] as usize);
            let mut reached = lines.start;
            let (mut others, mut baskets, mut last) = (0, 0, None);
            for &place in run {
                let day = i64::from(timeline.days[place as usize]);
                let from = timeline.after(reached.max(place as usize), lines.end, day);
                reached = timeline.after(from, lines.end, day + i64::from(window));
                for at in from..reached {
                    let b = timeline.products[at];
                    if b == a {
                        continue;
                    }
                    others += 1;
                    if let Some(exposure) = &mut exposure {
                        exposure.line(timeline.cells_of[at]);
                        if last != Some(timeline.days[at]) {
                            last = Some(timeline.days[at]);
                            baskets += 1;
                        }
                    }
                    let b = b as usize;
                    if self.seen_after[b] != self.visit {
                        self.seen_after[b] = self.visit;
                        self.touch(b);
                        self.after[b] += 1;
                    }
                }
            }
            if let Some(exposure) = &mut exposure {
                exposure.customer(baskets, others);
            }
            let mut reached = lines.start;
            for &place in run {
                let day = i64::from(timeline.days[place as usize]);
                let from = timeline.not_before(reached, place as usize, day - i64::from(window));
                reached = timeline.not_before(from, place as usize, day);
                for at in from..reached {
                    let b = timeline.products[at] as usize;
                    if b != a as usize && self.seen_before[b] != self.visit {
                        self.seen_before[b] = self.visit;
                        self.touch(b);
                        self.before[b] += 1;
                        self.both[b] += u32::from(self.seen_after[b] == self.visit);
                    }
                }
            }
        }
    }

    fn touch(&mut self, product: usize) {
        if self.after[product] == 0 && self.before[product] == 0 {
            self.touched.push(product as u32);
        }
    }

    /// What was counted, in no order.
    pub(super) fn found(&self, a: u32) -> impl Iterator<Item = FollowCount> {
        self.touched.iter().map(move |&b| FollowCount {
            product_a: a,
            product_b: b,
            ab: self.after[b as usize],
            ba: self.before[b as usize],
            both: self.both[b as usize],
        })
    }

    /// Forgets the counts, for the next A.
    pub(super) fn clear(&mut self) {
        for product in self.touched.drain(..) {
            self.after[product as usize] = 0;
            self.before[product as usize] = 0;
            self.both[product as usize] = 0;
        }
    }

    /// For each of the products `wanted`, the median over customers of the days from `a` to it. The customers are visited
    /// a second time, so that gaps are held for the products that are kept only.
    pub(super) fn median_gaps(&mut self, timeline: &Timeline, a: u32, window: u32, wanted: &[u32]) -> Vec<f64> {
        if wanted.is_empty() {
            return Vec::new();
        }
        let width = window as usize + 1;
        let mut gaps = vec![0_u32; wanted.len() * width];
        // The counters are empty now: one says which column of `gaps` is a product's, from 1.
        for (index, &product) in wanted.iter().enumerate() {
            self.after[product as usize] = index as u32 + 1;
        }
        for run in timeline.runs(a) {
            self.visit += 1;
            let lines = timeline.customer_of(run[0] as usize);
            let mut earliest = 0;
            let mut reached = lines.start;
            for &place in run {
                let day = i64::from(timeline.days[place as usize]);
                let from = timeline.after(reached.max(place as usize), lines.end, day);
                reached = timeline.after(from, lines.end, day + i64::from(window));
                for at in from..reached {
                    let b = timeline.products[at] as usize;
                    let column = self.after[b] as usize;
                    if column == 0 || self.seen_after[b] == self.visit {
                        continue;
                    }
                    self.seen_after[b] = self.visit;
                    let then = i64::from(timeline.days[at]);
                    let day_of = |index: usize| i64::from(timeline.days[run[index] as usize]);
                    while then - day_of(earliest) > i64::from(window) {
                        earliest += 1;
                    }
                    gaps[(column - 1) * width + (then - day_of(earliest)) as usize] += 1;
                }
            }
        }
        for &product in wanted {
            self.after[product as usize] = 0;
        }
        gaps.chunks(width).map(median).collect()
    }
}

/// The median of days, from how often each comes.
fn median(counts: &[u32]) -> f64 {
    let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let day_at = |place: u64| {
        let mut passed = 0;
        counts.iter().position(|&count| {
            passed += u64::from(count);
            passed > place
        })
    };
    match (day_at(total.saturating_sub(1) / 2), day_at(total / 2)) {
        (Some(low), Some(high)) => (low + high) as f64 / 2.0,
        _ => 0.0,
    }
}
