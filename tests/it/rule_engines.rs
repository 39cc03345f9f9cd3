//! Rules in the engine that they are written for.

use std::path::Path;

use patronage::models::affinity::rule_id;
use patronage::rule_files::{PairRule, jdm};

use crate::foreign;

/// How many rows the engine answered as they are in `rows` (JSON, or the Parquet file of `affinity_ptp`), asked for every
/// product of the decision; `None`, with a note, without the engine.
pub fn answered(decision: &Path, rows: &Path) -> Option<usize> {
    let python = foreign::python_with("duckdb, zen")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/rule_engines.py");
    Some(foreign::output(python, &[script.as_ref(), decision.as_ref(), rows.as_ref()]).trim().parse().unwrap())
}

#[test]
fn zen_answers_every_row_whatever_the_ids_are() {
    let products = [
        "85123A",
        "12\" ruler",
        "mother's day",
        "12\" mother's `day`",
        "'\"'\"",
        "back\\slash\\",
        "\\u0041\\n",
        "a,b;c|d",
        "ends with...",
        " blanks ",
        "$param ${x}",
        "Käse 乳製品 🧀",
        "line\nfeed\r\n\ttab",
        "\u{1}",
        "true",
        "1e5",
    ];
    let rows: Vec<(String, usize, u32)> = (0..products.len())
        .flat_map(|at| (1..4).map(move |rank| (at, rank)))
        .map(|(at, rank)| {
            let other = (at + rank as usize) % products.len();
            (rule_id("basket", "product", "complement", products[at], products[other]), at, rank)
        })
        .collect();
    let rules: Vec<PairRule<'_>> = rows
        .iter()
        .map(|(rule_id, at, rank)| PairRule {
            rule_id,
            level: ["basket", "customer"][at % 2],
            product_a: products[*at],
            product_b: products[(at + *rank as usize) % products.len()],
            rank: *rank,
            n_a: 100,
            n_ab: 10 * u64::from(*rank) + *at as u64,
            confidence: 1.0 / f64::from(rank + 2),
            lift: 1e6 / f64::from(*rank),
            llr: 123_456.789,
            q_value: if *rank == 1 { 1e-300 } else { 0.049 },
        })
        .collect();
    let json: Vec<serde_json::Value> = rules
        .iter()
        .map(|rule| {
            serde_json::json!({
                "rule_id": rule.rule_id, "level": rule.level, "product_a": rule.product_a, "product_b": rule.product_b,
                "rank": rule.rank, "n_ab": rule.n_ab, "confidence": rule.confidence, "lift": rule.lift, "llr": rule.llr,
                "q_value": rule.q_value,
            })
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let (decision, rows) = (dir.path().join("rules.jdm.json"), dir.path().join("rows.json"));
    std::fs::write(&decision, jdm(&rules)).unwrap();
    std::fs::write(&rows, serde_json::Value::Array(json).to_string()).unwrap();
    let Some(count) = answered(&decision, &rows) else { return };
    assert_eq!(count, 48);
}
