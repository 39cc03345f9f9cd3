//! What a consumer gets: named sets of records, each with its format, its kind of delta and its limits.

use super::records::Records;

/// One set of records, or one document, of a consumer.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Stem of its files: lower-case letters, digits and `_`.
    pub name: String,
    /// What is in it.
    pub body: Body,
    /// Who is not in it, by reason.
    pub left_out: Vec<(String, u64)>,
}

/// What is in a dataset.
#[derive(Debug, Clone)]
pub enum Body {
    /// Rows with a key.
    Records {
        /// The rows, sorted.
        records: Records,
        /// How they are written.
        format: Format,
        /// What a delta of them is.
        delta: Delta,
        /// What the consumer takes.
        limits: Limits,
    },
    /// A file as it is, whole in every export.
    Document {
        /// What follows its name, such as `json`.
        extension: &'static str,
        /// Its content.
        content: Vec<u8>,
        /// Rows, rules or the like in it.
        rows: u64,
    },
}

impl Dataset {
    /// Sorted records that are written whole in every export and that the consumer takes at any size.
    pub fn new(name: impl Into<String>, records: Records, format: Format) -> Dataset {
        let body = Body::Records { records, format, delta: Delta::None, limits: Limits::NONE };
        Dataset { name: name.into(), body, left_out: Vec::new() }
    }

    /// A file as it is.
    pub fn document(name: impl Into<String>, extension: &'static str, content: Vec<u8>, rows: u64) -> Dataset {
        Dataset { name: name.into(), body: Body::Document { extension, content, rows }, left_out: Vec::new() }
    }

    /// The same with deltas.
    pub fn with_delta(mut self, form: Delta) -> Dataset {
        if let Body::Records { delta, .. } = &mut self.body {
            *delta = form;
        }
        self
    }

    /// The same with limits.
    pub fn within(mut self, what: Limits) -> Dataset {
        if let Body::Records { limits, .. } = &mut self.body {
            *limits = what;
        }
        self
    }

    /// The same, saying who is not in it.
    pub fn leaving_out(mut self, reason: impl Into<String>, rows: u64) -> Dataset {
        if rows > 0 {
            self.left_out.push((reason.into(), rows));
        }
        self
    }
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values in UTF-8, quoted as RFC 4180 says, ended by line feeds.
    Csv(Csv),
    /// One JSON object a line, every column in it; no value is `null`.
    Ndjson,
}

/// The ways in which CSV differs between consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csv {
    /// Whether the first line has the names of the columns.
    pub header: bool,
    /// Which cells are kept from becoming formulas.
    pub guard: Guard,
}

/// Which cells get a `'` when they begin with `=`, `+`, `-`, `@`, a tab or a carriage return, which a spreadsheet would take for
/// a formula (OWASP, CSV injection). Numbers never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Text and ids: for files that a person may open.
    All,
    /// Text, not ids: for files that a machine loads, to whom `'=7` would be somebody else than `=7`.
    Text,
    /// None.
    Off,
}

/// What a delta of records is. Applied to the full files before, it gives the full files after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta {
    /// There is none: `<name>` is the whole in every export.
    None,
    /// `<name>_delta`: rows that were added or changed, whole. `<name>_removed`: the keys of those that are gone.
    Rows,
    /// The same for a consumer to whom a blank cell says nothing: `<name>_clear` lists what became empty, as JSON objects with
    /// the key and `null` for each such column.
    RowsAndClear,
    /// `<name>_delta`: rows that were added or changed, key and changed cells alone. `<name>_removed` as above. In NDJSON a cell
    /// that became empty is `null`; in CSV a blank cell says nothing, and `<name>_clear` is as above.
    Cells,
    /// `<name>_delta`: a column `op` before the others, `add`, `update` or `remove`; of what was removed there is the key alone.
    Operations,
}

/// What a consumer takes. `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows of a file; without `split` of all records, whatever part of them a delta holds.
    pub rows: Option<u64>,
    /// Bytes of a file.
    pub bytes: Option<u64>,
    /// Columns.
    pub columns: Option<usize>,
    /// Characters of a cell of the key.
    pub key_characters: Option<usize>,
    /// Characters of the name of a column.
    pub name_characters: Option<usize>,
    /// Characters of any cell.
    pub cell_characters: Option<usize>,
    /// Whether the consumer loads several files of one name with numbers (`_001`, ...) as one.
    pub split: bool,
    /// What to do about a limit that is reached, for the message.
    pub hint: &'static str,
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits {
        rows: None,
        bytes: None,
        columns: None,
        key_characters: None,
        name_characters: None,
        cell_characters: None,
        split: false,
        hint: "",
    };
}
