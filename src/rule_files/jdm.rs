//! JSON Decision Model of GoRules ZEN. For pairs: an input, a decision table that collects all rows that match, an output.

use serde_json::{Value, json};

use super::{PairRule, number};

/// A decision for ZEN 1 and 2: from `{"level", "product_a"}` to `{"related": [...]}`, by rank.
pub fn jdm(rules: &[PairRule<'_>]) -> String {
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
    decision(
        vec![
            node("request", "inputNode", 100, json!({})),
            node("affinity", "decisionTableNode", 400, table),
            node("response", "outputNode", 700, json!({})),
        ],
        vec![edge("request", "affinity"), edge("affinity", "response")],
    )
}

/// The text of a decision.
pub(super) fn decision(nodes: Vec<Value>, edges: Vec<Value>) -> String {
    let decision = json!({"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges});
    format!("{decision:#}\n")
}

/// A step of a decision, this far to the right in an editor.
pub(super) fn node(id: &str, kind: &str, x: u32, content: Value) -> Value {
    json!({"id": id, "name": id, "type": kind, "position": {"x": x, "y": 100}, "content": content})
}

/// What follows on what.
pub(super) fn edge(from: &str, to: &str) -> Value {
    json!({"id": format!("{from}-{to}"), "type": "edge", "sourceId": from, "targetId": to})
}

/// A column of a decision table.
pub(super) fn column(name: &str) -> Value {
    json!({"id": name, "name": name, "field": name})
}

/// An expression that is this value: a text, a number, a truth value or null.
pub(super) fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), text)
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
