//! The policy of the contact centre as rules: a decision table of GoRules ZEN (JDM) and rules of json-rules-engine.
//!
//! What decides is the service level alone (`sql/segments/routing.sql`): it is the condition, and the columns of
//! `service_levels` are the answer. What else a row of `routing` has is a fact about one customer: the value group, the
//! language, an open complaint, their agent, the next offer. A decision passes facts through, so that the facts of a
//! customer come back as their whole row of `routing`. A caller without a level that is known gets the default level.

use serde_json::{Map, Value, json};

use super::jdm::{column, decision, edge, literal, node};

/// The one rule of a service level.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyRule {
    /// The level that it is about.
    pub service_level: String,
    /// The stable id, which comes back with every answer.
    pub rule_id: String,
    /// Whether callers who are not known get it.
    pub is_default: bool,
    /// The other columns of the policy: texts, numbers, truth values, or null where there is no limit.
    pub policy: Vec<(String, Value)>,
}

/// The name of the fact that decides, and of the answer that repeats it: an unknown caller has a level afterwards.
const SERVICE_LEVEL: &str = "service_level";

/// A decision for ZEN 1 and 2: one row a level, the first that holds, and a last row for everybody else. Null answers do
/// not come back: ZEN leaves them out.
pub fn routing_jdm(rules: &[PolicyRule]) -> String {
    let mut rows: Vec<Value> =
        rules.iter().map(|rule| row(rule, &rule.rule_id, literal_text(&rule.service_level))).collect();
    // An empty cell holds for everything.
    rows.extend(
        rules
            .iter()
            .filter(|rule| rule.is_default)
            .map(|rule| row(rule, &format!("{}.unknown", rule.rule_id), String::new())),
    );
    let input = json!({"id": "fact", "name": SERVICE_LEVEL, "field": SERVICE_LEVEL});
    let mut outputs = vec![column(SERVICE_LEVEL)];
    outputs.extend(rules.first().into_iter().flat_map(|rule| rule.policy.iter().map(|(name, _)| column(name))));
    outputs.push(column("rule_id"));
    let table = json!({
        "hitPolicy": "first",
        "inputs": [input],
        "outputs": outputs,
        "rules": rows,
        "passThrough": true,
        "inputField": null,
        "outputPath": null,
        "executionMode": "single",
    });
    decision(
        vec![
            node("request", "inputNode", 100, json!({})),
            node("routing", "decisionTableNode", 400, table),
            node("response", "outputNode", 700, json!({})),
        ],
        vec![edge("request", "routing"), edge("routing", "response")],
    )
}

fn row(rule: &PolicyRule, id: &str, condition: String) -> Value {
    let mut cells = Map::new();
    cells.insert("_id".to_owned(), json!(id));
    cells.insert("fact".to_owned(), json!(condition));
    cells.insert(SERVICE_LEVEL.to_owned(), json!(literal_text(&rule.service_level)));
    for (name, value) in &rule.policy {
        cells.insert(name.clone(), json!(literal(value)));
    }
    cells.insert("rule_id".to_owned(), json!(literal_text(&rule.rule_id)));
    Value::Object(cells)
}

fn literal_text(text: &str) -> String {
    literal(&json!(text))
}

/// A list of rules for `new Engine(rules, { allowUndefinedFacts: true })`, one a line. The fact is `service_level`; an event
/// `routing` with the policy comes for the level, or for the default level when no other has it.
pub fn routing_json_rules(rules: &[PolicyRule]) -> String {
    let condition = |operator: &str, value: Value| json!({"fact": SERVICE_LEVEL, "operator": operator, "value": value});
    let lines: Vec<String> = rules
        .iter()
        .map(|rule| {
            let mut params = Map::new();
            params.insert("rule_id".to_owned(), json!(rule.rule_id));
            params.insert(SERVICE_LEVEL.to_owned(), json!(rule.service_level));
            params.extend(rule.policy.iter().cloned());
            // Whoever has no other level has the default one: the engine knows no rule for the rest.
            let others: Vec<&str> =
                rules.iter().filter(|other| !other.is_default).map(|other| &*other.service_level).collect();
            let holds = if rule.is_default {
                condition("notIn", json!(others))
            } else {
                condition("equal", json!(rule.service_level))
            };
            json!({
                "name": rule.rule_id,
                "conditions": {"all": [holds]},
                "event": {"type": "routing", "params": params},
            })
            .to_string()
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<PolicyRule> {
        let rule = |level: &str, is_default, cap: Value| PolicyRule {
            service_level: level.to_owned(),
            rule_id: format!("route.{level}.v1"),
            is_default,
            policy: vec![("queue".to_owned(), json!(format!("{level}'s \"team\""))), ("cap".to_owned(), cap)],
        };
        vec![rule("cz", true, json!(0.5)), rule("diamond", false, Value::Null)]
    }

    #[test]
    fn a_decision_has_one_row_a_level_and_one_for_everybody_else() {
        let decision: Value = serde_json::from_str(&routing_jdm(&rules())).expect("JSON");
        let table = &decision["nodes"][1]["content"];
        assert_eq!((&table["hitPolicy"], &table["passThrough"]), (&json!("first"), &json!(true)));
        let rows = table["rules"].as_array().expect("rows");
        let cells: Vec<[&str; 5]> = rows
            .iter()
            .map(|row| ["_id", "fact", "service_level", "cap", "rule_id"].map(|name| row[name].as_str().expect(name)))
            .collect();
        assert_eq!(
            cells,
            [
                ["route.cz.v1", "\"cz\"", "\"cz\"", "0.5", "\"route.cz.v1\""],
                ["route.diamond.v1", "\"diamond\"", "\"diamond\"", "null", "\"route.diamond.v1\""],
                ["route.cz.v1.unknown", "", "\"cz\"", "0.5", "\"route.cz.v1\""],
            ]
        );
        // Texts with both quotes are put together from several.
        assert_eq!(rows[0]["queue"], "\"cz's \" + '\"team\"'");
    }

    #[test]
    fn exactly_one_rule_holds_for_any_level() {
        let rules: Vec<Value> = serde_json::from_str(&routing_json_rules(&rules())).expect("JSON");
        let holds = |rule: &Value, level: &Value| {
            let condition = &rule["conditions"]["all"][0];
            let (operator, value) = (condition["operator"].as_str().expect("an operator"), &condition["value"]);
            match operator {
                "equal" => value == level,
                "notIn" => !value.as_array().expect("a list").contains(level),
                other => panic!("{other}"),
            }
        };
        for (level, expected) in [
            (json!("cz"), "route.cz.v1"),
            (json!("diamond"), "route.diamond.v1"),
            (json!("new"), "route.cz.v1"),
            (Value::Null, "route.cz.v1"),
        ] {
            let found: Vec<&Value> =
                rules.iter().filter(|rule| holds(rule, &level)).map(|rule| &rule["name"]).collect();
            assert_eq!(found, [expected], "{level}");
        }
        assert_eq!(rules[1]["event"]["params"]["cap"], Value::Null);
        assert_eq!(rules[0]["event"]["params"]["queue"], "cz's \"team\"");
    }
}
