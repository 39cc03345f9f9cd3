//! The scorecard of attrition for whoever scores outside a run: one SELECT, and a decision for GoRules ZEN.
//!
//! Both start from the columns of `attrition_inputs` and give points and the recalibrated probability. Points are whole
//! numbers, so both give exactly the points of the run; probabilities agree as far as exponentials of two programs do.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::jdm::{column, decision, edge, node};

/// Points for one unit of log-odds.
const POINTS_A_LOGIT: f64 = 1_000.0;

/// A scorecard: the rows of `attrition_model` and `attrition_recalibration` of the model `scorecard`.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Points that everybody has.
    pub intercept: i64,
    /// What adds points.
    pub features: Vec<CardFeature>,
    /// What makes a probability of the points.
    pub curve: Curve,
    /// Log-odds are kept between these before the curve is applied.
    pub most_log_odds: f64,
    /// Who has been silent for so many days or longer has no score.
    pub eligible_days: u32,
}

/// A column and the points of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct CardFeature {
    /// The column of `attrition_inputs`.
    pub name: String,
    /// The lowest values first; each line but the last has a `below`.
    pub lines: Vec<CardLine>,
    /// Points of a value that is not known.
    pub missing: i64,
}

/// Points of the values below a limit that are in no line before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CardLine {
    /// The limit; none of the highest values.
    pub below: Option<f64>,
    /// The points.
    pub points: i64,
}

/// What makes a probability.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// `1 / (1 + EXP(-(intercept + slope * log-odds)))`.
    Logistic {
        /// Log-odds at a score of one half.
        intercept: f64,
        /// By how much log-odds count.
        slope: f64,
    },
    /// From score to probability, straight between two knots and level beyond the ends.
    Isotonic(Vec<(f64, f64)>),
}

/// A SELECT over `attrition_inputs` with `customer_id`, `points` and `probability`, for any engine.
pub fn scorecard_sql(card: &Card) -> String {
    let mut sql = String::from(
        "-- The score of attrition as the run computed it: points by bins, and the probability of leaving.\n\
         -- Runs over `attrition_inputs`, or over any table with its columns. 693 points double the odds of leaving.\n",
    );
    let days = card.eligible_days;
    let _ = writeln!(sql, "-- Who has been silent for {days} days or longer has no score.");
    sql.push_str("WITH added AS (\n    SELECT\n        customer_id,\n");
    let _ = write!(sql, "        {}", card.intercept);
    for feature in &card.features {
        sql.push_str("\n        + CASE\n");
        let name = &feature.name;
        let _ = writeln!(sql, "            WHEN {name} IS NULL THEN {}", feature.missing);
        for line in &feature.lines {
            let _ = match line.below {
                Some(below) => writeln!(sql, "            WHEN {name} < {} THEN {}", literal(below), line.points),
                None => writeln!(sql, "            ELSE {}", line.points),
            };
        }
        sql.push_str("        END");
    }
    let _ = write!(sql, " AS points\n    FROM attrition_inputs\n    WHERE recency_days < {days}\n),\n");
    sql.push_str("weighed AS (\n    SELECT\n        customer_id,\n        points,\n");
    match &card.curve {
        Curve::Logistic { .. } => {
            let most = literal(card.most_log_odds);
            let whole = (card.most_log_odds * POINTS_A_LOGIT).floor();
            let _ = writeln!(
                sql,
                "        CASE\n            WHEN points > {whole} THEN {most}\n            WHEN points < -{whole} THEN -{most}\n            \
                 ELSE CAST(points AS DOUBLE) / {POINTS_A_LOGIT:.1}\n        END AS log_odds"
            );
        }
        Curve::Isotonic(_) => {
            let _ = writeln!(sql, "        1.0 / (1.0 + EXP(CAST(points AS DOUBLE) / -{POINTS_A_LOGIT:.1})) AS score");
        }
    }
    sql.push_str("    FROM added\n)\nSELECT\n    customer_id,\n    points,\n");
    match &card.curve {
        Curve::Logistic { intercept, slope } => {
            let _ = writeln!(
                sql,
                "    1.0 / (1.0 + EXP(-({} + {} * log_odds))) AS probability",
                literal(*intercept),
                literal(*slope)
            );
        }
        Curve::Isotonic(knots) => {
            sql.push_str("    CASE\n");
            let mut below: Option<(f64, f64)> = None;
            for (score, value) in knots {
                let _ = write!(
                    sql,
                    "        WHEN score <= {} THEN {}",
                    literal(*score),
                    literal(below.map_or(*value, |below| below.1))
                );
                if let Some(below) = below.filter(|below| below.1 < *value) {
                    let [from, to] = [below.0, *score].map(literal);
                    let rise = literal(value - below.1);
                    let _ = write!(sql, " + (score - {from}) / ({to} - {from}) * {rise}");
                }
                sql.push('\n');
                below = Some((*score, *value));
            }
            let last = below.map_or(f64::NAN, |below| below.1);
            let _ = writeln!(sql, "        ELSE {}\n    END AS probability", literal(last));
        }
    }
    sql.push_str("FROM weighed\n");
    sql
}

/// A double that every engine reads as this one: a plain number where a decimal of its digits is exact as a double too, else
/// out of text, as engines turn text into the nearest double and long decimals not always.
fn literal(value: f64) -> String {
    let plain = value.to_string();
    let digits = plain.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    if digits <= 15 && plain.len() <= 18 { plain } else { format!("CAST('{value:e}' AS DOUBLE)") }
}

/// A number for ZEN, whose decimals have no exponents and 28 digits.
fn decimal(value: f64) -> String {
    if value.abs() < 1e-20 { "0".to_owned() } else { value.to_string() }
}

