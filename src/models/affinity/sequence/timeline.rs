//! Every customer's purchases in order of days, and where each product is among them.

use super::super::purchases::Purchase;
use super::{Following, SequenceOptions};

/// Calendar periods that shares are taken in, at most.
const MOST_PERIODS: i64 = 24;
/// Days of a period, unless that makes too many.
const PERIOD_DAYS: i64 = 28;
/// Classes of what a line's customer bought before it: nothing, 1 to 3 lines, 4 to 15, and so on by powers of four; the
/// last has no end.
const CLASSES: usize = 6;
/// Classes of the day's basket: 1 line, 2 to 3, 4 to 7, and so on; the last has no end.
const SIZES: usize = 5;
/// Numbers in the table of products by cells, at most, as long as there is one period: 64 MB.
const MOST_CELLS: usize = 1 << 24;

/// Lines (customer, product, day) by customer, day and product.
pub(super) struct Timeline {
    /// Where each customer's lines begin, and where the last ends.
    starts: Vec<usize>,
    pub(super) days: Vec<i32>,
    pub(super) products: Vec<u32>,
    /// Whose line it is.
    pub(super) owners: Vec<u32>,
    /// The cell of each line: its calendar period, the class of what its customer bought in the window before it (of
    /// everything they had bought before, when first purchases count), and the class of the day's basket.
    pub(super) cells_of: Vec<u16>,
    /// Where each product's places begin in `places`.
    product_starts: Vec<usize>,
    /// Places of lines, ascending, by product.
    places: Vec<u32>,
    /// How many cells there are.
    pub(super) cells: usize,
    /// Lines by product and cell.
    cell_lines: Vec<u32>,
    /// Lines by cell.
    pub(super) lines_in: Vec<u64>,
    /// Customers with a line.
    pub(super) customers: u64,
    /// Customers who had too many.
    pub(super) left_out: u64,
}

impl Timeline {
    /// From distinct purchases in order.
    pub(super) fn new(purchases: &[Purchase], products: usize, options: &SequenceOptions<'_>) -> Timeline {
        let inside = |purchase: &Purchase| {
            options.from_day.is_none_or(|day| purchase.day >= day)
                && options.until_day.is_none_or(|day| purchase.day <= day)
        };
        let mut kept: Vec<Purchase> = purchases.iter().copied().filter(inside).collect();
        if options.following == Following::FirstToFirst {
            kept.dedup_by_key(|purchase| (purchase.customer, purchase.product));
        }
        let (mut customers, mut left_out) = (0, 0);
        let mut lines = Vec::with_capacity(kept.len());
        for of_customer in kept.chunk_by_mut(|a, b| a.customer == b.customer) {
            if options.max_lines_per_customer.is_some_and(|most| of_customer.len() > most) {
                left_out += 1;
                continue;
            }
            customers += 1;
            of_customer.sort_unstable_by_key(|line| (line.day, line.product));
            lines.extend_from_slice(of_customer);
        }
        drop(kept);
        assert!(u32::try_from(lines.len()).is_ok(), "too many purchases to number");
        let width = lines.iter().map(|line| line.customer as usize + 1).max().unwrap_or(0);
        let starts = starts_of(width, lines.iter().map(|line| line.customer));
        let product_starts = starts_of(products, lines.iter().map(|line| line.product));
        let mut next = product_starts.clone();
        let mut places = vec![0; lines.len()];
        for (place, line) in lines.iter().enumerate() {
            places[next[line.product as usize]] = place as u32;
            next[line.product as usize] += 1;
        }
        let mut timeline = Timeline {
            starts,
            days: lines.iter().map(|line| line.day).collect(),
            products: lines.iter().map(|line| line.product).collect(),
            owners: lines.iter().map(|line| line.customer).collect(),
            cells_of: Vec::new(),
            product_starts,
            places,
            cells: 0,
            cell_lines: Vec::new(),
            lines_in: Vec::new(),
            customers,
            left_out,
        };
        drop(lines);
        timeline.fill_cells(products, options);
        timeline
    }

