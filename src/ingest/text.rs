//! Records of separated, blank-separated and fixed-width text.

use std::collections::BTreeMap;
use std::path::Path;

use csv_core::ReadRecordResult;

use super::blocks::{Block, Marks, count_line_ends, record_too_long};
use super::record::{Fields, Position};
use super::reject::RejectReason;
use super::rows::RowReader;
use crate::config::InputConfig;
use crate::error::{Error, Place, Result};

/// How the fields of a record are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Syntax {
    /// By a character, perhaps quoted.
    Separated { delimiter: u8, quote: Option<u8> },
    /// By runs of blanks.
    Blanks,
    /// By position: first and last character of each field, from 1.
    Fixed(Vec<[usize; 2]>),
}

impl Syntax {
    /// The syntax that an input's settings describe.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for a delimiter or quote of several characters, or columns
    /// that end before they begin.
    pub fn new(input: &str, settings: &InputConfig) -> Result<Syntax> {
        if !settings.widths.is_empty() {
            return fixed(input, &settings.widths);
        }
        if settings.delimiter == "whitespace" {
            return Ok(Syntax::Blanks);
        }
        let one = |key: &str, text: &str| match text.as_bytes() {
            b"\\t" => Ok(b'\t'),
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
            _ => Err(Error::config(format!("`inputs.{input}.{key}` must be one ASCII character"))),
        };
        let delimiter = one("delimiter", &settings.delimiter)?;
        let quote = if settings.quote.is_empty() { None } else { Some(one("quote", &settings.quote)?) };
        if quote == Some(delimiter) {
            return Err(Error::config(format!("`inputs.{input}` has the same `delimiter` and `quote`")));
        }
        Ok(Syntax::Separated { delimiter, quote })
    }

    /// What cutting into blocks needs to know.
    pub fn marks(&self) -> Marks {
        match self {
            Syntax::Separated { delimiter, quote } => Marks { delimiter: *delimiter, quote: *quote },
            Syntax::Blanks | Syntax::Fixed(_) => Marks { delimiter: b' ', quote: None },
        }
    }

    /// Names of the columns, when the syntax itself has them.
    pub fn own_names(settings: &InputConfig) -> Vec<String> {
        settings.widths.keys().cloned().collect()
    }
}

fn fixed(input: &str, widths: &BTreeMap<String, [usize; 2]>) -> Result<Syntax> {
    for (name, [first, last]) in widths {
        if *first == 0 || last < first {
            return Err(Error::config(format!("`inputs.{input}.widths.{name}` is not a first and a last character"))
                .hint("characters count from 1, and the last is part of the field"));
        }
    }
    Ok(Syntax::Fixed(widths.values().copied().collect()))
}

/// The shape that all records of a file have.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub syntax: Syntax,
    /// Names of the columns, in their order.
    pub names: Vec<String>,
    /// Whether the first record was the header, so that another like it is one too.
    pub has_header: bool,
    /// Whether a record may lack fields at its end.
    pub ragged: bool,
    pub max_fields: usize,
    pub max_record_bytes: usize,
}

/// Fields of a record: ranges of a text.
struct TextFields<'t> {
    text: &'t str,
    bounds: &'t [(usize, usize)],
}

impl Fields for TextFields<'_> {
    fn get(&self, index: usize) -> Option<&str> {
        let (start, end) = *self.bounds.get(index)?;
        self.text.get(start..end)
    }
}

/// The first record of a text and how many bytes it takes, for the header.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it is not UTF-8.
pub(super) fn header(path: &Path, bytes: &[u8], syntax: &Syntax) -> Result<(Vec<String>, usize)> {
    let start = blank_lines(bytes, 0);
    let line_end = |from: usize| memchr::memchr2(b'\n', b'\r', &bytes[from..]).map_or(bytes.len(), |at| from + at);
    let (fields, end) = match syntax {
        Syntax::Separated { delimiter, quote } => {
            let mut core = Core::new(*delimiter, *quote);
            let used = core.read(&bytes[start..]);
            let fields = core.bounds.iter().map(|&(from, to)| core.output[from..to].to_vec()).collect::<Vec<_>>();
            (fields, start + used)
        }
        Syntax::Blanks | Syntax::Fixed(_) => {
            let end = line_end(start);
            let words = bytes[start..end].split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
            (words.map(<[u8]>::to_vec).collect(), end)
        }
    };
    let names: Result<Vec<String>, _> = fields.into_iter().map(String::from_utf8).collect();
    let names = names.map_err(|_| {
        Error::input("the header is not text in the input's `encoding`")
            .at(Place::file(path).at_line(1))
            .hint("set `encoding` to what the export writes: `gb18030`, `latin-1` or `utf-16`")
    })?;
    Ok((names.into_iter().map(|name| name.trim().to_owned()).collect(), end))
}

