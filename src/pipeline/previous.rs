//! What a run needs to know of the previous one.

use std::fs::File;

use arrow::array::{Array, Date32Array, StringArray};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::rows::Cell;
use crate::error::{Error, IoContext, Result};
use crate::publish::{OutputDir, RunId, RunRef, RunState, table_files};

/// The published run before `as_of`: the newest one of an earlier day, so that a past night that is made again sees what it
/// saw then.
pub fn previous_run(out: &OutputDir, as_of: jiff::civil::Date) -> Result<Option<RunRef>> {
    let published = out.runs()?.into_iter().filter(|run| run.state == RunState::Published);
    Ok(published.filter(|run| run.id.as_of() < as_of).max_by(|a, b| order(&a.id).cmp(&order(&b.id))))
}

fn order(id: &RunId) -> (jiff::civil::Date, &RunId) {
    (id.as_of(), id)
}

/// Rows of `segment_membership_before`.
///
/// # Errors
/// [`ErrorKind::Verify`](crate::error::ErrorKind::Verify) when the previous run's table is not one of ours.
pub fn membership_rows(previous: Option<&RunRef>) -> Result<Vec<Vec<Cell>>> {
    let Some(run) = previous else { return Ok(Vec::new()) };
    let path = run.table("segment_membership");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let damaged = || {
        Error::new(
            crate::error::ErrorKind::Verify,
            format!("the table `segment_membership` of run `{}` is damaged", run.id),
        )
        .hint("`patronage verify` says more; restore that run, or remove it")
    };
    let mut rows = Vec::new();
    for file in table_files(&path)? {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).reading(&file)?)
            .and_then(|builder| builder.build())
            .map_err(|error| damaged().because(error))?;
        for batch in reader {
            let batch = batch.map_err(|error| damaged().because(error))?;
            let text = |name: &str| batch.column_by_name(name)?.as_any().downcast_ref::<StringArray>();
            let days = batch.column_by_name("since").and_then(|array| array.as_any().downcast_ref::<Date32Array>());
            let (Some(segments), Some(customers), Some(days)) = (text("segment_id"), text("customer_id"), days) else {
                return Err(damaged());
            };
            for row in 0..batch.num_rows() {
                rows.push(vec![segments.value(row).into(), customers.value(row).into(), days.value(row).into()]);
            }
        }
    }
    Ok(rows)
}
