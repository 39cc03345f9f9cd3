//! What readers fill: a number for each row and column, of rows that can be used.

use std::path::PathBuf;

use super::days::{BAD_DAY, NO_DAY};
use super::interner::{Interner, MISSING};
use super::report::{Reason, Report, Spot};
use super::{Lines, Wanted};
use crate::error::{Error, Place, Result};

/// Whether the quantity of a row lets it count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Above 0, or not said.
    Bought,
    /// 0 or less.
    Returned,
    /// Not a number.
    Bad,
}

impl Quantity {
    /// Of a number.
    pub fn of(number: f64) -> Quantity {
        if number.is_nan() {
            Quantity::Bad
        } else if number > 0.0 {
            Quantity::Bought
        } else {
            Quantity::Returned
        }
    }

    /// Of a text; an empty one says nothing.
    pub fn of_text(text: &[u8]) -> Quantity {
        if is_blank(text) {
            return Quantity::Bought;
        }
        let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse::<f64>().ok());
        number.map_or(Quantity::Bad, Quantity::of)
    }
}

/// A column of ids.
#[derive(Debug, Default)]
pub struct Ids {
    /// The ids.
    pub interner: Interner,
    /// By row.
    pub numbers: Vec<u32>,
    /// The last id that was asked for, and its number: rows of a basket follow each other.
    last: Option<(Vec<u8>, u32)>,
}

impl Ids {
    /// Adds a row.
    pub fn push(&mut self, id: &[u8]) -> Result<()> {
        let number = self.number(id)?;
        self.numbers.push(number);
        Ok(())
    }

    fn number(&mut self, id: &[u8]) -> Result<u32> {
        if let Some((last, number)) = &self.last
            && last == id
        {
            return Ok(*number);
        }
        let number = self.interner.number(id).ok_or_else(too_many)?;
        let (last, last_number) = self.last.get_or_insert_default();
        last.clear();
        last.extend_from_slice(id);
        *last_number = number;
        Ok(number)
    }

    /// Numbers the ids that have rows in the order of their bytes; returns their former numbers in this order.
    fn put_in_order(&mut self) -> Vec<u32> {
        let mut place = vec![MISSING; self.interner.len()];
        for number in &self.numbers {
            place[*number as usize] = 0;
        }
        let mut order = self.interner.in_order();
        order.retain(|number| place[*number as usize] != MISSING);
        for (at, number) in (0u32..).zip(&order) {
            place[*number as usize] = at;
        }
        for number in &mut self.numbers {
            *number = place[*number as usize];
        }
        order
    }

    /// Ids as text.
    fn texts(&self, numbers: &[u32], what: &str, files: &[PathBuf]) -> Result<Vec<String>> {
        let text = |number: &u32| {
            std::str::from_utf8(self.interner.id(*number)).map(str::to_owned).map_err(|_| {
                Error::input(format!("an id of a {what} is not UTF-8"))
                    .at(Place::file(files.first().map_or_else(PathBuf::new, PathBuf::clone)))
                    .hint("convert the file, for example with `iconv -f LATIN1 -t UTF-8`")
            })
        };
        numbers.iter().map(text).collect()
    }
}

/// More ids than numbers can count.
pub fn too_many() -> Error {
    Error::input("more ids than numbers: 4,294,967,293 at most")
}

/// Empty, or nothing but blanks.
pub fn is_blank(id: &[u8]) -> bool {
    id.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// All columns; those that are not wanted stay empty.
#[derive(Debug, Default)]
pub struct Table {
    /// Which columns are filled besides the product.
    pub wanted: Wanted,
    /// The baskets.
    pub basket: Ids,
    /// The products.
    pub product: Ids,
    /// The customers.
    pub customer: Ids,
    /// Days by row.
    pub day: Vec<i32>,
    /// What became of the rows.
    pub report: Report,
}

/// A row of a text file.
pub struct Row<'r> {
    pub basket: &'r [u8],
    pub product: &'r [u8],
    pub customer: &'r [u8],
    pub day: i32,
    pub quantity: Quantity,
}

impl Table {
    /// An empty table.
    pub fn new(wanted: Wanted) -> Table {
        Table { wanted, ..Table::default() }
    }

    /// Adds a row, or counts why not.
    pub fn push(&mut self, row: &Row<'_>, spot: Spot) -> Result<()> {
        let missing = [is_blank(row.basket), is_blank(row.product), is_blank(row.customer)];
        if let Some(reason) = self.wanted.reason(missing, row.day, row.quantity) {
            self.report.leave_out(reason, spot);
            return Ok(());
        }
        if self.wanted.basket {
            self.basket.push(row.basket)?;
        }
        self.product.push(row.product)?;
        if self.wanted.customer {
            self.customer.push(row.customer)?;
        }
        if self.wanted.date {
            self.day.push(row.day);
        }
        Ok(())
    }

    /// Takes out the rows from `from` on that cannot be used. `quantity` is that of those rows, or empty.
    pub fn keep_usable(&mut self, from: usize, quantity: &[Quantity], file: usize) {
        let Table { wanted, basket, product, customer, day, report } = self;
        let is_missing = |ids: &Ids, row: usize| ids.numbers.get(row) == Some(&MISSING);
        let mut kept = from;
        for row in from..product.numbers.len() {
            let missing = [is_missing(basket, row), is_missing(product, row), is_missing(customer, row)];
            let bought = quantity.get(row - from).copied().unwrap_or(Quantity::Bought);
            if let Some(reason) = wanted.reason(missing, day.get(row).copied().unwrap_or(0), bought) {
                report.leave_out(reason, Spot { file, line: (row - from) as u64 + 1 });
                continue;
            }
            if kept < row {
                for column in [&mut basket.numbers, &mut product.numbers, &mut customer.numbers] {
                    if row < column.len() {
                        column[kept] = column[row];
                    }
                }
                if row < day.len() {
                    day[kept] = day[row];
                }
            }
            kept += 1;
        }
        for column in [&mut basket.numbers, &mut product.numbers, &mut customer.numbers] {
            column.truncate(kept);
        }
        day.truncate(kept);
    }

    /// All rows, products in the order of their ids.
    pub fn finish(mut self, files: &[PathBuf]) -> Result<Lines> {
        self.report.files = files.to_vec();
        self.report.used = self.product.numbers.len() as u64;
        self.report.rows = self.report.used + self.report.left_out();
        let order = self.product.put_in_order();
        let products = self.product.texts(&order, "product", files)?;
        let customers =
            if self.wanted.ordered { self.customer.put_in_order().len() } else { self.customer.interner.len() };
        Ok(Lines {
            baskets: self.basket.interner.len(),
            basket: self.basket.numbers,
            products,
            product: self.product.numbers,
            customers,
            customer: self.customer.numbers,
            day: self.day,
            report: self.report,
        })
    }
}

impl Wanted {
    /// Why a row cannot be used; `missing` are basket, product and customer.
    fn reason(self, missing: [bool; 3], day: i32, quantity: Quantity) -> Option<Reason> {
        let [basket, product, customer] = missing;
        if self.basket && basket {
            Some(Reason::NoBasket)
        } else if product {
            Some(Reason::NoProduct)
        } else if self.customer && customer {
            Some(Reason::NoCustomer)
        } else if self.date && day == NO_DAY {
            Some(Reason::NoDate)
        } else if self.date && day == BAD_DAY {
            Some(Reason::BadDate)
        } else {
            match quantity {
                Quantity::Bought => None,
                Quantity::Returned => Some(Reason::Returned),
                Quantity::Bad => Some(Reason::BadQuantity),
            }
        }
    }
}
