//! Text cut into blocks that end at the end of a record, so that blocks can be parsed side by side.

use std::io::Read;
use std::path::Path;

use super::report::LineEnds;
use super::source::{read_full, unreadable};
use crate::error::{Error, Place, Result};

/// Text from the start of a record to the end of one.
#[derive(Debug)]
pub(super) struct Block {
    pub bytes: Vec<u8>,
    /// Where it begins in the decompressed text.
    pub offset: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Whether a quote occurs in it.
    pub quoted: bool,
}

/// What separates records and fields, as far as cutting needs to know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks {
    pub delimiter: u8,
    /// `None` when nothing quotes: then every line is a record.
    pub quote: Option<u8>,
}

/// Cuts a stream into blocks.
pub(super) struct Blocks<'p, R> {
    reader: R,
    path: &'p Path,
    marks: Marks,
    block_bytes: usize,
    max_record_bytes: usize,
    rest: Vec<u8>,
    ended: bool,
    offset: u64,
    line: u64,
    pub line_ends: LineEnds,
}

impl<'p, R: Read> Blocks<'p, R> {
    pub fn new(reader: R, path: &'p Path, marks: Marks, block_bytes: usize, max_record_bytes: u64) -> Self {
        Blocks {
            reader,
            path,
            marks,
            block_bytes,
            max_record_bytes: usize::try_from(max_record_bytes).unwrap_or(usize::MAX),
            rest: Vec::new(),
            ended: false,
            offset: 0,
            line: 1,
            line_ends: LineEnds::default(),
        }
    }

    /// The next block, or `None` at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Input`](crate::error::ErrorKind::Input): the stream is broken, a record is too long, a quote stays
    /// open.
    pub fn next(&mut self) -> Result<Option<Block>> {
        loop {
            self.fill()?;
            if self.rest.is_empty() {
                return Ok(None);
            }
            let quoted = self.marks.quote.is_some_and(|quote| memchr::memchr(quote, &self.rest).is_some());
            let cut = match self.marks.quote {
                Some(quote) if quoted => cut_quoted(&self.rest, self.marks.delimiter, quote, self.ended),
                _ => cut_plain(&self.rest, self.ended),
            };
            let open_too_long = self.rest.len() - cut.at > self.max_record_bytes;
            if let Some(opened) = cut.open_quote
                && (self.ended || open_too_long)
            {
                return Err(self.unterminated(opened));
            }
            if open_too_long {
                return Err(self.too_long(cut.at));
            }
            if cut.at > 0 {
                return Ok(Some(self.take(cut.at, quoted)));
            }
            self.block_bytes += self.block_bytes.min(self.max_record_bytes);
        }
    }

    fn fill(&mut self) -> Result<()> {
        let kept = self.rest.len();
        if self.ended || kept >= self.block_bytes {
            return Ok(());
        }
        self.rest.resize(self.block_bytes, 0);
        let read = read_full(&mut self.reader, &mut self.rest[kept..]).map_err(|error| unreadable(self.path, error))?;
        self.rest.truncate(kept + read);
        self.ended = self.rest.len() < self.block_bytes;
        Ok(())
    }

    fn take(&mut self, at: usize, quoted: bool) -> Block {
        let rest = self.rest[at..].to_vec();
        let mut bytes = std::mem::replace(&mut self.rest, rest);
        bytes.truncate(at);
        let (offset, line) = (self.offset, self.line);
        let ends = count_line_ends(&bytes);
        self.offset += at as u64;
        self.line += ends.total();
        self.line_ends += ends;
        Block { bytes, offset, line, quoted }
    }

    fn unterminated(&self, opened: usize) -> Error {
        let line = self.line + count_line_ends(&self.rest[..opened]).total();
        Error::input("a quote is opened and never closed; no row of the file was kept")
            .at(Place::file(self.path).at_line(line))
            .hint("mend the export, or set the input's `quote = \"\"` if it does not quote")
    }

    fn too_long(&self, from: usize) -> Error {
        let line = self.line + count_line_ends(&self.rest[..from]).total();
        record_too_long(self.path, line, self.max_record_bytes)
    }
}

/// The error for a record beyond the limit.
pub(super) fn record_too_long(path: &Path, line: u64, limit: usize) -> Error {
    Error::input(format!("a record is longer than {limit} bytes; no row of the file was kept"))
        .at(Place::file(path).at_line(line))
        .hint("if it is genuine, raise the input's `max_record_bytes`")
}

/// Where a buffer can be cut.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    /// Behind the last record that is known to have ended.
    at: usize,
    /// The quote that is still open at the end.
    open_quote: Option<usize>,
}

