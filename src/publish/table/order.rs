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

/// An empty text identifies nobody; as a part of a longer key it may say "all of them".
fn check_empty_keys(table: &Table, batch: &RecordBatch) -> Result<(), Breach> {
    let [key] = table.key.as_slice() else { return Ok(()) };
    for (column, array) in table.columns.iter().zip(batch.columns()) {
        if *array.data_type() == DataType::Utf8 && column.name == *key {
            let texts = array.as_string::<i32>();
            if let Some(row) = (0..texts.len()).find(|&row| texts.value(row).is_empty()) {
                return Err(Breach::of_row(row, format!("key column `{}` is empty", column.name)));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;
    use crate::contract::{bigint, text};
    use crate::publish::table::schema::published_schema;

    fn table(key: &[&'static str], sort: &[&'static str]) -> Table {
        let columns = vec![text("customer_id", "who"), bigint("rank", "place").optional()];
        Table::new("ranks", "one customer", key, columns).sorted_by(sort)
    }

    /// The first breach over these batches: words and row in its batch.
    fn breach(table: &Table, batches: &[&[(&str, Option<i64>)]]) -> Option<Breach> {
        let schema = published_schema(table);
        let mut check = OrderCheck::new(table, &schema).unwrap();
        for rows in batches {
            let names = StringArray::from_iter_values(rows.iter().map(|row| row.0));
            let ranks = Int64Array::from_iter(rows.iter().map(|row| row.1));
            let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(names), Arc::new(ranks)]).unwrap();
            if let Err(breach) = check.check(table, &batch) {
                return Some(breach);
            }
        }
        None
    }

    #[test]
    fn sorted_rows_with_unique_keys_pass_across_batches() {
        let by_key = table(&["customer_id"], &["customer_id"]);
        assert_eq!(
            breach(&by_key, &[&[("A", Some(2)), ("B", None)], &[], &[("a", Some(1)), ("\u{e9}", Some(1))]]),
            None
        );
        let by_rank = table(&["customer_id"], &["rank", "customer_id"]);
        assert_eq!(breach(&by_rank, &[&[("B", Some(1)), ("C", Some(1))], &[("A", Some(2)), ("D", None)]]), None);
    }

    #[test]
    fn unsorted_rows_are_found_within_and_across_batches() {
        let by_key = table(&["customer_id"], &["customer_id"]);
        let unsorted = |row| Some(Breach::of_row(row, "rows are not sorted by `customer_id`".to_owned()));
        assert_eq!(breach(&by_key, &[&[("A", None), ("C", None), ("B", None)]]), unsorted(2));
        assert_eq!(breach(&by_key, &[&[("A", None), ("C", None)], &[], &[("B", None)]]), unsorted(0));
        assert_eq!(breach(&by_key, &[&[("a", None), ("B", None)]]), unsorted(1), "text is sorted by its bytes");
    }

    #[test]
    fn nulls_come_last() {
        let by_rank = table(&["customer_id"], &["rank", "customer_id"]);
        assert!(breach(&by_rank, &[&[("A", None), ("B", Some(1))]]).is_some());
    }

    #[test]
    fn a_repeated_key_is_found_wherever_it_is() {
        let twice = |row| Some(Breach::of_row(row, "key `customer_id` occurs twice".to_owned()));
        let by_key = table(&["customer_id"], &["customer_id"]);
        assert_eq!(breach(&by_key, &[&[("A", Some(1))], &[("A", Some(2))]]), twice(0));
        let by_rank = table(&["customer_id"], &["rank", "customer_id"]);
        assert_eq!(breach(&by_rank, &[&[("A", Some(1)), ("B", Some(2))], &[("C", Some(3)), ("A", Some(4))]]), twice(1));
    }

    #[test]
    fn an_empty_key_is_found() {
        let by_key = table(&["customer_id"], &["customer_id"]);
        let expected = Some(Breach::of_row(0, "key column `customer_id` is empty".to_owned()));
        assert_eq!(breach(&by_key, &[&[("", Some(1))]]), expected);
    }
}
