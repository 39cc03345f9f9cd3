//! Parquet for the next tool: what was asked for, as it was computed.

use std::io::Write;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Rows;
use crate::error::{Error, Result};

pub(super) fn write(rows: &Rows, out: &mut (dyn Write + Send)) -> Result<()> {
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(out, rows.schema.clone(), Some(properties)).map_err(failed)?;
    for batch in &rows.batches {
        writer.write(batch).map_err(failed)?;
    }
    writer.close().map_err(failed)?;
    Ok(())
}

fn failed(error: ParquetError) -> Error {
    Error::output("could not write Parquet").hint("free space or choose another file with `--out`").because(error)
}
