//! One row as a line of CSV or of NDJSON.

use super::dataset::{Csv, Format, Guard};
use super::records::{Field, Kind};
use crate::error::{Error, Result};

/// Appends the head of a file, if its format has one.
pub(super) fn head(format: Format, fields: &[Field], line: &mut Vec<u8>) {
    if let Format::Csv(Csv { header: true, .. }) = format {
        let names: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
        csv_line(names.into_iter(), line);
    }
}

/// Appends a row. `None` is a cell that is not there: blank in CSV, left out of NDJSON. An empty cell is blank, or `null`.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when a cell cannot be written as JSON.
pub(super) fn row<'a>(
    format: Format,
    fields: &[Field],
    cells: impl Iterator<Item = Option<&'a str>>,
    line: &mut Vec<u8>,
) -> Result<()> {
    match format {
        Format::Csv(csv) => {
            let guarded = |(field, cell): (&Field, Option<&'a str>)| Cell {
                text: cell.unwrap_or(""),
                guarded: is_guarded(csv.guard, field.kind),
            };
            csv_cells(fields.iter().zip(cells).map(guarded), line);
            Ok(())
        }
        Format::Ndjson => object(fields.iter().zip(cells).filter_map(|(field, cell)| Some((field, cell?))), line),
    }
}

/// Appends a JSON object and a line feed; an empty cell is `null`.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a Field, &'a str)>, line: &mut Vec<u8>) -> Result<()> {
    line.push(b'{');
    for (place, (field, cell)) in members.enumerate() {
        if place > 0 {
            line.push(b',');
        }
        quote(&field.name, line)?;
        line.push(b':');
        match field.kind {
            _ if cell.is_empty() => line.extend(b"null"),
            Kind::Id | Kind::Text => quote(cell, line)?,
            Kind::Number | Kind::Boolean | Kind::Json => line.extend(cell.bytes()),
        }
    }
    line.extend(b"}\n");
    Ok(())
}

fn quote(text: &str, line: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(line, text).map_err(|error| Error::internal("cannot write JSON").because(error))
}

struct Cell<'a> {
    text: &'a str,
    guarded: bool,
}

fn csv_line<'a>(cells: impl Iterator<Item = &'a str>, line: &mut Vec<u8>) {
    csv_cells(cells.map(|text| Cell { text, guarded: false }), line);
}

fn csv_cells<'a>(cells: impl Iterator<Item = Cell<'a>>, line: &mut Vec<u8>) {
    let start = line.len();
    for (place, Cell { text, guarded }) in cells.enumerate() {
        if place > 0 {
            line.push(b',');
        }
        let formula = guarded && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        // A mark of byte order at the start of a file is taken off by readers, unless it is quoted.
        let quoted = text.contains(['"', ',', '\n', '\r', '\u{feff}']);
        if quoted {
            line.push(b'"');
        }
        if formula {
            line.push(b'\'');
        }
        for byte in text.bytes() {
            if byte == b'"' {
                line.push(b'"');
            }
            line.push(byte);
        }
        if quoted {
            line.push(b'"');
        }
    }
    if line.len() == start {
        // A line of one blank cell would be no line at all.
        line.extend(b"\"\"");
    }
    line.push(b'\n');
}

fn is_guarded(guard: Guard, kind: Kind) -> bool {
    match guard {
        Guard::All => matches!(kind, Kind::Id | Kind::Text | Kind::Json),
        Guard::Text => matches!(kind, Kind::Text | Kind::Json),
        Guard::Off => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields() -> Vec<Field> {
        vec![Field::id("id"), Field::text("note"), Field::number("n"), Field::boolean("yes")]
    }

    fn line(format: Format, cells: [&str; 4]) -> String {
        let mut line = Vec::new();
        row(format, &fields(), cells.into_iter().map(Some), &mut line).unwrap();
        String::from_utf8(line).unwrap()
    }

    fn csv(guard: Guard) -> Format {
        Format::Csv(Csv { header: true, guard })
    }

    /// Row 36 of `spec/reliability.md`: text, never numbers; ids where nobody but a person reads them.
    #[test]
    fn formulas_are_guarded_where_a_person_may_open_the_file() {
        for start in ["=", "+", "-", "@", "\t"] {
            let cell = format!("{start}1+2");
            let cells = [cell.as_str(), cell.as_str(), "-5", "true"];
            assert_eq!(line(csv(Guard::All), cells), format!("'{cell},'{cell},-5,true\n"));
            assert_eq!(line(csv(Guard::Text), cells), format!("{cell},'{cell},-5,true\n"));
            assert_eq!(line(csv(Guard::Off), cells), format!("{cell},{cell},-5,true\n"));
        }
        assert_eq!(line(csv(Guard::All), ["\r=1", "a=b", "", ""]), "\"'\r=1\",a=b,,\n");
    }

    #[test]
    fn json_has_values_of_its_own_types() {
        let written = line(Format::Ndjson, ["=1", "say \"hi\"\n", "-5.0000", ""]);
        assert_eq!(written, "{\"id\":\"=1\",\"note\":\"say \\\"hi\\\"\\n\",\"n\":-5.0000,\"yes\":null}\n");
    }

    proptest! {
        #[test]
        fn csv_reads_back_as_it_was(cells in prop::collection::vec(".{0,8}|[\",\r\n =]{0,4}", 1..5)) {
            let fields: Vec<Field> = (0..cells.len()).map(|place| Field::new(format!("c{place}"), Kind::Text)).collect();
            let mut written = Vec::new();
            let format = Format::Csv(Csv { header: false, guard: Guard::Off });
            row(format, &fields, cells.iter().map(|cell| Some(cell.as_str())), &mut written).unwrap();
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&written[..]);
            let read: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read[0].iter().collect::<Vec<_>>(), cells.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