    /// Sorts the lines into cells, and counts them there.
    fn fill_cells(&mut self, products: usize, options: &SequenceOptions<'_>) {
        let first = self.days.iter().copied().min().map_or(0, i64::from);
        let last = self.days.iter().copied().max().map_or(0, i64::from);
        let span = last - first + 1;
        let room = (MOST_CELLS / (CLASSES * SIZES * products.max(1))) as i64;
        let most = room.clamp(1, MOST_PERIODS);
        let period = PERIOD_DAYS.max((span + most - 1) / most);
        self.cells = ((span + period - 1) / period) as usize * CLASSES * SIZES;
        self.cells_of = vec![0; self.days.len()];
        for customer in 0..self.starts.len() - 1 {
            let lines = self.starts[customer]..self.starts[customer + 1];
            let (mut from, mut today) = (lines.start, lines.start);
            let mut tomorrow = lines.start;
            for at in lines.clone() {
                let day = i64::from(self.days[at]);
                while i64::from(self.days[today]) < day {
                    today += 1;
                }
                while options.following == Following::AnyToAny
                    && i64::from(self.days[from]) < day - i64::from(options.window_days)
                {
                    from += 1;
                }
                if at == today {
                    tomorrow = self.after(at, lines.end, day);
                }
                let class_of = |lines: usize| lines.checked_ilog2().map_or(0, |power| power as usize);
                let before = today - from;
                let class = if before == 0 { 0 } else { class_of(before) / 2 + 1 }.min(CLASSES - 1);
                let size = class_of(tomorrow - today).min(SIZES - 1);
                let cell = (((day - first) / period) as usize * CLASSES + class) * SIZES + size;
                self.cells_of[at] = cell as u16;
            }
        }
        self.cell_lines = vec![0; products * self.cells];
        self.lines_in = vec![0; self.cells];
        for (&product, &cell) in self.products.iter().zip(&self.cells_of) {
            self.cell_lines[product as usize * self.cells + cell as usize] += 1;
            self.lines_in[cell as usize] += 1;
        }
    }

    /// Places of a product's lines, ascending: by customer, then by day.
    pub(super) fn places(&self, product: u32) -> &[u32] {
        &self.places[self.product_starts[product as usize]..self.product_starts[product as usize + 1]]
    }

    /// A product's places, customer by customer.
    pub(super) fn runs(&self, product: u32) -> impl Iterator<Item = &[u32]> {
        self.places(product).chunk_by(|a, b| self.owners[*a as usize] == self.owners[*b as usize])
    }

    /// Customers of a product.
    pub(super) fn customers_of(&self, product: u32) -> u32 {
        self.runs(product).count() as u32
    }

    /// Lines of a product in each cell.
    pub(super) fn lines_of(&self, product: u32) -> &[u32] {
        &self.cell_lines[product as usize * self.cells..(product as usize + 1) * self.cells]
    }

    /// The lines of a line's customer.
    pub(super) fn customer_of(&self, place: usize) -> std::ops::Range<usize> {
        let owner = self.owners[place] as usize;
        self.starts[owner]..self.starts[owner + 1]
    }

    /// The first place in `from..to` whose day is after `day`, or `to`. Near places are looked at first.
    pub(super) fn after(&self, from: usize, to: usize, day: i64) -> usize {
        self.first(from, to, |other| i64::from(other) > day)
    }

    /// The first place in `from..to` whose day is not before `day`, or `to`.
    pub(super) fn not_before(&self, from: usize, to: usize, day: i64) -> usize {
        self.first(from, to, |other| i64::from(other) >= day)
    }

    fn first(&self, from: usize, to: usize, is: impl Fn(i32) -> bool) -> usize {
        let mut step = 1;
        let (mut low, mut high) = (from, from);
        while high < to && !is(self.days[high]) {
            low = high + 1;
            high += step;
            step *= 2;
        }
        let high = high.min(to);
        low + self.days[low..high].partition_point(|&day| !is(day))
    }
}

fn starts_of(width: usize, keys: impl Iterator<Item = u32>) -> Vec<usize> {
    let mut starts = vec![0; width + 1];
    for key in keys {
        starts[key as usize + 1] += 1;
    }
    for key in 0..width {
        starts[key + 1] += starts[key];
    }
    starts
}