/// Behind the line ends at `at`: blank lines are no records.
fn blank_lines(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Parses the records of `block` from byte `from` on into `rows`.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when a record is beyond the limits: the file fails.
pub(super) fn parse(path: &Path, shape: &Shape, block: &Block, from: usize, rows: &mut RowReader) -> Result<()> {
    let mut parser = Parser {
        path,
        shape,
        block,
        text: simdutf8::basic::from_utf8(&block.bytes).ok(),
        lines: Lines { at: 0, line: block.line },
        every_line: rows.needs_lines(),
        rows,
        records: 0,
    };
    match &shape.syntax {
        Syntax::Separated { delimiter, quote: Some(quote) } if block.quoted => parser.quoted(*delimiter, *quote, from),
        Syntax::Separated { delimiter, .. } => parser.separated(*delimiter, from),
        Syntax::Blanks => parser.lines(from, |line, bounds| {
            let mut at = 0;
            for word in line.split([' ', '\t']) {
                if !word.is_empty() {
                    bounds.push((at, at + word.len()));
                }
                at += word.len() + 1;
            }
        }),
        Syntax::Fixed(columns) => parser.lines(from, |line, bounds| {
            bounds.extend(columns.iter().map(|&[first, last]| fixed_field(line, first, last)));
        }),
    }
}

/// Where the characters `first` to `last` of a line stand, without the blanks around them.
fn fixed_field(line: &str, first: usize, last: usize) -> (usize, usize) {
    let byte_of = |character: usize| {
        if line.is_ascii() {
            return character.min(line.len());
        }
        line.char_indices().nth(character).map_or(line.len(), |(at, _)| at)
    };
    let (start, end) = (byte_of(first - 1), byte_of(last));
    let field = &line[start..end];
    let trimmed = field.trim_matches([' ', '\t']);
    let start = start + (field.len() - field.trim_start_matches([' ', '\t']).len());
    (start, start + trimmed.len())
}

/// Line numbers of ascending offsets.
struct Lines {
    at: usize,
    line: u64,
}

impl Lines {
    fn line_of(&mut self, bytes: &[u8], offset: usize) -> u64 {
        if offset > self.at {
            let mut ends = count_line_ends(&bytes[self.at..offset]).total();
            // A pair that the offset splits would be counted twice.
            if bytes[offset - 1] == b'\r' && bytes.get(offset) == Some(&b'\n') {
                ends -= 1;
            }
            self.line += ends;
            self.at = offset;
        }
        self.line
    }
}

struct Parser<'a, 'r, 'm> {
    path: &'a Path,
    shape: &'a Shape,
    block: &'a Block,
    /// The block's text, when all of it is valid.
    text: Option<&'a str>,
    lines: Lines,
    every_line: bool,
    rows: &'r mut RowReader<'m>,
    records: u64,
}

