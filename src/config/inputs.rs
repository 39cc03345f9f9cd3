//! `[inputs.*]`: which files hold what, and how their columns map onto the input contracts.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::fold::{Fold, Take};

/// One kind of export: its files, their format and the mapping of their columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputConfig {
    /// Mapping of a known export: `amazon-connect`, `asterisk-queue-log`, `zendesk`, `zendesk-events`, `ga4-export`. The keys of
    /// this section go before its own, one by one; a column set to `false` is not mapped.
    // What it says has become part of the other keys when the file is read.
    #[serde(default, skip_serializing)]
    pub preset: Option<String>,
    /// Files or globs, relative to the pipeline file. At least one file must match. With `[engine] kind = "spark"` also URLs
    /// that the cluster reads (`s3a://bucket/sales/*.csv`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Instead of `files`, with `[engine] kind = "spark"`: a table of the cluster's catalog, `catalog.schema.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Format of the files; `auto` looks at the name and the first bytes.
    #[serde(default)]
    pub format: Format,
    /// Character encoding of text files.
    #[serde(default)]
    pub encoding: Encoding,
    /// Field separator of CSV files: one ASCII character, `\t`, or `whitespace` for columns separated by runs of blanks.
    #[serde(default = "default_delimiter")]
    pub delimiter: String,
    /// Quote character of CSV files; empty for files that do not quote.
    #[serde(default = "default_quote")]
    pub quote: String,
    /// Whether the first record names the columns.
    #[serde(default = "default_true")]
    pub header: bool,
    /// Names of the columns, in order, for files without a header.
    #[serde(default)]
    pub names: Vec<String>,
    /// Whether records may have fewer fields than there are columns; those that lack at their end are empty.
    #[serde(default)]
    pub ragged: bool,
    /// Fixed-width files: name, first and last character (from 1) of each column; the delimiter is then ignored.
    #[serde(default)]
    pub widths: BTreeMap<String, [usize; 2]>,
    /// Decimal mark of numbers: `.` or `,`.
    #[serde(default = "default_decimal")]
    pub decimal: String,
    /// Thousands separator of numbers; empty when there is none, and then one is an error.
    #[serde(default)]
    pub thousands: String,
    /// Currency signs that may stand before or after an amount, for example `["$", "EUR"]`.
    #[serde(default)]
    pub currency_signs: Vec<String>,
    /// Texts that mean "no value", besides the empty field.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// What to do with rows that are equal in every field: `drop` and count them, or `keep` them all.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// Rows to leave out and count, by column of the file: those in which it has one of these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skip: BTreeMap<String, Vec<String>>,
    /// Event streams: the rows of one id become one row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// Columns of the contract, and where each comes from.
    #[serde(default)]
    pub columns: BTreeMap<String, ColumnSource>,
    /// Largest record in bytes; a longer one fails the file.
    #[serde(default = "default_record_bytes")]
    pub max_record_bytes: u64,
    /// Most fields in a record; more fail the file.
    #[serde(default = "default_fields")]
    pub max_fields: usize,
    /// Most bytes that one compressed byte may expand to; more fail the file.
    #[serde(default = "default_expansion")]
    pub max_expansion: u64,
}

fn default_delimiter() -> String {
    ",".into()
}
fn default_quote() -> String {
    "\"".into()
}
fn default_true() -> bool {
    true
}
fn default_decimal() -> String {
    ".".into()
}
fn default_record_bytes() -> u64 {
    1 << 20
}
fn default_fields() -> usize {
    4096
}
fn default_expansion() -> u64 {
    200
}

/// Format of an input's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// By the name (`.csv`, `.txt`, `.ndjson`, `.jsonl`, `.parquet`, with `.gz` or `.zst` behind) and the first bytes.
    #[default]
    Auto,
    /// Separated or fixed-width text.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

/// Character encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little or big endian by its byte order mark (little without one).
    #[serde(rename = "utf-16")]
    Utf16,
    /// GB18030, which contains GBK and GB2312.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// Latin-1, read as windows-1252 as the web does.
    #[serde(rename = "latin-1")]
    Latin1,
}

