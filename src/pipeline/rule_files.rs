//! The rule files of a run: the strongest rows of `affinity_ptp`, for engines that evaluate rules
//! (`spec/affinity.md` 0.10 and 6).

use std::path::Path;

use arrow::array::{Array, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;

use crate::config::Affinity;
use crate::engine::ask;
use crate::error::{Error, Result};
use crate::models::affinity::Ratio;
use crate::publish::{Building, table_path};
use crate::rule_files::{Choice, PairRule, choose, drools_csv, jdm, json_rules};

/// Where the files are in a run folder.
pub const FOLDER: &str = "rules";

/// Rows of one product and level that become rules.
const PER_PRODUCT: usize = 3;

/// Products with rules.
const PRODUCTS: usize = 1_000;

/// Writes the rule files of the run that is being built, when it has pairs; says what they leave out.
///
/// # Errors
/// What reading the run's own table or writing may say.
pub fn write(building: &Building<'_>, affinity: &Affinity) -> Result<Option<String>> {
    let table = table_path(building.path(), "affinity_ptp");
    if !table.exists() {
        return Ok(None);
    }
    let max_q = affinity.max_q.parse::<Ratio>().map_err(Error::config)?.value();
    let choice = Choice { max_q, min_count: affinity.min_count.into(), per_product: PER_PRODUCT, products: PRODUCTS };
    let level = affinity.levels.first().map_or("basket", |level| level.name());
    let batches = strongest(&table, level, &choice)?;
    let mut rows = Vec::new();
    for batch in &batches {
        rows.extend(rules(batch)?);
    }
    let chosen = choose(&rows, &choice);
    building.add_file(&format!("{FOLDER}/affinity_rules.jdm.json"), jdm(&chosen.rules).as_bytes())?;
    building.add_file(&format!("{FOLDER}/affinity_rules.json"), json_rules(&chosen.rules).as_bytes())?;
    building.add_file(&format!("{FOLDER}/affinity_rules.csv"), drools_csv(&chosen.rules).as_bytes())?;
    Ok((chosen.products_left_out > 0).then(|| {
        format!(
            "the rule files hold the {PRODUCTS} most bought products: {} others with {} rules are in `affinity_ptp` alone",
            chosen.products_left_out, chosen.over_products
        )
    }))
}

/// The rows that may become rules: of one level, as an engine looks at every row for every question; of what can be
/// offered, with enough evidence of its own, the best of each product.
fn strongest(table: &Path, level: &str, choice: &Choice) -> Result<Vec<RecordBatch>> {
    let question = format!(
        "SELECT rule_id, level, product_a, product_b, rank, n_a, n_ab, confidence, lift, llr, q_value FROM (\
           SELECT rule_id, level, product_a, product_b, rank, n_a, n_ab, confidence, lift, llr, q_value, \
             ROW_NUMBER() OVER (PARTITION BY level, product_a ORDER BY rank) AS place \
           FROM affinity_ptp \
           WHERE level = '{level}' AND granularity = 'product' AND relation = 'complement' AND NOT backed_off AND related_eligible \
             AND q_value <= {} AND n_ab >= {}\
         ) AS ranked WHERE place <= {} ORDER BY level, product_a, rank",
        choice.max_q, choice.min_count, choice.per_product
    );
    ask(&[("affinity_ptp".to_owned(), table.to_path_buf())], &question)
}

fn rules(batch: &RecordBatch) -> Result<Vec<PairRule<'_>>> {
    let (rule_ids, levels) = (column::<StringArray>(batch, "rule_id")?, column::<StringArray>(batch, "level")?);
    let a = column::<StringArray>(batch, "product_a")?;
    let b = column::<StringArray>(batch, "product_b")?;
    let ranks = column::<Int32Array>(batch, "rank")?;
    let (n_a, n_ab) = (column::<Int64Array>(batch, "n_a")?, column::<Int64Array>(batch, "n_ab")?);
    let double = |name| column::<Float64Array>(batch, name);
    let (confidence, lift, llr, q_value) = (double("confidence")?, double("lift")?, double("llr")?, double("q_value")?);
    let rule = |row| PairRule {
        rule_id: rule_ids.value(row),
        level: levels.value(row),
        product_a: a.value(row),
        product_b: b.value(row),
        rank: ranks.value(row).unsigned_abs(),
        n_a: n_a.value(row).unsigned_abs(),
        n_ab: n_ab.value(row).unsigned_abs(),
        confidence: confidence.value(row),
        lift: lift.value(row),
        llr: llr.value(row),
        q_value: q_value.value(row),
    };
    Ok((0..batch.num_rows()).map(rule).collect())
}

/// A column of the rows of the run's own table.
///
/// # Errors
/// Internal, when it is not there or of another type.
pub fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T> {
    let found = batch.column_by_name(name).and_then(|array| array.as_any().downcast_ref::<T>());
    found.ok_or_else(|| Error::internal(format!("`{name}` is not as it was written")))
}
