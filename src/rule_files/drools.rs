//! A decision table of Drools as CSV, for `DecisionTableInputType.CSV`.

use std::fmt::Write;

use super::{PairRule, number, priority};

/// What each column of the table of rules is: its kind, the pattern that it belongs to, its code and its title. `$param` is
/// the cell.
const COLUMNS: [(&str, &str, &str, &str); 12] = [
    ("NAME", "", "", "rule_id"),
    ("PRIORITY", "", "", "priority"),
    // Three points join the two conditions into one pattern.
    ("CONDITION", "Map...", r#"this["level"] == "$param""#, "level"),
    ("CONDITION", "Map...", r#"this["product_a"] == "$param""#, "product_a"),
    ("ACTION", "", r#"Map row = new LinkedHashMap(); row.put("rule_id", "$param");"#, "rule_id"),
    ("ACTION", "", r#"row.put("product_b", "$param");"#, "product_b"),
    ("ACTION", "", r#"row.put("rank", $param);"#, "rank"),
    ("ACTION", "", r#"row.put("n_ab", $paramL);"#, "n_ab"),
    ("ACTION", "", r#"row.put("confidence", $paramd);"#, "confidence"),
    ("ACTION", "", r#"row.put("lift", $paramd);"#, "lift"),
    ("ACTION", "", r#"row.put("llr", $paramd);"#, "llr"),
    ("ACTION", "", r#"row.put("q_value", $paramd); related.add(row);"#, "q_value"),
];

/// A decision table over facts of type `java.util.Map` with `level` and `product_a`. Each rule that holds adds a map to the
/// global list `related`, the best rank first.
pub fn drools_csv(rules: &[PairRule<'_>]) -> String {
    let mut table = String::new();
    let mut line = |cells: &[&str]| {
        // The first column is for remarks and stays empty; every cell is in quotes.
        table.push_str("\"\"");
        for cell in cells {
            let _ = write!(table, ",\"{}\"", cell.replace('"', "\"\""));
        }
        table.push('\n');
    };
    line(&["RuleSet", "patronage.affinity"]);
    line(&["Import", "java.util.Map, java.util.LinkedHashMap"]);
    line(&["Variables", "java.util.List related"]);
    line(&[]);
    line(&["RuleTable affinity"]);
    line(&COLUMNS.map(|column| column.0));
    line(&COLUMNS.map(|column| column.1));
    line(&COLUMNS.map(|column| column.2));
    line(&COLUMNS.map(|column| column.3));
    for rule in rules {
        line(&[
            rule.rule_id,
            &priority(rule, rules).to_string(),
            &escaped(rule.level),
            &escaped(rule.product_a),
            rule.rule_id,
            &escaped(rule.product_b),
            &rule.rank.to_string(),
            &rule.n_ab.to_string(),
            &number(rule.confidence),
            &number(rule.lift),
            &number(rule.llr),
            &number(rule.q_value),
        ]);
    }
    table
}

/// A text as it stands between double quotes in Java and in DRL. Letters beyond ASCII are written as numbers, so that the
/// encoding in which somebody reads the file does not matter. So are blanks, points and `$` where they could mean something
/// to the reader of the table: it trims cells, joins those that end with three points and puts cells where `$param` is.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    let last = value.chars().count().saturating_sub(1);
    for (at, letter) in value.chars().enumerate() {
        let is_end = at == 0 || at == last;
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '$' => text.push_str("\\u0024"),
            ' ' | '.' if is_end => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            ' '..='~' => text.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}
