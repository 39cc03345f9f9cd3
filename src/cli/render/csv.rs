//! CSV as RFC 4180 quotes it. A text that a spreadsheet would run as a formula gets a `'` before it.

use std::borrow::Cow;
use std::io::Write;

use arrow::datatypes::DataType;

use super::{Rows, Style, formatters, text_of};
use crate::cli::escape::escape;
use crate::error::{Error, Result};

pub(super) fn write(rows: &Rows, style: Style, out: &mut (dyn Write + Send)) -> Result<()> {
    let kinds: Vec<Kind> = rows.schema.fields().iter().map(|field| Kind::of(field.data_type())).collect();
    let mut writer = csv::Writer::from_writer(out);
    let names = rows.schema.fields().iter().map(|field| shown(field.name(), style));
    writer.write_record(names.map(|name| name.as_bytes().to_owned())).map_err(failed)?;
    for batch in &rows.batches {
        let columns = formatters(batch)?;
        for row in 0..batch.num_rows() {
            for (column, kind) in columns.iter().zip(&kinds) {
                let text = text_of(column, row)?;
                let text = match kind {
                    Kind::Text if style.safe_spreadsheet => guard(&text),
                    Kind::Float if text.parse().is_ok_and(|value: f64| !value.is_finite()) => Cow::Borrowed(""),
                    _ => Cow::Borrowed(text.as_str()),
                };
                writer.write_field(shown(&text, style).as_bytes()).map_err(failed)?;
            }
            writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
    }
    writer.flush().map_err(|error| failed(error.into()))
}

/// What a writer of CSV has to know of a column.
enum Kind {
    /// May hold a formula.
    Text,
    /// May hold NaN and infinities, which are no values to a reader of CSV.
    Float,
    /// As it is.
    Plain,
}

impl Kind {
    fn of(data_type: &DataType) -> Kind {
        match data_type {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Kind::Text,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
            _ => Kind::Plain,
        }
    }
}

fn shown(text: &str, style: Style) -> Cow<'_, str> {
    if style.terminal { escape(text) } else { Cow::Borrowed(text) }
}

/// Spreadsheets take a cell that begins with one of these for a formula (OWASP, CSV injection).
fn guard(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

fn failed(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => crate::cli::output::failed(error),
        other => Error::internal(format!("cannot write CSV: {other:?}")),
    }
}
