//! What a consumer was given: records as a compressed file, to compare the next ones with.

use std::borrow::Cow;

use super::dataset::{Csv, Format, Guard};
use super::records::{Field, Kind, Records};
use super::write;
use crate::error::{Error, Result};

const PLAIN: Format = Format::Csv(Csv { header: true, guard: Guard::Off });

/// How hard to compress: records of a million customers take a second.
const LEVEL: i32 = 3;

/// Records as a file.
///
/// # Errors
/// [`ErrorKind::Internal`](crate::error::ErrorKind::Internal) when they cannot be compressed.
pub(super) fn pack(records: &Records) -> Result<Vec<u8>> {
    let failed = |error| Error::internal("could not compress what a consumer was given").because(error);
    let mut packed = zstd::Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
    let mut line = Vec::new();
    write::head(PLAIN, records.fields(), &mut line);
    for row in 0..records.len() {
        write::row(PLAIN, records.fields(), records.row(row).map(Some), &mut line)?;
        std::io::Write::write_all(&mut packed, &line).map_err(failed)?;
        line.clear();
    }
    std::io::Write::write_all(&mut packed, &line).map_err(failed)?;
    packed.finish().map_err(failed)
}

/// Records from a file whose first `key` columns identify a row. What kinds its columns are of, nobody asks any more.
///
/// # Errors
/// [`ErrorKind::Verify`](crate::error::ErrorKind::Verify) when the file is not as it was written.
pub(super) fn unpack(packed: &[u8], key: usize) -> Result<Records> {
    let damaged = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(crate::error::ErrorKind::Verify, "what the consumer was given last cannot be read")
            .hint("export all of it once with `--full`, and let the consumer replace what it has")
            .because(error)
    };
    let decoder = zstd::Decoder::new(packed).map_err(|error| damaged(error.into()))?;
    let mut reader = csv::Reader::from_reader(decoder);
    let header = reader.headers().map_err(|error| damaged(error.into()))?;
    let fields: Vec<Field> = header.iter().map(|name| Field::new(Cow::Owned(name.to_owned()), Kind::Text)).collect();
    let mut records = Records::new(fields, key);
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).map_err(|error| damaged(error.into()))? {
        records.push_text(&row).map_err(|error| damaged(error.into()))?;
    }
    records.sorted().map_err(|error| damaged(error.into()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_reads_back_as_it_was() {
        let fields = vec![Field::id("id"), Field::text("note")];
        let mut records = Records::new(fields, 1);
        for (id, note) in [("=b", ""), ("a", "x,\"y\"\r\nz"), ("'c", "'")] {
            records.push(&[id.into(), note.into()]).unwrap();
        }
        let records = records.sorted().unwrap();
        let back = unpack(&pack(&records).unwrap(), 1).unwrap();
        let rows = |records: &Records| -> Vec<Vec<String>> {
            (0..records.len()).map(|row| records.row(row).map(str::to_owned).collect()).collect()
        };
        assert_eq!(rows(&back), rows(&records));
        assert!(unpack(b"not this", 1).is_err());
        assert_eq!(unpack(&pack(&Records::new(vec![Field::id("id")], 1)).unwrap(), 1).unwrap().len(), 0);
    }
}
