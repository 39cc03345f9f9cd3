//! The search: depth first within a product, products in parallel, one shared count of what was found.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::levels::Itemsets;
use super::rows::{DROPPED, Rows};
use super::{Incidence, Limits, Mining};

/// Found sets are handed over when a thread has so many.
const HANDED_OVER: usize = 4096;

/// Sets of one length: their products one set after another, and their counts.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    pub(super) products: Vec<u32>,
    pub(super) counts: Vec<u32>,
}

/// What all threads share.
struct Shared {
    min_count: u32,
    max_length: usize,
    max_sets: usize,
    /// No set longer than this is looked for any more. It only ever falls, and never below where it ends: so the lengths
    /// that remain are complete, whoever found what first.
    length: AtomicUsize,
    /// Whether a set of more than `max_length` products was seen.
    longer: AtomicBool,
    /// Sets by length less 1.
    store: Mutex<Vec<Found>>,
}

impl Shared {
    fn length(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    /// Takes over what a thread has found, and lets the length fall when that is too much.
    fn take(&self, found: &mut [Found]) {
        let mut store = self.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut length = self.length();
        if store.len() < found.len() {
            store.resize(found.len(), Found::default());
        }
        for (place, sets) in found.iter_mut().enumerate() {
            if place < length {
                store[place].products.append(&mut sets.products);
                store[place].counts.append(&mut sets.counts);
            } else {
                *sets = Found::default();
            }
        }
        while store.iter().take(length).map(|sets| sets.counts.len()).sum::<usize>() > self.max_sets {
            length = length.min(store.len()) - 1;
            store.truncate(length);
        }
        self.length.store(length, Ordering::Relaxed);
    }
}

/// All frequent sets.
pub(super) fn run(incidence: &Incidence, mining: &Mining) -> Itemsets {
    let min_count = mining.min_count.max(1);
    let degrees = incidence.degrees();
    let mut products: Vec<u32> = (0..).take(degrees.len()).filter(|at| degrees[*at as usize] >= min_count).collect();
    products.sort_by_key(|product| (u32::MAX - degrees[*product as usize], *product));

    let mut items = vec![DROPPED; degrees.len()];
    for (item, product) in products.iter().enumerate() {
        items[*product as usize] = item as u32;
    }
    let mut rows = Rows::new(products);
    let mut row: Vec<u32> = Vec::new();
    for unit in 0..incidence.units() {
        row.clear();
        row.extend(incidence.row(unit).iter().map(|product| items[*product as usize]).filter(|item| *item != DROPPED));
        row.sort_unstable();
        rows.push(row.iter().copied(), 1);
    }
    drop(items);

    let max_length = mining.max_length.unwrap_or(usize::MAX).max(1);
    let shared = Shared {
        min_count,
        max_length,
        max_sets: mining.max_sets,
        length: AtomicUsize::new(max_length),
        longer: AtomicBool::new(false),
        store: Mutex::new(Vec::new()),
    };
    let single = Found {
        products: rows.products.clone(),
        counts: rows.products.iter().map(|product| degrees[*product as usize]).collect(),
    };
    shared.take(&mut [single]);
    search_all(&rows, &shared);
    drop(rows);

    let length = shared.length();
    let max_sets_bound = length < max_length;
    let longer = shared.longer.into_inner();
    let mut store = shared.store.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    store.truncate(length);
    while store.last().is_some_and(|sets| sets.counts.is_empty()) {
        store.pop();
    }
    let kept: usize = store.iter().map(|sets| sets.counts.len()).sum();
    let limits = Limits {
        complete_length: store.len(),
        // A thread may have met a longer one before `max_sets` was reached, or not: it is said only when that never was.
        max_length_bound: longer && !max_sets_bound,
        max_sets_bound,
        left_out_at_least: if max_sets_bound { mining.max_sets + 1 - kept } else { 0 },
    };
    Itemsets::new(store, limits)
}

/// Every set of two and more: one task for the rarest product of each.
fn search_all(rows: &Rows, shared: &Shared) {
    let items = rows.products.len();
    let mut starts = vec![0usize; items + 1];
    for at in 0..rows.len() as u32 {
        for item in rows.row(at) {
            starts[*item as usize + 1] += 1;
        }
    }
    for item in 0..items {
        starts[item + 1] += starts[item];
    }
    let mut next = starts.clone();
    let mut places = vec![0u32; rows.size()];
    for at in 0..rows.len() as u32 {
        for item in rows.row(at) {
            places[next[*item as usize]] = at;
            next[*item as usize] += 1;
        }
    }
    drop(next);
    (0..items).into_par_iter().for_each_init(
        || Worker::new(shared, items),
        |worker, item| worker.first(rows, item as u32, &places[starts[item]..starts[item + 1]]),
    );
}

/// What a thread has in hand.
struct Worker<'a> {
    shared: &'a Shared,
    /// The products of the set that is being grown.
    prefix: Vec<u32>,
    /// What was found and is not yet handed over, by length less 1.
    found: Vec<Found>,
    waiting: usize,
    /// New numbers of items while rows are copied; `DROPPED` between.
    numbers: Vec<u32>,
    /// Counts of items beside the first; 0 between.
    counts: Vec<u32>,
}

