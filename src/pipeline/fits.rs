//! What the manifest says of models: those that score somebody, why they were chosen, and their parameters; what was counted
//! for affinity; and the methods that lists of products are made with.

use std::path::{Path, PathBuf};

use arrow::array::{Array, Float64Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use serde_json::{Map, Value, json};

use crate::engine::ask;
use crate::error::Result;
use crate::publish::table_path;

/// A report on each chosen model or method of the run that is being built in `building`; none where none were asked for.
///
/// # Errors
/// What reading the run's own tables may say.
pub fn reports(building: &Path) -> Result<Vec<Value>> {
    let mut reports = lifetime_values(building)?;
    reports.extend(methods(building)?);
    Ok(reports)
}

/// The tables of these names in `building`, when all of them are there.
fn tables(building: &Path, names: &[&str]) -> Option<Vec<(String, PathBuf)>> {
    let table = |name: &&str| ((*name).to_owned(), table_path(building, name));
    let tables: Vec<(String, PathBuf)> = names.iter().map(table).collect();
    tables.iter().all(|(_, path)| path.exists()).then_some(tables)
}

/// The method of each list of products, judged at the usual length of a list.
fn methods(building: &Path) -> Result<Vec<Value>> {
    let Some(tables) = tables(building, &["affinity_evaluation"]) else { return Ok(Vec::new()) };
    let methods = "SELECT list, method, customers, ndcg, lo, hi, recall, hit_rate, coverage, popularity, reason \
                   FROM affinity_evaluation WHERE chosen AND k = 10 ORDER BY list, method";
    let reports = rows(&ask(&tables, methods)?).into_iter().map(|mut report| {
        report.insert("family".to_owned(), json!("recommendations"));
        Value::Object(report)
    });
    Ok(reports.collect())
}

/// The models of lifetime value with their parameters.
fn lifetime_values(building: &Path) -> Result<Vec<Value>> {
    let Some(tables) = tables(building, &["ltv_models", "ltv_parameters"]) else { return Ok(Vec::new()) };
    let models = "SELECT stratum, model, customers, log_likelihood, termination, collapses_to, holdout_deviance, \
                  baseline_deviance, holdout_bias, grade, reason FROM ltv_models WHERE chosen ORDER BY stratum, model";
    let parameters = "SELECT p.stratum AS stratum, p.model AS model, p.parameter AS parameter, \
                      COALESCE(p.pooled_value, p.value) AS value FROM ltv_parameters AS p \
                      ORDER BY stratum, model, parameter";
    let of_parameters = rows(&ask(&tables, parameters)?);
    let reports = rows(&ask(&tables, models)?).into_iter().map(|mut report| {
        let of_model: Map<String, Value> = of_parameters
            .iter()
            .filter(|row| row["stratum"] == report["stratum"] && row["model"] == report["model"])
            .filter_map(|row| Some((row["parameter"].as_str()?.to_owned(), row["value"].clone())))
            .collect();
        report.insert("family".to_owned(), json!("lifetime_value"));
        report.insert("parameters".to_owned(), Value::Object(of_model));
        Value::Object(report)
    });
    Ok(reports.collect())
}

/// What was counted for a family of models, by its table of figures, and a sentence for each limit because of which something
/// is missing.
///
/// # Errors
/// What reading the run's own table may say.
pub fn figures(building: &Path, family: &str, table: &str) -> Result<(Option<Value>, Vec<String>)> {
    let Some(tables) = tables(building, &[table]) else { return Ok((None, Vec::new())) };
    let question = format!(
        "SELECT subject, figure, value, meaning, CASE WHEN is_limit THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) \
                    END AS bound FROM {table} ORDER BY subject, figure"
    );
    let rows = rows(&ask(&tables, &question)?);
    let mut figures = Map::new();
    let mut notes = Vec::new();
    for row in &rows {
        let (Some(subject), Some(figure)) = (row["subject"].as_str(), row["figure"].as_str()) else { continue };
        let of_subject = figures.entry(subject).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(of_subject) = of_subject {
            of_subject.insert(figure.to_owned(), row["value"].clone());
        }
        if row["bound"] == json!(1) {
            notes.push(format!(
                "{family}, {subject}: {} {}",
                row["value"],
                row["meaning"].as_str().unwrap_or_default()
            ));
        }
    }
    let report = json!({ "family": family, "figures": figures });
    Ok((Some(report).filter(|_| !rows.is_empty()), notes))
}

/// The rows of an answer, by the names of the columns; what is null is left null.
fn rows(batches: &[RecordBatch]) -> Vec<Map<String, Value>> {
    let of_batch = |batch: &RecordBatch| {
        (0..batch.num_rows())
            .map(|row| {
                let names = batch.schema_ref().fields().iter().map(|field| field.name().clone());
                names.zip(batch.columns().iter().map(|column| value(column.as_ref(), row))).collect()
            })
            .collect::<Vec<_>>()
    };
    batches.iter().flat_map(of_batch).collect()
}

fn value(column: &dyn Array, row: usize) -> Value {
    let any = column.as_any();
    if column.is_null(row) {
        Value::Null
    } else if let Some(texts) = any.downcast_ref::<StringArray>() {
        json!(texts.value(row))
    } else if let Some(doubles) = any.downcast_ref::<Float64Array>() {
        json!(doubles.value(row))
    } else if let Some(wholes) = any.downcast_ref::<Int64Array>() {
        json!(wholes.value(row))
    } else {
        Value::Null
    }
}
