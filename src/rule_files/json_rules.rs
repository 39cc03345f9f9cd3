//! Rules of json-rules-engine (Node.js): a list for `new Engine(rules)`.

use serde_json::json;

use super::{PairRule, number, priority};

/// A list of rules, one a line. The facts are `level` and `product_a`; an event `related_product` comes for every rule
/// that holds, the best rank first.
pub fn json_rules(rules: &[PairRule<'_>]) -> String {
    let lines: Vec<String> = rules
        .iter()
        .map(|rule| {
            let is = |fact: &str, value: &str| json!({"fact": fact, "operator": "equal", "value": value});
            let measure = |value: f64| number(value).parse::<f64>().unwrap_or(value);
            json!({
                "name": rule.rule_id,
                "priority": priority(rule, rules),
                "conditions": {"all": [is("level", rule.level), is("product_a", rule.product_a)]},
                "event": {"type": "related_product", "params": {
                    "rule_id": rule.rule_id,
                    "product_b": rule.product_b,
                    "rank": rule.rank,
                    "n_ab": rule.n_ab,
                    "confidence": measure(rule.confidence),
                    "lift": measure(rule.lift),
                    "llr": measure(rule.llr),
                    "q_value": measure(rule.q_value),
                }},
            })
            .to_string()
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