impl<'a> Worker<'a> {
    fn new(shared: &'a Shared, items: usize) -> Worker<'a> {
        Worker {
            shared,
            prefix: Vec::new(),
            found: Vec::new(),
            waiting: 0,
            numbers: vec![DROPPED; items],
            counts: vec![0; items],
        }
    }

    /// All sets whose rarest product is `item`, which is in the rows `of`.
    fn first(&mut self, rows: &Rows, item: u32, of: &[u32]) {
        let length = self.shared.length();
        if length == 0 || (length == 1 && !self.looks_for_longer(1)) {
            return;
        }
        let mut touched = Vec::new();
        for at in of {
            for other in rows.row(*at).iter().take_while(|other| **other < item) {
                if self.counts[*other as usize] == 0 {
                    touched.push(*other);
                }
                self.counts[*other as usize] += 1;
            }
        }
        let min_count = self.shared.min_count;
        let mut frequent: Vec<u32> =
            touched.iter().copied().filter(|other| self.counts[*other as usize] >= min_count).collect();
        frequent.sort_unstable();
        touched.iter().for_each(|other| self.counts[*other as usize] = 0);
        if frequent.is_empty() {
            return;
        }
        if length == 1 {
            self.shared.longer.store(true, Ordering::Relaxed);
            return;
        }
        self.prefix.push(rows.products[item as usize]);
        let copy = self.copied(rows, of, item, &frequent);
        let all: Vec<u32> = (0..copy.len() as u32).collect();
        let mut buckets = Buckets::new(copy.products.len());
        self.grow(&copy, &mut buckets, &all, copy.products.len() as u32);
        self.prefix.pop();
        self.hand_over();
    }

    /// All sets that are the prefix and items below `below`, in the rows `of`.
    fn grow(&mut self, rows: &Rows, buckets: &mut Buckets, of: &[u32], below: u32) {
        let length = self.prefix.len();
        let wanted = self.shared.length();
        if length > wanted || (length == wanted && !self.looks_for_longer(length)) {
            return;
        }
        let min_count = self.shared.min_count;
        buckets.fill(rows, of, below);
        if length == wanted {
            if buckets.counts[..below as usize].iter().any(|count| *count >= min_count) {
                self.shared.longer.store(true, Ordering::Relaxed);
            }
            buckets.clear(below);
            return;
        }
        let (mut frequent, mut lines) = (Vec::new(), 0);
        for item in 0..below {
            if buckets.counts[item as usize] >= min_count {
                frequent.push(item);
                lines += buckets.rows[item as usize].len();
            }
        }
        // A copy without what is not frequent here, when it is small: all copies together are then less than the rows that
        // they began with.
        if frequent.len() > 1 && lines * 2 <= rows.size() {
            buckets.clear(below);
            let copy = self.copied(rows, of, below, &frequent);
            let all: Vec<u32> = (0..copy.len() as u32).collect();
            let mut buckets = Buckets::new(frequent.len());
            buckets.fill(&copy, &all, frequent.len() as u32);
            self.visit(&copy, &mut buckets, frequent.len() as u32);
        } else {
            self.visit(rows, buckets, below);
        }
    }

    /// Takes the items below `below` one after another, with the buckets filled. A deeper search fills only buckets of
    /// smaller items, which are done with: so one set of buckets serves the whole depth.
    fn visit(&mut self, rows: &Rows, buckets: &mut Buckets, below: u32) {
        for item in 0..below {
            let count = std::mem::take(&mut buckets.counts[item as usize]);
            let mut of = std::mem::take(&mut buckets.rows[item as usize]);
            if count >= self.shared.min_count {
                self.prefix.push(rows.products[item as usize]);
                self.keep(count);
                if item > 0 {
                    self.grow(rows, buckets, &of, item);
                }
                self.prefix.pop();
            }
            of.clear();
            buckets.rows[item as usize] = of;
        }
    }

    /// Whether it still has to be found out that there are sets longer than asked for.
    fn looks_for_longer(&self, length: usize) -> bool {
        length == self.shared.max_length && !self.shared.longer.load(Ordering::Relaxed)
    }

    fn copied(&mut self, rows: &Rows, of: &[u32], below: u32, frequent: &[u32]) -> Rows {
        for (number, item) in frequent.iter().enumerate() {
            self.numbers[*item as usize] = number as u32;
        }
        let products = frequent.iter().map(|item| rows.products[*item as usize]).collect();
        let copy = rows.projected(of, below, &self.numbers, products);
        for item in frequent {
            self.numbers[*item as usize] = DROPPED;
        }
        copy
    }

    /// The prefix is frequent.
    fn keep(&mut self, count: u32) {
        let length = self.prefix.len();
        if length > self.shared.length() {
            return;
        }
        if self.found.len() < length {
            self.found.resize(length, Found::default());
        }
        let sets = &mut self.found[length - 1];
        let from = sets.products.len();
        sets.products.extend_from_slice(&self.prefix);
        sets.products[from..].sort_unstable();
        sets.counts.push(count);
        self.waiting += 1;
        if self.waiting == HANDED_OVER {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        self.shared.take(&mut self.found);
        self.waiting = 0;
    }
}

/// For each item the rows that it is in, and how many units these stand for.
struct Buckets {
    rows: Vec<Vec<u32>>,
    counts: Vec<u32>,
}

impl Buckets {
    fn new(items: usize) -> Buckets {
        Buckets { rows: vec![Vec::new(); items], counts: vec![0; items] }
    }

    /// Puts the rows `of` into the buckets of their items below `below`, which are empty.
    fn fill(&mut self, rows: &Rows, of: &[u32], below: u32) {
        for at in of {
            let weight = rows.weight(*at);
            for item in rows.row(*at) {
                if *item >= below {
                    break;
                }
                self.rows[*item as usize].push(*at);
                self.counts[*item as usize] += weight;
            }
        }
    }

    fn clear(&mut self, below: u32) {
        self.counts[..below as usize].fill(0);
        self.rows[..below as usize].iter_mut().for_each(Vec::clear);
    }
}