/// A decision for ZEN 1 and 2: from the columns of `attrition_inputs` to `{"points", "probability"}`.
///
/// One table adds points: every row that fits gives its own. Isotonic recalibrations have a table more, of which the first
/// row that fits holds. ZEN rounds what it is given to 16 digits; no limit is so near to a value that was learnt from. Who
/// is to have no score is not its business.
pub fn scorecard_jdm(card: &Card) -> String {
    let mut rows = Vec::new();
    for feature in &card.features {
        let mut row = |condition: String, points: i64| {
            let name = &feature.name;
            let id = format!("{name}:{}", rows.len());
            rows.push(json!({"_id": id, name.as_str(): condition, "feature": format!("\"{name}\""), "points": points.to_string()}));
        };
        row("null".to_owned(), feature.missing);
        let mut from: Option<f64> = None;
        for line in &feature.lines {
            let condition = match (from, line.below) {
                (None, None) => "!= null".to_owned(),
                (None, Some(below)) => format!("< {}", decimal(below)),
                (Some(from), None) => format!(">= {}", decimal(from)),
                (Some(from), Some(below)) => format!(">= {} and < {}", decimal(from), decimal(below)),
            };
            row(condition, line.points);
            from = line.below;
        }
    }
    let inputs: Vec<Value> = card.features.iter().map(|feature| column(&feature.name)).collect();
    let table = |rows: Vec<Value>, hit: &str, inputs: Vec<Value>, outputs: &[&str], path: Value, passes: bool| {
        json!({
            "hitPolicy": hit,
            "inputs": inputs,
            "outputs": outputs.iter().copied().map(column).collect::<Vec<Value>>(),
            "rules": rows,
            "passThrough": passes,
            "inputField": null,
            "outputPath": path,
            "executionMode": "single",
        })
    };
    let points = table(rows, "collect", inputs, &["feature", "points"], json!("lines"), false);
    let expressions = |list: &[(&str, String)]| {
        let list: Vec<Value> = list.iter().map(|(key, value)| json!({"id": key, "key": key, "value": value})).collect();
        json!({"expressions": list, "passThrough": false, "inputField": null, "outputPath": null, "executionMode": "single"})
    };
    let sum = format!("{} + sum(map(lines, #.points))", card.intercept);
    let to_probability = |log_odds: &str| format!("1 / (1 + {} ^ (-({log_odds})))", std::f64::consts::E);
    let mut nodes =
        vec![node("request", "inputNode", 100, json!({})), node("scorecard", "decisionTableNode", 400, points)];
    match &card.curve {
        Curve::Logistic { intercept, slope } => {
            let most = decimal(card.most_log_odds);
            let log_odds = format!("max([-{most}, min([{most}, $.points / {POINTS_A_LOGIT}])])");
            let probability = to_probability(&format!("{} + {} * {log_odds}", decimal(*intercept), decimal(*slope)));
            nodes.push(node(
                "probability",
                "expressionNode",
                700,
                expressions(&[("points", sum), ("probability", probability)]),
            ));
        }
        Curve::Isotonic(knots) => {
            let score = to_probability(&format!("$.points / {POINTS_A_LOGIT}"));
            nodes.push(node("score", "expressionNode", 700, expressions(&[("points", sum), ("score", score)])));
            nodes.push(node(
                "recalibration",
                "decisionTableNode",
                1000,
                table(pieces(knots), "first", vec![column("score")], &["from", "value", "slope"], Value::Null, true),
            ));
            let kept = ("points", "points".to_owned());
            let probability = ("probability", "value + (score - from) * slope".to_owned());
            nodes.push(node("probability", "expressionNode", 1300, expressions(&[kept, probability])));
        }
    }
    nodes.push(node("response", "outputNode", 1600, json!({})));
    let ids: Vec<String> = nodes.iter().filter_map(|node| Some(node["id"].as_str()?.to_owned())).collect();
    let edges = ids.windows(2).map(|pair| edge(&pair[0], &pair[1])).collect();
    decision(nodes, edges)
}

/// Rows of the table of an isotonic curve: up to which score a straight line holds.
fn pieces(knots: &[(f64, f64)]) -> Vec<Value> {
    let piece = |condition: String, from: f64, value: f64, slope: f64| json!({"_id": condition, "score": condition, "from": decimal(from), "value": decimal(value), "slope": decimal(slope)});
    let mut rows = Vec::new();
    let mut below: Option<(f64, f64)> = None;
    for (score, value) in knots {
        let (from, low) = below.unwrap_or((*score, *value));
        let slope = if low < *value { (value - low) / (score - from) } else { 0.0 };
        rows.push(piece(format!("<= {}", decimal(*score)), from, low, slope));
        below = Some((*score, *value));
    }
    if let Some((score, value)) = below {
        rows.push(piece(format!("> {}", decimal(score)), score, value, 0.0));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_back_as_the_same_double() {
        for value in [0.0, -1.5, 12.5, 1e15, 0.1 + 0.2, 1.0 / 3.0, 5e-324, -f64::MAX, 123_456.789, 1e-7] {
            let text = literal(value);
            let number = text.trim_start_matches("CAST('").trim_end_matches("' AS DOUBLE)");
            assert_eq!(number.parse::<f64>().ok(), Some(value), "{text}");
        }
        let shown = [literal(12.5), literal(30.0), literal(1.0 / 3.0)];
        assert_eq!(shown, ["12.5", "30", "CAST('3.333333333333333e-1' AS DOUBLE)"].map(str::to_owned));
    }
}