/// What to do with rows that are equal in every field of the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// Keep the first, drop and count the others.
    #[default]
    Drop,
    /// Keep them all: the export has no line number, and equal lines are real.
    Keep,
}

/// Where a column of the contract comes from: a column of the file (`"CustomerID"`), or a table with one of `column`,
/// `constant` and `expr`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(with = "ColumnSourceSchema")]
pub struct ColumnSource {
    /// What to read.
    #[serde(flatten)]
    pub from: From,
    /// Format of dates and times, in strftime letters (`%m/%d/%Y %H:%M`), or `epoch_s`, `epoch_ms`, `epoch_us` for a number
    /// since 1970. Left out, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Time zone of times without an offset; left out, the project's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Values to replace, for example `{ tel = "phone" }`; a value that is not listed stays.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// Never show this column's values in rejects, logs and messages. Left out, as the contract says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<bool>,
    /// Where rows are folded: the events that give the column; left out, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// Where rows are folded: which of the events' values the folded row has.
    #[serde(skip_serializing_if = "Take::is_first")]
    pub take: Take,
}

/// What a mapped column is read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// A column of the file, by name.
    Column(String),
    /// The same text in every row.
    Constant(String),
    /// An expression over other mapped columns and columns of the file.
    Expr(String),
}

/// How [`ColumnSource`] looks in the JSON Schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape is used, for the JSON Schema")]
enum ColumnSourceSchema {
    /// The name of a column of the file.
    Name(String),
    /// More than a name.
    Table(ColumnSourceTable),
    /// `false`: not mapped, whatever the preset says.
    Unmapped(bool),
}

/// The fields of a [`ColumnSource`] written as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ColumnSourceTable {
    /// Name of the column in the file.
    column: Option<String>,
    /// The same text in every row.
    constant: Option<String>,
    /// An expression over mapped columns and columns of the file: `quantity * unit_price - discount`,
    /// `CASE WHEN order_id LIKE 'C%' THEN 'cancelled' END`.
    expr: Option<String>,
    /// Format of dates and times, in strftime letters, or `epoch_s`, `epoch_ms`, `epoch_us`; left out, ISO 8601.
    format: Option<String>,
    /// Time zone of times without an offset; left out, the project's.
    time_zone: Option<String>,
    /// Values to replace; a value that is not listed stays.
    #[serde(default)]
    map: BTreeMap<String, String>,
    /// Never show this column's values in rejects, logs and messages.
    personal: Option<bool>,
    /// Where rows are folded: the events that give the column; left out, all of them.
    #[serde(default)]
    on: Vec<String>,
    /// Where rows are folded: which of the events' values the folded row has.
    #[serde(default)]
    take: Take,
}

impl<'de> Deserialize<'de> for ColumnSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = ColumnSource;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or a table with `column`, `constant` or `expr`")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<ColumnSource, E> {
                Ok(ColumnSource::column(name))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ColumnSource, A::Error> {
                let table = ColumnSourceTable::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let from = match (table.column, table.constant, table.expr) {
                    (Some(column), None, None) => From::Column(column),
                    (None, Some(constant), None) => From::Constant(constant),
                    (None, None, Some(expr)) => From::Expr(expr),
                    _ => return Err(de::Error::custom("expected exactly one of `column`, `constant` and `expr`")),
                };
                Ok(ColumnSource {
                    from,
                    format: table.format,
                    time_zone: table.time_zone,
                    map: table.map,
                    personal: table.personal,
                    on: table.on,
                    take: table.take,
                })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

impl ColumnSource {
    /// A plain column of the file.
    pub fn column(name: &str) -> Self {
        ColumnSource {
            from: From::Column(name.to_owned()),
            format: None,
            time_zone: None,
            map: BTreeMap::new(),
            personal: None,
            on: Vec::new(),
            take: Take::First,
        }
    }
}