impl Parser<'_, '_, '_> {
    /// Records of a block without quotes: every line is one.
    fn separated(&mut self, delimiter: u8, from: usize) -> Result<()> {
        let block = self.block;
        let bytes = &block.bytes;
        let mut bounds: Vec<(usize, usize)> = Vec::new();
        let mut start = from;
        let mut field = from;
        for at in memchr::memchr3_iter(delimiter, b'\n', b'\r', &bytes[from..]).chain([bytes.len() - from]) {
            let at = at + from;
            if bytes.get(at) == Some(&delimiter) {
                bounds.push((field, at));
            } else if at > start {
                bounds.push((field, at));
                self.record(start, at, &mut bounds)?;
                start = at + 1;
            } else {
                start = at + 1;
            }
            field = at + 1;
        }
        Ok(())
    }

    /// One record without quotes, its bounds being those of the block.
    fn record(&mut self, start: usize, end: usize, bounds: &mut Vec<(usize, usize)>) -> Result<()> {
        match self.text {
            Some(text) => self.push(text, bounds, start, end)?,
            None => match std::str::from_utf8(&self.block.bytes[start..end]) {
                Ok(text) => {
                    bounds.iter_mut().for_each(|(from, to)| (*from, *to) = (*from - start, *to - start));
                    self.push(text, bounds, start, end)?;
                }
                Err(_) => self.refuse(start, RejectReason::InvalidUtf8),
            },
        }
        bounds.clear();
        Ok(())
    }

    /// Records of a block with quotes, by the state machine of the csv crate.
    fn quoted(&mut self, delimiter: u8, quote: u8, from: usize) -> Result<()> {
        let block = self.block;
        let mut core = Core::new(delimiter, Some(quote));
        let mut start = blank_lines(&block.bytes, from);
        while start < block.bytes.len() {
            let used = core.read(&block.bytes[start..]);
            let length: usize = core.bounds.last().map_or(0, |(_, to)| *to);
            match std::str::from_utf8(&core.output[..length]) {
                Ok(text) => self.push(text, &core.bounds, start, start + used)?,
                Err(_) => self.refuse(start, RejectReason::InvalidUtf8),
            }
            start = blank_lines(&block.bytes, start + used);
        }
        Ok(())
    }

    /// Lines that are records, whose fields `split` finds.
    fn lines(&mut self, from: usize, split: impl Fn(&str, &mut Vec<(usize, usize)>)) -> Result<()> {
        let block = self.block;
        let mut bounds = Vec::new();
        let mut start = from;
        for at in memchr::memchr2_iter(b'\n', b'\r', &block.bytes[from..]).chain([block.bytes.len() - from]) {
            let end = at + from;
            if end > start {
                match std::str::from_utf8(&block.bytes[start..end]) {
                    Ok(line) if line.trim_matches([' ', '\t']).is_empty() => {}
                    Ok(line) => {
                        split(line, &mut bounds);
                        self.push(line, &bounds, start, end)?;
                        bounds.clear();
                    }
                    Err(_) => self.refuse(start, RejectReason::InvalidUtf8),
                }
            }
            start = end + 1;
        }
        Ok(())
    }

    fn position(&mut self, start: usize) -> Position {
        Position {
            record: self.records,
            line: self.lines.line_of(&self.block.bytes, start),
            offset: Some(self.block.offset + start as u64),
        }
    }

    fn refuse(&mut self, start: usize, reason: RejectReason) {
        self.records += 1;
        let position = self.position(start);
        self.rows.refuse(position, reason);
    }

    fn push(&mut self, text: &str, bounds: &[(usize, usize)], start: usize, end: usize) -> Result<()> {
        if end - start > self.shape.max_record_bytes {
            let line = self.lines.line_of(&self.block.bytes, start);
            return Err(record_too_long(self.path, line, self.shape.max_record_bytes));
        }
        if bounds.len() > self.shape.max_fields {
            let line = self.lines.line_of(&self.block.bytes, start);
            return Err(Error::input(format!("a record has {} fields; no row of the file was kept", bounds.len()))
                .at(Place::file(self.path).at_line(line))
                .hint("check the input's `delimiter`; if the file is genuine, raise its `max_fields`"));
        }
        let fields = TextFields { text, bounds };
        let wanted = self.shape.names.len();
        if (bounds.len() == wanted || self.shape.ragged && bounds.len() < wanted) && !self.is_header(&fields) {
            self.records += 1;
            if self.every_line {
                let position = self.position(start);
                self.rows.push(&fields, || position);
                return Ok(());
            }
            let (lines, block, record) = (&mut self.lines, self.block, self.records);
            self.rows.push(&fields, || Position {
                record,
                line: lines.line_of(&block.bytes, start),
                offset: Some(block.offset + start as u64),
            });
            return Ok(());
        }
        self.refuse(
            start,
            match bounds.len().cmp(&wanted) {
                std::cmp::Ordering::Less => RejectReason::TooFewFields,
                std::cmp::Ordering::Greater => RejectReason::TooManyFields,
                std::cmp::Ordering::Equal => RejectReason::RepeatedHeader,
            },
        );
        Ok(())
    }

    /// Whether a record is the header again, perhaps behind a byte order mark.
    fn is_header(&self, fields: &TextFields) -> bool {
        if !self.shape.has_header {
            return false;
        }
        let first = fields.get(0).unwrap_or_default();
        let first = first.strip_prefix('\u{feff}').unwrap_or(first);
        let names = &self.shape.names;
        names.first().is_some_and(|name| name == first.trim())
            && names
                .iter()
                .enumerate()
                .skip(1)
                .all(|(index, name)| fields.get(index).map(str::trim) == Some(name.as_str()))
    }
}

/// The state machine of the csv crate with its buffers.
struct Core {
    reader: csv_core::Reader,
    output: Vec<u8>,
    ends: Vec<usize>,
    bounds: Vec<(usize, usize)>,
}

impl Core {
    fn new(delimiter: u8, quote: Option<u8>) -> Core {
        let mut builder = csv_core::ReaderBuilder::new();
        builder.delimiter(delimiter);
        match quote {
            Some(quote) => builder.quote(quote),
            None => builder.quoting(false),
        };
        let mut core = Core { reader: builder.build(), output: vec![0; 1024], ends: vec![0; 64], bounds: Vec::new() };
        // The reader strips a byte order mark from its first input, which a block in the middle does not have.
        let _ = core.reader.read_record(b"\n", &mut core.output, &mut core.ends);
        core
    }

    /// Reads the record at the start of `input` into `bounds` and `output`, and says how many bytes it took.
    fn read(&mut self, input: &[u8]) -> usize {
        let (mut used, mut written, mut fields) = (0, 0, 0);
        loop {
            let (result, read, wrote, ended) =
                self.reader.read_record(&input[used..], &mut self.output[written..], &mut self.ends[fields..]);
            used += read;
            written += wrote;
            fields += ended;
            match result {
                // All input is here, so that an empty one says to finish the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record | ReadRecordResult::End => break,
            }
        }
        self.bounds.clear();
        let mut start = 0;
        for &end in &self.ends[..fields] {
            self.bounds.push((start, end));
            start = end;
        }
        used
    }
}
