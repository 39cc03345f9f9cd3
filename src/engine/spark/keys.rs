//! Whether a key identifies the rows that the cluster has written.

use std::collections::HashSet;
use std::path::PathBuf;

use arrow::row::{RowConverter, SortField};

use super::super::parts::{in_one_piece, read_parts, read_published_parts};
use crate::contract::Table;
use crate::error::{Error, Result};

/// Up to so many rows, keys are looked at here: a query costs the cluster a second of planning, whatever it reads.
pub(super) const FEW_ROWS: u64 = 1 << 17;

/// How many rows repeat the key of another. `parts` hold few rows.
///
/// # Errors
/// As the items of [`read_parts`].
pub(super) fn repeated(table: &Table, parts: &[PathBuf], is_published: bool) -> Result<i64> {
    let columns = table.columns.iter().filter(|column| table.key.contains(&column.name)).cloned().collect();
    let keys = Table { columns, ..table.clone() };
    let read = if is_published { read_published_parts } else { read_parts };
    let keys = in_one_piece(&keys, read(&keys, parts))?;
    let incomparable = |error: arrow::error::ArrowError| {
        Error::internal(format!("keys of `{}` cannot be compared", table.name)).because(error)
    };
    let fields = keys.columns().iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let rows = RowConverter::new(fields).and_then(|converter| converter.convert_columns(keys.columns()));
    let rows = rows.map_err(incomparable)?;
    let mut seen = HashSet::with_capacity(rows.num_rows());
    Ok(rows.iter().filter(|row| !seen.insert(row.as_ref().to_owned())).count() as i64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch, StringArray};

    use super::*;
    use crate::contract::{bigint, text};

    #[test]
    fn repeated_keys_are_counted_over_all_parts() {
        let table = Table::new("t", "rows", &["a", "n"], vec![text("a", "x"), bigint("n", "y"), bigint("v", "z")]);
        let folder = tempfile::tempdir().unwrap();
        let part = |number: usize, a: Vec<&str>, n: Vec<i64>| {
            let values = Int64Array::from(vec![1; n.len()]);
            let columns: Vec<arrow::array::ArrayRef> =
                vec![Arc::new(StringArray::from(a)), Arc::new(Int64Array::from(n)), Arc::new(values)];
            let batch = RecordBatch::try_new(super::super::schema(&table), columns).unwrap();
            let path = folder.path().join(format!("part-{number}.parquet"));
            super::super::write_part(&table, &path, &mut std::iter::once(Ok(batch))).unwrap();
            path
        };
        let first = part(0, vec!["x", "x", "y"], vec![1, 2, 1]);
        assert_eq!(repeated(&table, std::slice::from_ref(&first), false).unwrap(), 0);
        let second = part(1, vec!["x", "y", "y"], vec![2, 1, 3]);
        assert_eq!(repeated(&table, &[first, second], false).unwrap(), 2);
    }
}