/// Behind the last line end. A `\r` at the very end is none yet: a `\n` may follow.
fn cut_plain(bytes: &[u8], ended: bool) -> Cut {
    if ended {
        return Cut { at: bytes.len(), open_quote: None };
    }
    let known = match bytes.last() {
        Some(b'\r') => &bytes[..bytes.len() - 1],
        _ => bytes,
    };
    Cut { at: memchr::memrchr2(b'\n', b'\r', known).map_or(0, |at| at + 1), open_quote: None }
}

/// The same by the rules of the csv crate: a quote opens at the start of a field only, two quotes inside are one, and
/// behind the closing one anything up to the delimiter belongs to the field.
fn cut_quoted(bytes: &[u8], delimiter: u8, quote: u8, ended: bool) -> Cut {
    let mut cut = Cut { at: 0, open_quote: None };
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == quote {
            let Some(after) = skip_quoted(bytes, at + 1, quote) else {
                cut.open_quote = Some(at);
                return cut;
            };
            at = after;
        }
        let Some(found) = memchr::memchr3(delimiter, b'\n', b'\r', &bytes[at..]) else { break };
        at += found + 1;
        match bytes[at - 1] {
            b'\r' if at == bytes.len() && !ended => break,
            b'\r' if bytes.get(at) == Some(&b'\n') => at += 1,
            byte if byte == delimiter => continue,
            _ => {}
        }
        cut.at = at;
    }
    if ended {
        cut.at = bytes.len();
    }
    cut
}

/// Behind the quote that closes the field beginning at `at`; `None` when none does.
fn skip_quoted(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        at += memchr::memchr(quote, &bytes[at..])? + 1;
        if bytes.get(at) != Some(&quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// Counts line ends by kind.
pub(super) fn count_line_ends(bytes: &[u8]) -> LineEnds {
    let newlines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let (mut returns, mut pairs) = (0, 0);
    for at in memchr::memchr_iter(b'\r', bytes) {
        returns += 1;
        pairs += u64::from(bytes.get(at + 1) == Some(&b'\n'));
    }
    LineEnds { lf: newlines - pairs, crlf: pairs, cr: returns - pairs }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    const MARKS: Marks = Marks { delimiter: b',', quote: Some(b'"') };

    fn cut_all(text: &[u8], block_bytes: usize, marks: Marks) -> Result<Vec<Block>> {
        let mut blocks = Blocks::new(text, Path::new("x.csv"), marks, block_bytes, 1 << 20);
        let mut all = Vec::new();
        while let Some(block) = blocks.next()? {
            all.push(block);
        }
        Ok(all)
    }

    fn records(text: &[u8]) -> Vec<csv::ByteRecord> {
        // The line end in front keeps the reader from taking a byte order mark off a block.
        let text = std::io::Cursor::new([b"\n".as_slice(), text].concat());
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        let mut records: Vec<csv::ByteRecord> = reader.byte_records().map(|record| record.unwrap()).collect();
        records.iter_mut().for_each(|record| record.set_position(None));
        records
    }

    #[test]
    fn an_open_quote_fails_with_the_line_it_opened_on() {
        let error = cut_all(b"a,b\n1,2\r\n3,\"x\n4,5\n", 1 << 20, MARKS).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.place().unwrap().line, Some(3));
    }

    #[test]
    fn a_long_record_fails_with_its_line() {
        let text = [b"a\n".as_slice(), &vec![b'x'; 3 << 20]].concat();
        let error = cut_all(&text, 1 << 10, MARKS).unwrap_err();
        assert_eq!(error.place().unwrap().line, Some(2));
    }

    #[test]
    fn line_ends_are_counted_by_kind() {
        assert_eq!(count_line_ends(b"a\nb\r\nc\rd\r\r\n"), LineEnds { lf: 1, crlf: 2, cr: 2 });
    }

    proptest! {
        /// Cutting anywhere gives the records that the csv crate finds in the whole.
        #[test]
        fn blocks_hold_whole_records(text in "[ab,\"\r\n]{0,60}", block_bytes in 1_usize..20) {
            let Ok(blocks) = cut_all(text.as_bytes(), block_bytes, MARKS) else {
                prop_assert!(text.contains('"'));
                return Ok(());
            };
            let joined: Vec<u8> = blocks.iter().flat_map(|block| block.bytes.clone()).collect();
            prop_assert_eq!(&joined, text.as_bytes());
            let cut: Vec<csv::ByteRecord> = blocks.iter().flat_map(|block| records(&block.bytes)).collect();
            prop_assert_eq!(cut, records(text.as_bytes()));
            for block in &blocks {
                let before = &text.as_bytes()[..block.offset as usize];
                prop_assert_eq!(block.line, 1 + count_line_ends(before).total());
            }
        }
    }
}
