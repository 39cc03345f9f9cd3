//! A basket a line, without a header: the form of FIMI files (numbers between blanks) and of `arules` (names between commas).

use std::io::{BufRead, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::days::NO_DAY;
use super::open::broken;
use super::report::Spot;
use super::table::{Quantity, Row, Table};
use crate::error::{Error, Place, Result};

/// Reads a file into `table`. A basket is called as its line, of all files together.
pub fn read(mut reader: Box<dyn BufRead>, path: &Path, number: usize, table: &mut Table) -> Result<()> {
    if table.wanted.customer || table.wanted.date {
        return Err(Error::usage("a file with a basket a line has no customers and no dates")
            .at(Place::file(path))
            .hint("give a file with a row for each product, and columns for the basket, customer and date"));
    }
    let (has_mark, has_commas) = {
        let head = reader.fill_buf().map_err(|error| broken(path, error))?;
        (head.starts_with(b"\xef\xbb\xbf"), head.contains(&b','))
    };
    if has_mark {
        reader.consume(3);
    }
    if has_commas { between_commas(reader, path, number, table) } else { between_blanks(reader, path, number, table) }
}

fn between_commas(reader: impl Read, path: &Path, number: usize, table: &mut Table) -> Result<()> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(reader);
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| broken(path, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        basket(record.iter().filter(|product| !product.is_empty()), Spot { file: number, line }, table)?;
    }
    Ok(())
}

fn between_blanks(mut reader: impl BufRead, path: &Path, number: usize, table: &mut Table) -> Result<()> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if reader.read_until(b'\n', &mut text).map_err(|error| broken(path, error))? == 0 {
            break;
        }
        let products = text.split(u8::is_ascii_whitespace).filter(|product| !product.is_empty());
        basket(products, Spot { file: number, line }, table)?;
    }
    Ok(())
}

fn basket<'p>(products: impl Iterator<Item = &'p [u8]>, spot: Spot, table: &mut Table) -> Result<()> {
    let name = format!("{}:{}", spot.file, spot.line);
    for product in products {
        let row = Row { basket: name.as_bytes(), product, customer: b"", day: NO_DAY, quantity: Quantity::Bought };
        table.push(&row, spot)?;
    }
    Ok(())
}
