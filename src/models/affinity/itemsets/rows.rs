//! The rows that a set's larger sets are searched in.

/// Rows of items with how many units each stands for. Items are numbers below `items`, ascending in a row; the larger the
/// number, the rarer the product.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    starts: Vec<usize>,
    entries: Vec<u32>,
    weights: Vec<u32>,
    /// The product of each item.
    pub(super) products: Vec<u32>,
}

impl Rows {
    /// Rows as they are, each for one unit.
    pub(super) fn new(products: Vec<u32>) -> Rows {
        Rows { starts: vec![0], entries: Vec::new(), weights: Vec::new(), products }
    }

    /// Adds a row; an empty one is not worth keeping.
    pub(super) fn push(&mut self, row: impl Iterator<Item = u32>, weight: u32) {
        let before = self.entries.len();
        self.entries.extend(row);
        if self.entries.len() > before {
            self.starts.push(self.entries.len());
            self.weights.push(weight);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// Lines in all rows.
    pub(super) fn size(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn row(&self, at: u32) -> &[u32] {
        &self.entries[self.starts[at as usize]..self.starts[at as usize + 1]]
    }

    pub(super) fn weight(&self, at: u32) -> u32 {
        self.weights[at as usize]
    }

    /// The rows `of` an item as far as they come before it, of the items that `kept` renumbers (`DROPPED` drops one). Rows
    /// that have become equal are one. `products` are those of the new numbers.
    pub(super) fn projected(&self, of: &[u32], below: u32, kept: &[u32], products: Vec<u32>) -> Rows {
        let mut plain = Rows::new(products);
        for at in of {
            let row = self.row(*at).iter().take_while(|item| **item < below);
            plain.push(row.map(|item| kept[*item as usize]).filter(|item| *item != DROPPED), self.weight(*at));
        }
        plain.merged()
    }

    /// Equal rows made one.
    fn merged(self) -> Rows {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|a, b| self.row(*a).cmp(self.row(*b)));
        if order.windows(2).all(|pair| self.row(pair[0]) != self.row(pair[1])) {
            return self;
        }
        let mut merged = Rows::new(Vec::new());
        let mut at = 0;
        while at < order.len() {
            let row = self.row(order[at]);
            let same = order[at..].iter().take_while(|other| self.row(**other) == row).count();
            let weight = order[at..at + same].iter().map(|other| self.weight(*other)).sum();
            merged.push(row.iter().copied(), weight);
            at += same;
        }
        merged.products = self.products;
        merged
    }
}

/// The number of an item that a projection leaves out.
pub(super) const DROPPED: u32 = u32::MAX;
