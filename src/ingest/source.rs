//! A file as a stream of text or bytes: hashed while it is read, unpacked, decoded, guarded.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use encoding_rs::{Decoder, DecoderResult};
use flate2::bufread::MultiGzDecoder;

use crate::config::{Encoding, Format};
use crate::error::{Error, IoContext, Place, Result};

/// How much is read from a file at once.
const READ_BYTES: usize = 1 << 18;

/// Expansion is only judged beyond this many bytes: small files may well consist of one repeated line.
const EXPANSION_FROM: u64 = 16 << 20;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        }
    }
}

/// Size and time of a file, to notice that it changes while it is read.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<std::time::SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp { bytes: metadata.len(), modified: metadata.modified().ok() }
    }
}

/// A file that is being read.
pub(super) struct Source {
    reader: Box<dyn Read + Send>,
    pub compression: Compression,
    /// The first bytes behind the compression, for a look at the format.
    pub head: Vec<u8>,
    raw: Arc<Mutex<Raw>>,
    stamp: Stamp,
}

#[derive(Default)]
struct Raw {
    hasher: blake3::Hasher,
    bytes: u64,
}

/// What was read, once all of it was.
pub(super) struct Finished {
    pub bytes: u64,
    pub blake3: String,
}

fn lock(raw: &Mutex<Raw>) -> std::sync::MutexGuard<'_, Raw> {
    raw.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hashes what passes through.
struct Hashing {
    file: File,
    raw: Arc<Mutex<Raw>>,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let mut raw = lock(&self.raw);
        raw.hasher.update(&buffer[..read]);
        raw.bytes += read as u64;
        Ok(read)
    }
}

/// A guard that stopped a file, carried through [`io::Error`].
#[derive(Debug, thiserror::Error)]
#[error("one byte expands to more than {limit}")]
struct TooExpansive {
    limit: u64,
}

/// Fails when more comes out than the compressed bytes may expand to.
struct Expanding<R> {
    inner: R,
    raw: Arc<Mutex<Raw>>,
    out: u64,
    limit: u64,
}

impl<R: Read> Read for Expanding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.out += read as u64;
        if self.out > EXPANSION_FROM && self.out / self.limit.max(1) > lock(&self.raw).bytes {
            return Err(io::Error::other(TooExpansive { limit: self.limit }));
        }
        Ok(read)
    }
}

impl Source {
    /// Opens `path` and looks at how it is packed.
    pub fn open(path: &Path, max_expansion: u64) -> Result<Source> {
        let file = File::open(path).reading(path)?;
        let metadata = file.metadata().reading(path)?;
        if !metadata.is_file() {
            return Err(Error::input("not a file")
                .at(Place::file(path))
                .hint("name files, or a glob such as `dir/*.csv`"));
        }
        let stamp = Stamp::of(&metadata);
        let raw = Arc::new(Mutex::new(Raw::default()));
        let mut packed = BufReader::with_capacity(READ_BYTES, Hashing { file, raw: Arc::clone(&raw) });
        let magic = packed.fill_buf().reading(path)?;
        if magic.starts_with(b"PK\x03\x04") {
            return Err(Error::input("a zip archive")
                .at(Place::file(path))
                .hint("unpack it, or pack it with gzip or zstd"));
        }
        let expanding = |inner| Expanding { inner, raw: Arc::clone(&raw), out: 0, limit: max_expansion };
        let (compression, reader): (_, Box<dyn Read + Send>) = if magic.starts_with(&[0x1f, 0x8b]) {
            let inner: Box<dyn Read + Send> = Box::new(MultiGzDecoder::new(packed));
            (Compression::Gzip, Box::new(expanding(inner)))
        } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let inner: Box<dyn Read + Send> = Box::new(zstd::Decoder::with_buffer(packed).reading(path)?);
            (Compression::Zstd, Box::new(expanding(inner)))
        } else {
            (Compression::None, Box::new(packed))
        };
        let mut source = Source { reader, compression, head: Vec::new(), raw, stamp };
        let mut head = vec![0; 4096];
        let filled = read_full(&mut source.reader, &mut head).map_err(|error| unreadable(path, error))?;
        head.truncate(filled);
        source.head = head;
        Ok(source)
    }

    /// The whole content behind the compression, from its first byte.
    pub fn bytes(&mut self) -> impl Read + Send + use<> {
        let head = io::Cursor::new(self.head.clone());
        let rest = std::mem::replace(&mut self.reader, Box::new(io::empty()));
        head.chain(rest)
    }

    /// Checks that the file is still what it was when it was opened, and says what was read. The stream must have been
    /// read to its end, and the trailer of an archive verified by that.
    pub fn finish(self, path: &Path) -> Result<Finished> {
        let now = Stamp::of(&std::fs::metadata(path).reading(path)?);
        let raw = lock(&self.raw);
        if now != self.stamp || raw.bytes != self.stamp.bytes {
            return Err(changed(path));
        }
        Ok(Finished { bytes: raw.bytes, blake3: raw.hasher.finalize().to_hex().to_string() })
    }
}

fn changed(path: &Path) -> Error {
    Error::input("the file changed while it was read")
        .at(Place::file(path))
        .hint("let the export finish, or write it under another name and rename it")
}

