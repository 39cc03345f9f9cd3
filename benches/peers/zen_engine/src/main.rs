//! The rules of a run in the engine that they are written for: every row of the decision has to come back.
//!
//! ```sh
//! patronage query "SELECT * FROM affinity_ptp" --format ndjson > rows.ndjson
//! cargo run --release -- latest/rules/affinity_rules.jdm.json rows.ndjson
//! ```
//!
//! The same for the routing decision of `patronage export zen`, asked with the facts of every customer:
//!
//! ```sh
//! patronage query "SELECT * FROM routing" --format ndjson > routing.ndjson
//! cargo run --release -- routing.jdm.json routing.ndjson
//! ```

mod routing;

use std::collections::{BTreeMap, HashSet};
use std::fs;

use serde_json::{Value, json};
use zen_engine::DecisionEngine;
use zen_engine::model::DecisionContent;

const EXACT: [&str; 4] = ["rule_id", "product_b", "rank", "n_ab"];
const MEASURES: [&str; 4] = ["confidence", "lift", "llr", "q_value"];

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("`{name}` is no text"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [decision, rows] = [1, 2].map(|at| {
        let path = std::env::args().nth(at).expect("a decision and rows");
        fs::read_to_string(path).expect("a file")
    });
    let parsed: Value = serde_json::from_str(&decision).expect("JSON");
    let nodes = parsed["nodes"].as_array().expect("nodes");
    let table = nodes.iter().find(|node| node["type"] == "decisionTableNode").expect("a decision table");
    let rules = table["content"]["rules"].as_array().expect("rules");
    let ids: HashSet<&str> = rules.iter().map(|rule| text(rule, "_id")).collect();
    assert_eq!(ids.len(), rules.len(), "an id comes twice");

    if table["content"]["hitPolicy"] == "first" {
        return routing::check(&decision, &table["content"], &rows).await;
    }
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).expect("a row")).collect();
    let mut expected: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for row in rows.iter().filter(|row| ids.contains(text(row, "rule_id"))) {
        expected.entry((text(row, "level"), text(row, "product_a"))).or_default().push(row);
    }
    let content: DecisionContent = serde_json::from_str(&decision).expect("a decision");
    let decision = DecisionEngine::default().create_decision(content.into()).expect("a decision");
    let mut equal = 0;
    for ((level, product_a), mut rows) in expected {
        rows.sort_by_key(|row| row["rank"].as_i64());
        let answer = decision.evaluate(json!({"level": level, "product_a": product_a}).into()).await.expect("an answer");
        let answer: Value = answer.result.to_value();
        let related = answer["related"].as_array().expect("related products");
        assert_eq!(related.len(), rows.len(), "{level} {product_a}");
        for (found, row) in related.iter().zip(rows) {
            for column in EXACT {
                assert_eq!(found[column], row[column], "{level} {product_a} {column}");
            }
            for column in MEASURES {
                let [found, row] = [found, row].map(|of| of[column].as_f64().expect("a number"));
                // Twelve decimals were written.
                assert!((found - row).abs() <= 5e-13 + 1e-14 * row.abs(), "{level} {product_a} {column}: {found}, {row}");
            }
            equal += 1;
        }
    }
    assert_eq!(equal, rules.len(), "rows of the decision that the table has");
    println!("{equal} rows of the decision came back as they are in the table");
}
