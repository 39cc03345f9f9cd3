//! CSV with a header and a row for each product of a basket. Commas, semicolons, tabs or bars: what the header has most of.

use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};

use super::days::{Days, NO_DAY};
use super::header::{Columns, Role};
use super::open::broken;
use super::report::{Reason, Spot};
use super::table::{Quantity, Row, Table};
use crate::error::{Error, Place, Result};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Where the columns are that are wanted.
struct Places {
    basket: Option<usize>,
    product: usize,
    customer: Option<usize>,
    date: Option<usize>,
    quantity: Option<usize>,
}

/// Reads a file into `table`.
pub fn read(reader: Box<dyn BufRead>, path: &Path, number: usize, columns: &Columns, table: &mut Table) -> Result<()> {
    let (first, reader) = first_line(reader, path)?;
    let mut reader = ReaderBuilder::new().delimiter(delimiter(&first)).flexible(true).from_reader(reader);
    let header = header_of(&mut reader, path)?;
    let wanted = table.wanted;
    let place = |role, required| columns.place(role, required, &header, path);
    let optional = |role, is_wanted: bool| if is_wanted { place(role, true) } else { Ok(None) };
    let places = Places {
        basket: optional(Role::Basket, wanted.basket)?,
        product: place(Role::Product, true)?.unwrap_or(0),
        customer: optional(Role::Customer, wanted.customer)?,
        date: optional(Role::Date, wanted.date)?,
        quantity: place(Role::Quantity, false)?,
    };
    let mut days = Days::default();
    let mut record = ByteRecord::new();
    let field = |record: &ByteRecord, place: Option<usize>| place.map(|place| record.range(place));
    while reader.read_byte_record(&mut record).map_err(|error| broken(path, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let spot = Spot { file: number, line };
        if record.len() != header.len() {
            table.report.leave_out(Reason::Fields, spot);
            continue;
        }
        let bytes = record.as_slice();
        let text = |place: Option<usize>| field(&record, place).flatten().map_or(&b""[..], |range| &bytes[range]);
        let row = Row {
            basket: text(places.basket),
            product: text(Some(places.product)),
            customer: text(places.customer),
            day: if places.date.is_some() { days.day(text(places.date))? } else { NO_DAY },
            quantity: if places.quantity.is_some() {
                Quantity::of_text(text(places.quantity))
            } else {
                Quantity::Bought
            },
        };
        table.push(&row, spot)?;
    }
    Ok(())
}

/// The first line without a byte order mark, and all lines from it on.
pub fn first_line(mut reader: Box<dyn BufRead>, path: &Path) -> Result<(Vec<u8>, impl Read)> {
    let mut first = Vec::new();
    reader.read_until(b'\n', &mut first).map_err(|error| broken(path, error))?;
    if first.starts_with(b"\xef\xbb\xbf") {
        first.drain(..3);
    }
    Ok((first.clone(), Cursor::new(first).chain(reader)))
}

/// The names of the columns.
pub fn header_of(reader: &mut csv::Reader<impl Read>, path: &Path) -> Result<Vec<String>> {
    let header = reader.byte_headers().map_err(|error| broken(path, error))?;
    if header.is_empty() {
        return Err(Error::input("the file is empty").at(Place::file(path)));
    }
    Ok(header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect())
}

/// The delimiter that the header has most of, outside quotes; a comma when it has none.
pub fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in header {
        quoted ^= *byte == b'"';
        if let Some(found) = DELIMITERS.iter().position(|delimiter| delimiter == byte).filter(|_| !quoted) {
            counts[found] += 1;
        }
    }
    let most = (0..counts.len()).rev().max_by_key(|found| counts[*found]).unwrap_or(0);
    DELIMITERS[most]
}
