//! The routing decision, asked with the facts of every customer.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use zen_engine::DecisionEngine;
use zen_engine::model::DecisionContent;

/// Holds every row of `routing` against what the engine answers. The facts are the columns that the decision does not answer,
/// and the service level; the answer has to be the whole row.
pub async fn check(decision: &str, table: &Value, rows: &str) {
    let fields = |of: &str| -> BTreeSet<String> {
        let columns = table[of].as_array().expect("columns");
        columns.iter().map(|column| column["field"].as_str().expect("a field").to_owned()).collect()
    };
    let (asked, answers) = (fields("inputs"), fields("outputs"));
    assert!(answers.contains("rule_id"), "an answer without its rule");
    let content: DecisionContent = serde_json::from_str(decision).expect("a decision");
    let decision = DecisionEngine::default().create_decision(content.into()).expect("a decision");
    let mut equal = 0;
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let row = known(row.as_object().expect("an object"));
        let facts: Map<String, Value> = row
            .iter()
            .filter(|(name, _)| asked.contains(*name) || !answers.contains(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let found = decision.evaluate(Value::Object(facts).into()).await.expect("an answer").result.to_value();
        assert_eq!(known(found.as_object().expect("an object")), row);
        equal += 1;
    }
    let strangers = table["rules"].as_array().expect("rules").last().expect("a rule");
    let found = decision.evaluate(json!({}).into()).await.expect("an answer").result.to_value();
    assert_eq!(found["rule_id"].as_str().map(|id| format!("\"{id}\"")).as_deref(), strangers["rule_id"].as_str());
    println!("{equal} rows of routing came back as they are in the table");
}

/// What has a value, with numbers as doubles: a cost cap of 30 is one of 30.0.
fn known(row: &Map<String, Value>) -> Map<String, Value> {
    let plain = |value: &Value| value.as_f64().map_or_else(|| value.clone(), |number| json!(number));
    row.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), plain(value))).collect()
}