/// Fills `buffer` as far as the stream goes.
pub(super) fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What went wrong while unpacking or decoding a file, and what to do.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    if let Some(guard) = error.get_ref().and_then(|inner| inner.downcast_ref::<TooExpansive>()) {
        return Error::input(format!(
            "a compressed byte expands to more than {}, as a decompression bomb does",
            guard.limit
        ))
        .at(Place::file(path))
        .hint("if the file is genuine, raise the input's `max_expansion`");
    }
    let broken = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the archive is cut off",
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => "the archive is corrupt",
        _ => return Error::input(format!("could not read `{}`", path.display())).at(Place::file(path)).because(error),
    };
    Error::input(format!("{broken}; no row of it was kept"))
        .at(Place::file(path))
        .hint("ask for the file again, and compare its size and checksum")
        .because(error)
}

/// BLAKE3 and size of a file.
pub(super) fn hash_file(path: &Path) -> Result<Finished> {
    let before = Stamp::of(&std::fs::metadata(path).reading(path)?);
    let mut file = File::open(path).reading(path)?;
    let mut hasher = blake3::Hasher::new();
    let bytes = io::copy(&mut file, &mut hasher).reading(path)?;
    let after = Stamp::of(&std::fs::metadata(path).reading(path)?);
    if before != after || bytes != before.bytes {
        return Err(changed(path));
    }
    Ok(Finished { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// What a file holds: as the pipeline file says, else by its first bytes and its name.
pub(super) fn format_of(path: &Path, head: &[u8], configured: Format) -> Result<Format> {
    let parquet = head.starts_with(b"PAR1");
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let named_parquet = name.ends_with(".parquet") || name.ends_with(".pq");
    match configured {
        Format::Parquet if !parquet => Err(not_parquet(path)),
        Format::Auto if parquet => Ok(Format::Parquet),
        Format::Auto if named_parquet => Err(not_parquet(path)),
        Format::Auto if name.ends_with(".ndjson") || name.ends_with(".jsonl") => Ok(Format::Ndjson),
        Format::Auto if name.ends_with(".json") => Ok(Format::Ndjson),
        Format::Auto => Ok(Format::Csv),
        format => Ok(format),
    }
}

fn not_parquet(path: &Path) -> Error {
    Error::input("not a Parquet file, or a cut one").at(Place::file(path)).hint("ask for the file again")
}

/// Refuses UTF-16 that is read as something else, which would give rows of garbage.
pub(super) fn check_encoding(path: &Path, head: &[u8], configured: Encoding) -> Result<()> {
    let marked = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    let sample = &head[..head.len().min(256)];
    let nuls = sample.iter().filter(|&&byte| byte == 0).count();
    if configured != Encoding::Utf16 && (marked || nuls * 4 > sample.len()) {
        return Err(Error::input("the file looks like UTF-16")
            .at(Place::file(path))
            .hint("set the input's `encoding = \"utf-16\"`"));
    }
    Ok(())
}

/// Name of an encoding, as the pipeline file writes it.
pub(super) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
        Encoding::Gb18030 => "gb18030",
        Encoding::Latin1 => "latin-1",
    }
}

/// A stream in UTF-8. Text that is not of its declared encoding becomes the byte 0xFF, which UTF-8 does not have, so that
/// the rows that hold it are refused like any others with invalid text.
pub(super) fn utf8(reader: impl Read + Send + 'static, encoding: Encoding) -> Box<dyn Read + Send> {
    let decoder = match encoding {
        Encoding::Utf8 => return Box::new(reader),
        Encoding::Utf16 => encoding_rs::UTF_16LE.new_decoder(),
        Encoding::Gb18030 => encoding_rs::GB18030.new_decoder_with_bom_removal(),
        Encoding::Latin1 => encoding_rs::WINDOWS_1252.new_decoder_with_bom_removal(),
    };
    Box::new(Transcoding {
        reader,
        decoder,
        input: vec![0; READ_BYTES],
        from: 0,
        to: 0,
        ended: false,
        finished: false,
        spilled: VecDeque::new(),
    })
}

struct Transcoding<R> {
    reader: R,
    decoder: Decoder,
    input: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
    /// The decoder has given all; it must not be asked again.
    finished: bool,
    spilled: VecDeque<u8>,
}

impl<R: Read> Read for Transcoding<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The decoder needs room for one character; whoever asks for less gets it from here, byte by byte.
        if self.spilled.is_empty() && buffer.len() >= SLACK {
            return self.decode(buffer);
        }
        if self.spilled.is_empty() {
            let mut small = [0; SLACK];
            let decoded = self.decode(&mut small)?;
            self.spilled.extend(&small[..decoded]);
        }
        let taken = buffer.len().min(self.spilled.len());
        for (to, from) in buffer.iter_mut().zip(self.spilled.drain(..taken)) {
            *to = from;
        }
        Ok(taken)
    }
}

/// Room that one step of a decoder may need, and the mark behind it.
const SLACK: usize = 16;

impl<R: Read> Transcoding<R> {
    /// Decodes into `buffer`, at least one byte unless the stream is at its end.
    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.finished {
            return Ok(0);
        }
        let (room, _) = buffer.split_at_mut(buffer.len() - 1);
        let (result, written) = loop {
            if self.from == self.to && !self.ended {
                self.to = read_full(&mut self.reader, &mut self.input)?;
                self.from = 0;
                self.ended = self.to < self.input.len();
            }
            let input = &self.input[self.from..self.to];
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, room, self.ended);
            self.from += read;
            self.finished = self.ended && matches!(result, DecoderResult::InputEmpty);
            if written > 0 || self.ended || !matches!(result, DecoderResult::InputEmpty) {
                break (result, written);
            }
        };
        if let DecoderResult::Malformed(..) = result {
            buffer[written] = 0xff;
            return Ok(written + 1);
        }
        Ok(written)
    }
}
