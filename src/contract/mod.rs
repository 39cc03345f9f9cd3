//! Tables and columns: the only place where a schema is written.
//!
//! A [`Table`] says what one row is, which columns it has, what identifies a row and how rows are sorted. The same
//! contract is used to check what an engine computed, to write the published Parquet and to document it.
//!
//! Inside the pipeline, money is a `BIGINT` in ten-thousandths (`_e4`), a day an `INTEGER` of days since 1970-01-01 in
//! the business time zone (`_day`), an instant a `BIGINT` of microseconds UTC (`_us`). Published, they become
//! `DECIMAL(18,4)`, `DATE` and `TIMESTAMP(us, UTC)`, and the suffix goes.

mod affinity;
mod attrition;
mod campaigns;
mod contracts;
mod features;
mod inputs;
mod interactions;
mod lifetime_value;
mod parameters;
mod person;
mod recommendations;
mod segments;
mod summaries;
mod value;

pub use attrition::backtest_tables;
pub use inputs::{COMPLETENESS, Input, InputColumn, LEADING, input, inputs};
pub use parameters::parameter_tables;

use std::borrow::Cow;

use arrow::datatypes::DataType;

/// Version of all schemas together. It grows when a column is added; a column never changes its meaning.
pub const SCHEMA_VERSION: u32 = 6;

/// Scale of money and quantities: ten-thousandths.
pub const SCALE: i64 = 10_000;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// UTF-8 text; ids are text and opaque.
    Text,
    /// True or false.
    Boolean,
    /// A 32-bit whole number.
    Integer,
    /// A 64-bit whole number: counts, ranks.
    BigInt,
    /// A double: ratios and scores, divided in one place, never summed in SQL.
    Double,
    /// Ten-thousandths of the reporting currency, or of a unit for quantities: BIGINT, published as DECIMAL(18,4).
    Money,
    /// Days since 1970-01-01 in the business time zone: INTEGER, published as DATE.
    Day,
    /// Microseconds since 1970-01-01 UTC: BIGINT, published as TIMESTAMP(us, UTC).
    Instant,
}

/// Every table that a file of `sql/` or a model makes.
pub fn made_tables() -> Vec<Table> {
    [
        features::feature_tables(),
        segments::segment_tables(),
        value::tables(),
        attrition::tables(),
        campaigns::tables(),
        lifetime_value::tables(),
        affinity::tables(),
        recommendations::tables(),
        summaries::tables(),
        contracts::tables(),
        interactions::tables(),
        person::tables(),
    ]
    .concat()
}

impl ColumnType {
    /// The SQL type inside the pipeline.
    pub fn sql(self) -> &'static str {
        match self {
            ColumnType::Text => "VARCHAR",
            ColumnType::Boolean => "BOOLEAN",
            ColumnType::Integer | ColumnType::Day => "INTEGER",
            ColumnType::BigInt | ColumnType::Money | ColumnType::Instant => "BIGINT",
            ColumnType::Double => "DOUBLE",
        }
    }

    /// The Arrow type inside the pipeline.
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Boolean => DataType::Boolean,
            ColumnType::Integer | ColumnType::Day => DataType::Int32,
            ColumnType::BigInt | ColumnType::Money | ColumnType::Instant => DataType::Int64,
            ColumnType::Double => DataType::Float64,
        }
    }
}

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name inside the pipeline, with its unit as suffix (`net_revenue_e4`, `order_day`, `ts_us`).
    pub name: Cow<'static, str>,
    /// What it holds.
    pub column_type: ColumnType,
    /// Whether a row may leave it empty.
    pub nullable: bool,
    /// What it means, in one sentence, with its unit.
    pub doc: Cow<'static, str>,
    /// Name in published files; `None` derives it from `name` (see [`Column::published_name`]).
    pub published: Option<&'static str>,
}

impl Column {
    /// The column's name in published files: the given one, or `name` without `_e4`, `_day` as `_date`, `_us` as `_at`.
    pub fn published_name(&self) -> Cow<'_, str> {
        if let Some(name) = self.published {
            return Cow::Borrowed(name);
        }
        match self.column_type {
            ColumnType::Money => Cow::Borrowed(self.name.strip_suffix("_e4").unwrap_or(&self.name)),
            ColumnType::Day => match self.name.strip_suffix("_day") {
                Some(stem) => Cow::Owned(format!("{stem}_date")),
                None => Cow::Borrowed(&self.name),
            },
            ColumnType::Instant => match self.name.strip_suffix("_us") {
                Some(stem) => Cow::Owned(format!("{stem}_at")),
                None => Cow::Borrowed(&self.name),
            },
            _ => Cow::Borrowed(&self.name),
        }
    }

    /// The same column, allowed to be empty.
    pub fn optional(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same column under another published name.
    pub fn published_as(mut self, name: &'static str) -> Self {
        self.published = Some(name);
        self
    }
}

fn column(name: &'static str, column_type: ColumnType, doc: &'static str) -> Column {
    Column { name: Cow::Borrowed(name), column_type, nullable: false, doc: Cow::Borrowed(doc), published: None }
}

/// A text column.
pub fn text(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Text, doc)
}

/// A true-or-false column.
pub fn boolean(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Boolean, doc)
}

/// A 32-bit whole number.
pub fn integer(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Integer, doc)
}

/// A 64-bit whole number.
pub fn bigint(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::BigInt, doc)
}

/// A ratio or score.
pub fn double(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Double, doc)
}

/// Money (or a quantity) in ten-thousandths; the name ends in `_e4`.
pub fn money(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Money, doc)
}

/// A day; the name ends in `_day`.
pub fn day(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Day, doc)
}

/// An instant; the name ends in `_us`.
pub fn instant(name: &'static str, doc: &'static str) -> Column {
    column(name, ColumnType::Instant, doc)
}

/// The contract of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name: of the SQL file, of the engine's table and of the published file.
    pub name: Cow<'static, str>,
    /// What one row is.
    pub row: Cow<'static, str>,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Names (inside the pipeline) of the columns that identify a row; never empty, never null.
    pub key: Vec<Cow<'static, str>>,
    /// Names of the columns by which rows are sorted, ascending; ends with what the key still needs to be unique.
    pub sort: Vec<Cow<'static, str>>,
    /// Whether the table is written to the run folder.
    pub published: bool,
    /// Whether its readers look up single keys: its row groups are smaller, so that a lookup reads less.
    pub lookups: bool,
}

impl Table {
    /// A table that is published, sorted by its key.
    pub fn new(name: &'static str, row: &'static str, key: &[&'static str], columns: Vec<Column>) -> Self {
        let key: Vec<Cow<'static, str>> = key.iter().map(|&name| Cow::Borrowed(name)).collect();
        Table {
            name: Cow::Borrowed(name),
            row: Cow::Borrowed(row),
            columns,
            sort: key.clone(),
            key,
            published: true,
            lookups: false,
        }
    }

    /// The same table, sorted by these columns first.
    pub fn sorted_by(mut self, sort: &[&'static str]) -> Self {
        self.sort = sort.iter().map(|&name| Cow::Borrowed(name)).collect();
        self
    }

    /// The same table, kept inside the run.
    pub fn internal(mut self) -> Self {
        self.published = false;
        self
    }

    /// The same table, written for readers who look up single keys.
    pub fn for_lookups(mut self) -> Self {
        self.lookups = true;
        self
    }

    /// The column called `name` inside the pipeline.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
