//! What the consumers of contact centres have in common: the policy of each service level, and rows of the tables in the
//! consumer's types.

use std::borrow::Cow;

use serde_json::{Map, Number, Value as Json};

use super::records::{Field, Kind, Records};
use super::source::{Source, TableColumn, TableRows};
use super::value::Value;
use crate::error::{Error, Result};
use crate::rule_files::PolicyRule;

/// The table of policies.
pub(super) const LEVELS: &str = "service_levels";

/// The columns of `service_levels` that a router obeys, in the order of `routing`. `service_level` and `rule_id` are beside
/// them.
pub(super) const POLICY: [&str; 16] = [
    "strategy",
    "queue",
    "priority",
    "required_skills",
    "vru_path",
    "target_wait_seconds",
    "trade_wait_seconds",
    "talk_limit_seconds",
    "response_channels",
    "email_sla_minutes",
    "solution_cost_cap",
    "loyalty_offer",
    "education",
    "cobrowse_allowed",
    "fee_applies",
    "price_tier",
];

/// A column on its way to a consumer: its name, which is the same in the table and in the file, and what it becomes.
/// [`Kind::Json`] makes a list of words between blanks.
pub(super) type Column = (&'static str, Kind);

/// The rows of `service_levels`.
pub(super) fn levels(source: &Source) -> Result<TableRows> {
    source.table(LEVELS, &[&["service_level", "rule_id", "is_default"], &POLICY[..]].concat())
}

/// The rules of the levels, for engines.
pub(super) fn policy_rules(levels: &TableRows) -> Result<Vec<PolicyRule>> {
    let text = |name: &str, row: usize| -> Result<String> {
        let text = levels.column(name)?.text(row);
        text.map(str::to_owned).ok_or_else(|| Error::internal(format!("`{LEVELS}.{name}` is empty")))
    };
    let is_default = levels.column("is_default")?;
    let columns = POLICY.iter().map(|name| Ok((*name, levels.column(name)?))).collect::<Result<Vec<_>>>()?;
    (0..levels.len())
        .map(|row| {
            let policy = columns.iter().map(|(name, column)| Ok(((*name).to_owned(), json(&column.value(row))?)));
            Ok(PolicyRule {
                service_level: text("service_level", row)?,
                rule_id: text("rule_id", row)?,
                is_default: is_default.is_true(row),
                policy: policy.collect::<Result<_>>()?,
            })
        })
        .collect()
}

/// A cell as JSON: numbers with their digits and without zeros behind the last.
pub(super) fn json(value: &Value<'_>) -> Result<Json> {
    let mut text = String::new();
    value.append_to(&mut text);
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Whole(value) => Json::from(*value),
        Value::Money(_) => {
            let digits = text.trim_end_matches('0').trim_end_matches('.');
            let number: std::result::Result<Number, _> = digits.parse();
            Json::Number(number.map_err(|error| Error::internal("money is no number").because(error))?)
        }
        _ => Json::String(text),
    })
}

/// The largest `priority` of any level. In `routing` 1 is first; for a consumer to whom a larger number goes first, the
/// priority of a level is this less its own, so that the least level has 0, which such consumers give to whom they do not
/// know.
pub(super) fn last_priority(levels: &TableRows) -> Result<i64> {
    let column = levels.column("priority")?;
    Ok((0..levels.len()).filter_map(|row| column.whole(row)).max().unwrap_or(0))
}

/// Rows with these columns, the first `key` of which identify a row. With `last`, priorities count from the other end: see
/// [`last_priority`].
pub(super) fn records(rows: &TableRows, columns: &[Column], key: usize, last: Option<i64>) -> Result<Records> {
    let fields = columns.iter().map(|(name, kind)| Field::new(*name, *kind)).collect();
    let found =
        columns.iter().map(|(name, kind)| Ok((*name, *kind, rows.column(name)?))).collect::<Result<Vec<_>>>()?;
    let mut records = Records::new(fields, key);
    for row in 0..rows.len() {
        let cells = found.iter().map(|(name, kind, column)| cell(name, *kind, *column, row, last));
        records.push(&cells.collect::<Result<Vec<_>>>()?)?;
    }
    records.sorted()
}

/// One cell as a consumer gets it.
pub(super) fn cell<'a>(
    name: &str,
    kind: Kind,
    column: TableColumn<'a>,
    row: usize,
    last: Option<i64>,
) -> Result<Value<'a>> {
    match (last, column.value(row)) {
        (Some(last), Value::Whole(priority)) if name == "priority" => Ok(Value::Whole(last - priority)),
        (_, Value::Text(words)) if kind == Kind::Json => {
            let words: Vec<&str> = words.split_whitespace().collect();
            let list = serde_json::to_string(&words);
            Ok(Value::Json(list.map_err(|error| Error::internal("cannot write JSON").because(error))?))
        }
        (_, value) => Ok(value),
    }
}

/// One row as a JSON object, as it is in a file of JSON lines.
pub(super) fn object(records: &Records, row: usize) -> Result<Map<String, Json>> {
    let members = records.fields().iter().zip(records.row(row)).map(|(field, cell)| {
        let value = match field.kind {
            _ if cell.is_empty() => Json::Null,
            Kind::Id | Kind::Text => Json::from(cell),
            Kind::Number | Kind::Boolean | Kind::Json => {
                serde_json::from_str(cell).map_err(|error| Error::internal("a cell is not JSON").because(error))?
            }
        };
        Ok((Cow::into_owned(field.name.clone()), value))
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_in_json_is_a_number_with_its_digits() {
        for (value, text) in [
            (Value::Money(300_000), "30"),
            (Value::Money(0), "0"),
            (Value::Money(1_505_000), "150.5"),
            (Value::Money(100_000_000), "10000"),
            (Value::Null, "null"),
            (Value::Boolean(true), "true"),
            (Value::from(""), "\"\""),
        ] {
            assert_eq!(json(&value).expect("JSON").to_string(), text);
        }
    }
}
