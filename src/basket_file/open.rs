//! A file as it lies there: packed or not, text or Parquet. Its first bytes say which, whatever it is called.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, IoContext, Place, Result};

/// How much is read from a file at once.
const READ_BYTES: usize = 1 << 18;

/// A file that was opened.
pub enum Opened {
    /// Text, unpacked while it is read.
    Text(Box<dyn BufRead>),
    /// Parquet.
    Columns(File),
}

/// Opens a file.
///
/// # Errors
/// Input, when it cannot be read, is empty, or is packed in another way.
pub fn open(path: &Path) -> Result<Opened> {
    let file = File::open(path).reading(path)?;
    if file.metadata().reading(path)?.is_dir() {
        return Err(Error::input("this is a folder").at(Place::file(path)).hint("name the files in it"));
    }
    let mut reader = BufReader::with_capacity(READ_BYTES, file);
    let head: [u8; 4] = {
        let bytes = reader.fill_buf().reading(path)?;
        let mut head = [0; 4];
        let known = bytes.len().min(4);
        head[..known].copy_from_slice(&bytes[..known]);
        head
    };
    Ok(match head {
        [b'P', b'A', b'R', b'1'] => Opened::Columns(reader.into_inner()),
        [0x1f, 0x8b, ..] => Opened::Text(unpacked(MultiGzDecoder::new(reader))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = zstd::Decoder::with_buffer(reader).reading(path)?;
            Opened::Text(unpacked(decoder))
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err(Error::input("this is UTF-16").at(Place::file(path)).hint("save the file as UTF-8"));
        }
        [b'P', b'K', 3, 4] => {
            return Err(Error::input("this is a ZIP archive, or a spreadsheet")
                .at(Place::file(path))
                .hint("unpack it, or save the sheet as CSV"));
        }
        _ => Opened::Text(Box::new(reader)),
    })
}

fn unpacked(decoder: impl Read + 'static) -> Box<dyn BufRead> {
    Box::new(BufReader::with_capacity(READ_BYTES, decoder))
}

/// What a failure to read text is: cut, damaged, or gone.
pub fn broken(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::input("the file is cut or damaged")
        .at(Place::file(path))
        .hint("get the file again, and compare its size")
        .because(error)
}
