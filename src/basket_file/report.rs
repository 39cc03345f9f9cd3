//! What became of the rows of a basket file: each is used, or left out for one reason.

use std::path::{Path, PathBuf};

/// Why a row was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Another number of fields than the header has.
    Fields,
    /// No basket.
    NoBasket,
    /// No product.
    NoProduct,
    /// No customer, where customers are what is counted.
    NoCustomer,
    /// No date, where dates are needed.
    NoDate,
    /// A date that is not `YYYY-MM-DD`, with or without a time behind it.
    BadDate,
    /// A quantity that is not a number.
    BadQuantity,
    /// A quantity of 0 or less.
    Returned,
}

impl Reason {
    /// All of them, in the order in which a row is looked at.
    pub const ALL: [Reason; 8] = [
        Reason::Fields,
        Reason::NoBasket,
        Reason::NoProduct,
        Reason::NoCustomer,
        Reason::NoDate,
        Reason::BadDate,
        Reason::BadQuantity,
        Reason::Returned,
    ];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Fields => "wrong_number_of_fields",
            Reason::NoBasket => "no_basket",
            Reason::NoProduct => "no_product",
            Reason::NoCustomer => "no_customer",
            Reason::NoDate => "no_date",
            Reason::BadDate => "bad_date",
            Reason::BadQuantity => "bad_quantity",
            Reason::Returned => "returned",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Reason::Fields => "other fields than the header has",
            Reason::NoBasket => "no basket",
            Reason::NoProduct => "no product",
            Reason::NoCustomer => "no customer",
            Reason::NoDate => "no date",
            Reason::BadDate => "a date that is not like 2026-11-22",
            Reason::BadQuantity => "a quantity that is not a number",
            Reason::Returned => "a quantity of 0 or less (returned)",
        }
    }
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// Which of the files.
    pub file: usize,
    /// Line of a text file, row of a Parquet file; from 1.
    pub line: u64,
}

/// What became of all rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Rows in them, or products in all lines.
    pub rows: u64,
    /// Rows that are used.
    pub used: u64,
    left_out: [(u64, Option<Spot>); Reason::ALL.len()],
}

impl Report {
    pub(super) fn leave_out(&mut self, reason: Reason, spot: Spot) {
        let entry = &mut self.left_out[reason as usize];
        entry.0 += 1;
        entry.1.get_or_insert(spot);
    }

    /// How many rows were left out for a reason.
    pub fn count(&self, reason: Reason) -> u64 {
        self.left_out[reason as usize].0
    }

    /// Rows that were left out for whatever reason.
    pub fn left_out(&self) -> u64 {
        Reason::ALL.iter().map(|reason| self.count(*reason)).sum()
    }

    /// The first row that was left out for a reason: its file and its line.
    pub fn first_of(&self, reason: Reason) -> Option<(&Path, u64)> {
        let spot = self.left_out[reason as usize].1?;
        Some((self.files.get(spot.file)?.as_path(), spot.line))
    }

    /// The most common reason.
    pub fn first(&self) -> Option<(Reason, u64)> {
        let counted = Reason::ALL.map(|reason| (reason, self.count(reason)));
        counted.into_iter().filter(|(_, count)| *count > 0).reduce(|one, next| if next.1 > one.1 { next } else { one })
    }

    /// `12 rows have no product, the first is line 7 of orders.csv`.
    pub fn in_words(&self, reason: Reason) -> String {
        let (count, words) = (self.count(reason), reason.words());
        let (rows, have, the_first) = if count == 1 { ("row", "has", "it") } else { ("rows", "have", "the first") };
        let place = self
            .first_of(reason)
            .map_or_else(String::new, |(file, line)| format!(", {the_first} is line {line} of {}", file.display()));
        format!("{count} {rows} {have} {words}{place}")
    }
}
