//! JSON Decision Model of GoRules ZEN: an input, a decision table that collects all rows that match, an output.

use serde_json::{Value, json};

use super::{PairRule, number};

/// A decision for ZEN 1 and 2: from `{"level", "product_a"}` to `{"related": [...]}`, by rank.
pub fn jdm(rules: &[PairRule<'_>]) -> String {
    let column = |name: &str| json!({"id": name, "name": name, "field": name});
    let rows: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "_id": rule.rule_id,
                "level": text(rule.level),
                "product_a": text(rule.product_a),
                "rule_id": text(rule.rule_id),
                "product_b": text(rule.product_b),
                "rank": rule.rank.to_string(),
                "n_ab": rule.n_ab.to_string(),
                "confidence": number(rule.confidence),
                "lift": number(rule.lift),
                "llr": number(rule.llr),
                "q_value": number(rule.q_value),
            })
        })
        .collect();
    let inputs = ["level", "product_a"].map(column);
    let outputs = ["rule_id", "product_b", "rank", "n_ab", "confidence", "lift", "llr", "q_value"].map(column);
    let table = json!({
        "hitPolicy": "collect",
        "inputs": inputs,
        "outputs": outputs,
        "rules": rows,
        "passThrough": false,
        "inputField": null,
        "outputPath": "related",
        "executionMode": "single",
    });
    let node = |id: &str, kind: &str, x: u32, content: Value| json!({"id": id, "name": id, "type": kind, "position": {"x": x, "y": 100}, "content": content});
    let edge =
        |from: &str, to: &str| json!({"id": format!("{from}-{to}"), "type": "edge", "sourceId": from, "targetId": to});
    let decision = json!({
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            node("request", "inputNode", 100, json!({})),
            node("affinity", "decisionTableNode", 400, table),
            node("response", "outputNode", 700, json!({})),
        ],
        "edges": [edge("request", "affinity"), edge("affinity", "response")],
    });
    format!("{decision:#}\n")
}

/// An expression that is this text. A text of ZEN is between two quotes of one kind and knows no escapes, so that one with
/// both kinds is put together from several.
fn text(value: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = value;
    loop {
        // As far as one kind of quote does: up to the second kind that comes.
        let double = rest.find('"').unwrap_or(rest.len());
        let single = rest.find('\'').unwrap_or(rest.len());
        let (quote, end) = if double >= single { ('"', double) } else { ('\'', single) };
        let (part, after) = rest.split_at(end);
        parts.push(format!("{quote}{part}{quote}"));
        rest = after;
        if rest.is_empty() {
            return parts.join(" + ");
        }
    }
}
