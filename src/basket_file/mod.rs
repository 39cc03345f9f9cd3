//! A basket file, for the analyst who has nothing else: which products were in which basket, and who bought them when, if
//! the file says so. Ids become numbers while they are read, and no line has a string of its own.
//!
//! ```text
//! CSV, .gz, .zst ──rows──────┐
//! a basket a line ──lines────┼──▶ Table (a number a line and column) ──finish──▶ Lines, Report
//! Parquet ──columnar─────────┘
//! ```

mod catalogue;
mod columnar;
mod days;
mod header;
mod interner;
mod lines;
mod open;
mod report;
mod rows;
mod table;

use std::path::{Path, PathBuf};

pub use catalogue::{Groups, read_groups};
pub use days::epoch_day;
pub use header::{Columns, Role};
pub use interner::{Interner, MISSING};
pub use report::{Reason, Report};

use self::open::Opened;
use self::table::Table;
use crate::error::{Error, Place, Result};
use crate::models::affinity::Incidence;

/// How baskets lie in a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A header, and a row for each product of a basket.
    Rows,
    /// A line for each basket: its products between commas if there is a comma, else between blanks. No header.
    Lines,
}

/// What has to be read besides the products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The basket of each line.
    pub basket: bool,
    /// Its customer.
    pub customer: bool,
    /// Customers in the order of their ids. Otherwise they are numbered as they come, like baskets.
    pub ordered: bool,
    /// Its day.
    pub date: bool,
}

/// What a basket file says, in the order of its rows. Columns that were not wanted are empty.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// How many baskets there are.
    pub baskets: usize,
    /// The basket of each line, numbered as they come: no result may depend on these numbers.
    pub basket: Vec<u32>,
    /// The products, in the order of their ids.
    pub products: Vec<String>,
    /// The product of each line.
    pub product: Vec<u32>,
    /// How many customers there are.
    pub customers: usize,
    /// The customer of each line. No result may depend on the numbers unless order was wanted.
    pub customer: Vec<u32>,
    /// The day of each line, from 1970-01-01.
    pub day: Vec<i32>,
    /// What became of the rows.
    pub report: Report,
}

impl Lines {
    /// Baskets by products.
    pub fn by_basket(&self) -> Incidence {
        let pairs = self.basket.iter().copied().zip(self.product.iter().copied());
        Incidence::from_pairs(self.baskets, self.products.len(), pairs)
    }

    /// Customers by products.
    pub fn by_customer(&self) -> Incidence {
        let pairs = self.customer.iter().copied().zip(self.product.iter().copied());
        Incidence::from_pairs(self.customers, self.products.len(), pairs)
    }
}

/// Reads basket files as one.
///
/// # Errors
/// Input, when a file cannot be read, lacks a column, or nothing in it can be used.
pub fn read(files: &[PathBuf], layout: Layout, columns: &Columns, wanted: Wanted) -> Result<Lines> {
    let mut table = Table::new(wanted);
    for (number, file) in files.iter().enumerate() {
        match open::open(file)? {
            Opened::Columns(reader) => columnar::read(&reader, file, number, columns, &mut table)?,
            Opened::Text(reader) => match layout {
                Layout::Rows => rows::read(reader, file, number, columns, &mut table)?,
                Layout::Lines => lines::read(reader, file, number, &mut table)?,
            },
        }
    }
    let lines = table.finish(files)?;
    if lines.product.is_empty() {
        let place = Place::file(files.first().map_or(Path::new("-"), PathBuf::as_path));
        return Err(match lines.report.first() {
            None => Error::input("the file has no rows").at(place),
            Some((reason, _)) => Error::input(format!(
                "none of {} rows can be used: {}",
                lines.report.rows,
                lines.report.in_words(reason)
            ))
            .at(place)
            .hint("say which column is what with `--basket`, `--product`, `--customer` and `--date`"),
        });
    }
    Ok(lines)
}
