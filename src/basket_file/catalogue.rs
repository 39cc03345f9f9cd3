//! A file with a row a product: which group each product is in.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::header::{Columns, Role};
use super::interner::{Interner, MISSING};
use super::open::{self, Opened, broken};
use super::rows::{delimiter, first_line, header_of};
use super::table::{is_blank, too_many};
use crate::error::{Error, Place, Result};

/// Groups of products: categories, brands, departments.
#[derive(Debug, Default)]
pub struct Groups {
    products: Interner,
    /// The group of each product; [`MISSING`] for none.
    of: Vec<u32>,
    /// The groups, in the order of their names.
    pub names: Vec<String>,
}

impl Groups {
    /// The group of a product, if it has one.
    pub fn of(&self, product: &str) -> Option<u32> {
        let number = self.products.find(product.as_bytes())?;
        Some(self.of[number as usize]).filter(|group| *group != MISSING)
    }
}

/// Reads the column `by` of a CSV file of products.
///
/// # Errors
/// Input, when the file cannot be read, lacks a column, or has a product in two groups.
pub fn read_groups(path: &Path, by: &str, columns: &Columns) -> Result<Groups> {
    let Opened::Text(reader) = open::open(path)? else {
        return Err(Error::input("a file of products has to be CSV").at(Place::file(path)));
    };
    let (first, reader) = first_line(reader, path)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter(&first)).flexible(true).from_reader(reader);
    let header = header_of(&mut reader, path)?;
    let product = columns.place(Role::Product, true, &header, path)?.unwrap_or(0);
    let named = Columns { product: Some(by.to_owned()), ..Columns::default() };
    let group = named.place(Role::Product, true, &header, path)?.unwrap_or(0);
    let (mut products, mut groups, mut of) = (Interner::default(), Interner::default(), Vec::new());
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| broken(path, error))? {
        let (Some(product), Some(group)) = (record.get(product), record.get(group)) else { continue };
        let number = products.number(product).ok_or_else(too_many)?;
        let group = if is_blank(group) { MISSING } else { groups.number(group).ok_or_else(too_many)? };
        match of.get(number as usize) {
            None => of.push(group),
            Some(before) if *before == group => {}
            Some(_) => {
                let line = record.position().map_or(0, csv::Position::line);
                return Err(
                    Error::input(format!("a product has two values of `{by}`")).at(Place::file(path).at_line(line))
                );
            }
        }
    }
    let order = groups.in_order();
    let mut rank = vec![0; order.len()];
    for (place, number) in (0_u32..).zip(&order) {
        rank[*number as usize] = place;
    }
    for group in of.iter_mut().filter(|group| **group != MISSING) {
        *group = rank[*group as usize];
    }
    let name = |number: &u32| String::from_utf8_lossy(groups.id(*number)).into_owned();
    Ok(Groups { names: order.iter().map(name).collect(), products, of })
}
