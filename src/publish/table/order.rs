//! Are the rows sorted as contracted, and is the key unique? Checked while the rows stream by.

use std::cmp::Ordering;
use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Schema};
use arrow::row::{OwnedRow, RowConverter, SortField};

use super::convert::Breach;
use super::schema::index_of;
use crate::contract::Table;
use crate::error::{Error, Result};

/// Checks batches of one table, in order.
pub(super) struct OrderCheck {
    sort: Ordered,
    last: Option<OwnedRow>,
    keys: Keys,
}

/// How the key is known to be unique.
enum Keys {
    /// The table has no key.
    None,
    /// The rows are sorted by the key's columns and no others: equal keys are neighbours.
    Neighbours,
    /// Equal keys may be anywhere: 16 bytes of hash a row are kept. A false alarm takes 2^64 rows.
    Seen(Ordered, HashSet<[u8; 16]>),
}

/// Some columns of a table, as bytes that compare as the rows do: ascending, text by its bytes, nulls last.
struct Ordered {
    names: Vec<String>,
    columns: Vec<usize>,
    converter: RowConverter,
}

impl Ordered {
    fn new<'a>(table: &Table, schema: &Schema, names: impl Iterator<Item = &'a str> + Clone) -> Result<Ordered> {
        let columns = names.clone().map(|name| index_of(table, name)).collect::<Result<Vec<_>>>()?;
        let options = SortOptions { descending: false, nulls_first: false };
        let fields = columns
            .iter()
            .map(|&column| SortField::new_with_options(schema.field(column).data_type().clone(), options))
            .collect();
        let converter = RowConverter::new(fields)
            .map_err(|error| Error::internal(format!("could not compare rows of `{}`", table.name)).because(error))?;
        Ok(Ordered { names: names.map(str::to_owned).collect(), columns, converter })
    }

    fn arrays(&self, batch: &RecordBatch) -> Vec<ArrayRef> {
        self.columns.iter().map(|&column| batch.column(column).clone()).collect()
    }

    fn words(&self) -> String {
        self.names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }
}

impl OrderCheck {
    pub fn new(table: &Table, schema: &Schema) -> Result<OrderCheck> {
        let sort = Ordered::new(table, schema, table.sort.iter().map(|name| name.as_ref()))?;
        let key = Ordered::new(table, schema, table.key.iter().map(|name| name.as_ref()))?;
        let mut by_sort = sort.columns.clone();
        let mut by_key = key.columns.clone();
        by_sort.sort_unstable();
        by_key.sort_unstable();
        let keys = if by_key.is_empty() {
            Keys::None
        } else if by_sort == by_key {
            Keys::Neighbours
        } else {
            Keys::Seen(key, HashSet::new())
        };
        Ok(OrderCheck { sort, last: None, keys })
    }

    /// The next batch of the published table.
    pub fn check(&mut self, table: &Table, batch: &RecordBatch) -> Result<(), Breach> {
        check_empty_keys(table, batch)?;
        self.check_sort(batch)?;
        if let Keys::Seen(key, seen) = &mut self.keys {
            let rows = convert(key, batch)?;
            for (index, row) in rows.iter().enumerate() {
                let mut hash = [0; 16];
                hash.copy_from_slice(&blake3::hash(row.data()).as_bytes()[..16]);
                if !seen.insert(hash) {
                    return Err(repeated(index, key));
                }
            }
        }
        Ok(())
    }

    fn check_sort(&mut self, batch: &RecordBatch) -> Result<(), Breach> {
        if self.sort.columns.is_empty() || batch.num_rows() == 0 {
            return Ok(());
        }
        let rows = convert(&self.sort, batch)?;
        let mut previous = self.last.as_ref().map(OwnedRow::row);
        for (index, row) in rows.iter().enumerate() {
            match previous.map(|previous| previous.cmp(&row)) {
                Some(Ordering::Greater) => {
                    let what = format!("rows are not sorted by {}", self.sort.words());
                    return Err(Breach::of_row(index, what));
                }
                Some(Ordering::Equal) if matches!(self.keys, Keys::Neighbours) => {
                    return Err(repeated(index, &self.sort));
                }
                _ => previous = Some(row),
            }
        }
        self.last = previous.map(|row| row.owned());
        Ok(())
    }
}

fn convert(columns: &Ordered, batch: &RecordBatch) -> Result<arrow::row::Rows, Breach> {
    let rows = columns.converter.convert_columns(&columns.arrays(batch));
    rows.map_err(|error| Breach { what: error.to_string(), row: None })
}

fn repeated(row: usize, key: &Ordered) -> Breach {
    Breach::of_row(row, format!("key {} occurs twice", key.words()))
}

/// An empty text identifies nobody.
fn check_empty_keys(table: &Table, batch: &RecordBatch) -> Result<(), Breach> {
    for (column, array) in table.columns.iter().zip(batch.columns()) {
        if *array.data_type() == DataType::Utf8 && table.key.contains(&column.name) {
            let texts = array.as_string::<i32>();
            if let Some(row) = (0..texts.len()).find(|&row| texts.value(row).is_empty()) {
                return Err(Breach::of_row(row, format!("key column `{}` is empty", column.name)));
            }
        }
    }
    Ok(())
}
