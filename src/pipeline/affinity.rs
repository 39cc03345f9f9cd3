//! What affinity needs of the pipeline file and of the run before, as rows.

use std::fs::File;
use std::path::PathBuf;

use jiff::civil::Date;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::periods::epoch_day;
use super::rows::Cell;
use crate::config::Config;
use crate::contract::{Column, Table};
use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::publish::{RunRef, table_files};

/// The first day there is, where counts begin without a window: 0001-01-01.
const FIRST_DAY: i32 = -719_162;

/// Columns of `run_params`.
pub fn affinity_params(config: &Config, as_of: Date) -> Vec<Cell> {
    let affinity = &config.affinity;
    let words = |words: Vec<&'static str>| Cell::Text(words.join(" "));
    let from = affinity.window_days.map_or(FIRST_DAY, |days| {
        epoch_day(as_of).saturating_sub(i32::try_from(days).unwrap_or(i32::MAX)).max(FIRST_DAY)
    });
    vec![
        affinity.enabled.into(),
        affinity.category_top_k.into(),
        affinity.rank_by.name().into(),
        words(affinity.levels.iter().map(|level| level.name()).collect()),
        words(affinity.granularities.iter().map(|granularity| granularity.name()).collect()),
        words(affinity.attributes.iter().map(|attribute| attribute.name()).collect()),
        affinity.megabaskets.name().into(),
        affinity.max_customer_products.into(),
        affinity.half_life_days.unwrap_or(0).into(),
        from.into(),
        affinity.sequence_window_days.into(),
        affinity.max_q.as_str().into(),
        affinity.rule_min_support.as_str().into(),
        affinity.rule_min_confidence.as_str().into(),
        affinity.rule_max_length.into(),
        affinity.max_rules.into(),
        affinity.delta_rank_change.into(),
    ]
}

/// Rows of `excluded_products`.
pub fn excluded_product_rows(config: &Config) -> Vec<Vec<Cell>> {
    let mut products: Vec<&str> = config.affinity.exclude_products.iter().map(String::as_str).collect();
    products.sort_unstable();
    products.dedup();
    products.into_iter().map(|product| vec![product.into()]).collect()
}

/// The file of `affinity_ptp` of the run before; none without such a run, and none when a version made it whose rows had no
/// names that last.
///
/// # Errors
/// [`ErrorKind::Verify`] when the table is damaged.
pub fn files_before(previous: Option<&RunRef>, before: &Table) -> Result<Vec<PathBuf>> {
    let Some(run) = previous else { return Ok(Vec::new()) };
    let path = run.table("affinity_ptp");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let files = table_files(&path)?;
    let Some(first) = files.first() else { return Ok(Vec::new()) };
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(first).reading(first)?).map_err(|error| {
        Error::new(ErrorKind::Verify, format!("the table `affinity_ptp` of run `{}` is damaged", run.id))
            .because(error)
            .hint("`patronage verify` says more; restore that run, or remove it")
    })?;
    let has = |column: &Column| reader.schema().column_with_name(&column.published_name()).is_some();
    Ok(if before.columns.iter().all(has) { files } else { Vec::new() })
}
