//! Variables of a campaign's script: a JSON object as a SQL expression over the published table `customers`.

use std::collections::BTreeMap;

use crate::contract::{ColumnType, Table};
use crate::error::{Error, Result};

/// A SQL expression that makes a JSON object of `vars` (name to published column): numbers and truth values bare, text,
/// days and instants in quotes, what is not known as `null`. `NULL` when there is no variable.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when `customers` has no such column.
pub fn json_object(customers: &Table, vars: &BTreeMap<String, String>) -> Result<String> {
    if vars.is_empty() {
        return Ok("CAST(NULL AS STRING)".to_owned());
    }
    let mut parts = Vec::new();
    for (index, (name, column)) in vars.iter().enumerate() {
        let found = customers.columns.iter().find(|known| known.published_name() == *column);
        let found = found.ok_or_else(|| {
            Error::config(format!("the script variable `{name}` names `{column}`, which `customers` does not have"))
        })?;
        let before = if index == 0 { "{" } else { "," };
        parts.push(format!("'{before}\"{name}\":'"));
        parts.push(json_value(&format!("customers.{column}"), found.column_type));
    }
    parts.push("'}'".to_owned());
    Ok(format!("CONCAT({})", parts.join(", ")))
}

fn json_value(column: &str, column_type: ColumnType) -> String {
    let text = format!("CAST({column} AS STRING)");
    match column_type {
        ColumnType::Boolean => format!("CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' ELSE 'null' END"),
        ColumnType::Integer | ColumnType::BigInt | ColumnType::Money | ColumnType::Double => {
            format!("COALESCE({text}, 'null')")
        }
        ColumnType::Day => quoted(column, &text),
        // `2026-06-30 12:00:00.000000 UTC`, as RFC 3339.
        ColumnType::Instant => quoted(column, &format!("CONCAT(REPLACE(SUBSTR({text}, 1, 26), ' ', 'T'), 'Z')")),
        ColumnType::Text => quoted(column, &escaped(column)),
    }
}

fn quoted(column: &str, text: &str) -> String {
    format!("CASE WHEN {column} IS NULL THEN 'null' ELSE CONCAT('\"', {text}, '\"') END")
}

/// Text with what JSON does not let stand in a string: the backslash, which has to be first, the quote, and controls.
fn escaped(column: &str) -> String {
    let mut expression = format!(r#"REPLACE(REPLACE({column}, '\', '\\'), '"', '\"')"#);
    for control in (1..0x20u8).map(char::from) {
        let code = u32::from(control);
        expression = format!("REPLACE({expression}, '{control}', '\\u{code:04x}')");
    }
    expression
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::{bigint, boolean, day, double, instant, money, text};
    use crate::engine::{Engine, PolarsEngine};

    #[test]
    fn variables_are_a_json_object_with_their_types() {
        let customers = Table::new(
            "customers",
            "a customer",
            &["customer_id"],
            vec![
                text("customer_id", ""),
                money("net_revenue_e4", ""),
                boolean("likes_tea", "").optional(),
                bigint("orders", "").optional(),
                double("rate", "").optional(),
                day("last_order_day", "").optional(),
                instant("seen_us", "").optional(),
            ],
        );
        let vars =
            customers.columns.iter().map(|column| (format!("v_{}", column.name), column.published_name().into()));
        let object = json_object(&customers, &vars.collect()).unwrap();
        let nasty = "a\"b\\c\nd\te\u{1}f'{}é咖";
        let rows = format!(
            "SELECT '{}' AS customer_id, 12.5 AS net_revenue, TRUE AS likes_tea, 3 AS orders, 0.25 AS rate, \
             CAST('2026-06-30' AS DATE) AS last_order_date, CAST(CAST('2026-06-30' AS DATE) AS TIMESTAMP) AS seen_at \
             UNION ALL SELECT 'x' AS customer_id, 0.0 AS net_revenue, CAST(NULL AS BOOLEAN) AS likes_tea, \
             CAST(NULL AS INTEGER) AS orders, CAST(NULL AS DOUBLE) AS rate, CAST(NULL AS DATE) AS last_order_date, \
             CAST(NULL AS TIMESTAMP) AS seen_at",
            nasty.replace('\'', "''")
        );
        let sql = format!("WITH customers AS ({rows}) SELECT customer_id, {object} AS object FROM customers");
        let made =
            Table::new("made", "", &["customer_id"], vec![text("customer_id", ""), text("object", "")]).internal();
        let engine = PolarsEngine::new();
        engine.define(&made, &sql).unwrap();
        engine.materialise(&made).unwrap();
        let mut objects = std::collections::BTreeMap::new();
        for batch in engine.batches(&made).unwrap() {
            let frame = crate::models::Frame::new("made", batch.unwrap());
            for (id, object) in frame.text("customer_id").unwrap().iter().zip(frame.text("object").unwrap()) {
                let object: serde_json::Value = serde_json::from_str(object.unwrap()).unwrap();
                objects.insert(id.unwrap().to_owned(), object);
            }
        }
        let expected = serde_json::json!({
            "v_customer_id": nasty, "v_net_revenue_e4": 12.5, "v_likes_tea": true, "v_orders": 3, "v_rate": 0.25,
            "v_last_order_day": "2026-06-30", "v_seen_us": "2026-06-30T00:00:00.000000Z"
        });
        assert_eq!(objects[nasty], expected);
        let empty = serde_json::json!({
            "v_customer_id": "x", "v_net_revenue_e4": 0.0, "v_likes_tea": null, "v_orders": null, "v_rate": null,
            "v_last_order_day": null, "v_seen_us": null
        });
        assert_eq!(objects["x"], empty);
    }

    #[test]
    fn no_variables_are_no_object_and_an_unknown_column_is_a_mistake() {
        let customers = Table::new("customers", "", &["customer_id"], vec![text("customer_id", "")]);
        assert_eq!(json_object(&customers, &BTreeMap::new()).unwrap(), "CAST(NULL AS STRING)");
        let unknown = [("name".to_owned(), "first_name".to_owned())].into();
        assert_eq!(json_object(&customers, &unknown).unwrap_err().kind(), crate::error::ErrorKind::Config);
    }
}
