//! A whole published table, or the customers of a segment, as a dataset: for the consumers of any table.

use super::dataset::{Dataset, Format};
use super::records::{Field, Kind, Records};
use super::source::{Source, TableColumn, TableRows};
use super::{Options, Value};
use crate::error::{Error, Result};
use crate::names::suggest;

/// The table that is exported when none is named.
pub(super) const DEFAULT: &str = "customers";

/// The table or segment of the options, its key before the other columns.
pub(super) fn dataset(source: &Source, options: &Options, format: Format) -> Result<Dataset> {
    let name = options.table.as_deref().unwrap_or(DEFAULT);
    let members = if source.has(name) { None } else { Some(members(source, name)?) };
    let rows = source.whole_table(if members.is_some() { DEFAULT } else { name })?;
    let records = match &members {
        None => records(&rows, |_| true)?,
        Some(members) => {
            let ids = rows.column("customer_id")?;
            records(&rows, |row| {
                ids.text(row).is_some_and(|id| members.binary_search_by(|member| (**member).cmp(id)).is_ok())
            })?
        }
    };
    Ok(Dataset::new(name, records, format))
}

/// The sorted ids of a segment's customers.
fn members(source: &Source, segment: &str) -> Result<Vec<String>> {
    let unknown = |segments: &[&str]| {
        let names: Vec<&str> = source.names().into_iter().chain(segments.iter().copied()).collect();
        Error::usage(format!("there is no table or segment `{}`", segment.escape_debug()))
            .hint(suggest(segment, &names))
    };
    let (Some(segments), Some(members)) = (
        source.table_if_there("segments", &["segment_id"])?,
        source.table_if_there("segment_membership", &["segment_id", "customer_id"])?,
    ) else {
        return Err(unknown(&[]));
    };
    let ids = segments.column("segment_id")?;
    let names: Vec<&str> = (0..segments.len()).filter_map(|row| ids.text(row)).collect();
    if !names.contains(&segment) {
        return Err(unknown(&names));
    }
    let (ids, customers) = (members.column("segment_id")?, members.column("customer_id")?);
    let rows = (0..members.len()).filter(|row| ids.text(*row) == Some(segment));
    let mut found: Vec<String> = rows.filter_map(|row| customers.text(row)).map(str::to_owned).collect();
    found.sort_unstable();
    Ok(found)
}

/// The rows for which `wanted` is true, the key before the other columns.
fn records(rows: &TableRows, wanted: impl Fn(usize) -> bool) -> Result<Records> {
    let mut columns = rows.columns()?;
    let key = rows.key()?;
    let place = |name: &str| key.iter().position(|of_key| of_key == name).unwrap_or(key.len());
    columns.sort_by_key(|(name, _)| place(name));
    let fields = columns.iter().map(|(name, column)| {
        let kind = match column {
            TableColumn::Text(_) if place(name) < key.len() || name.ends_with("_id") => Kind::Id,
            TableColumn::Text(_) | TableColumn::Day(_) | TableColumn::Instant(_) => Kind::Text,
            TableColumn::Boolean(_) => Kind::Boolean,
            TableColumn::Integer(_) | TableColumn::BigInt(_) | TableColumn::Double(_) | TableColumn::Money(_) => {
                Kind::Number
            }
        };
        Field::new(name.clone(), kind)
    });
    let mut records = Records::new(fields.collect(), key.len());
    for row in (0..rows.len()).filter(|row| wanted(*row)) {
        let cells: Vec<Value<'_>> = columns.iter().map(|(_, column)| column.value(row)).collect();
        records.push(&cells)?;
    }
    records.sorted()
}
