//! Statements in Spark's SQL: names, places, and the way between a table inside the pipeline and its published form.

use std::path::Path;

use sqlparser::dialect::GenericDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::super::spark_quote::name;
use crate::contract::{Column, ColumnType, Table};

/// SQL as the pipeline writes it, for Spark: there, a backslash begins an escape in a literal of text, and a number with a
/// point is a decimal and not a double.
pub fn dialect(sql: &str) -> String {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).with_unescape(false).tokenize();
    // What is no SQL is refused where it is parsed.
    let Ok(tokens) = tokens else { return sql.to_owned() };
    let spark = |token: &Token| match token {
        Token::SingleQuotedString(text) => format!("'{}'", text.replace('\\', "\\\\")),
        Token::Number(digits, _) if digits.contains('.') && !digits.contains(['e', 'E']) => format!("{digits}D"),
        token => token.to_string(),
    };
    tokens.iter().map(spark).collect()
}

/// A file or folder of this machine as a Hadoop path.
pub fn local(path: &Path) -> String {
    format!("file:{}", path.display())
}

/// A column inside the pipeline as it is published: see the table of types in [`crate::contract`].
fn published(column: &Column) -> String {
    let inside = name(&column.name);
    let outside = name(&column.published_name());
    match column.column_type {
        // The division is exact: a BIGINT has at most 19 digits, the quotient four of them behind the point.
        ColumnType::Money => format!("CAST(CAST({inside} AS DECIMAL(19, 0)) * 0.0001 AS DECIMAL(18, 4)) AS {outside}"),
        ColumnType::Day => format!("DATE_FROM_UNIX_DATE({inside}) AS {outside}"),
        ColumnType::Instant => format!("TIMESTAMP_MICROS({inside}) AS {outside}"),
        _ => format!("{inside} AS {outside}"),
    }
}

/// A published column as it is inside the pipeline.
fn inside(column: &Column) -> String {
    let outside = name(&column.published_name());
    let inside = name(&column.name);
    match column.column_type {
        ColumnType::Money => format!("CAST({outside} * 10000 AS BIGINT) AS {inside}"),
        ColumnType::Day => format!("UNIX_DATE({outside}) AS {inside}"),
        ColumnType::Instant => format!("UNIX_MICROS({outside}) AS {inside}"),
        _ => format!("{outside} AS {inside}"),
    }
}

/// The type that a published column has in Spark.
fn published_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "STRING",
        ColumnType::Money => "DECIMAL(18, 4)",
        ColumnType::Day => "DATE",
        ColumnType::Instant => "TIMESTAMP",
        other => inside_type(other),
    }
}

/// The type that a column has inside the pipeline, in Spark.
pub fn inside_type(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Text => "STRING",
        other => other.sql(),
    }
}

/// Rows that stand in a folder, inside the pipeline's types: an expression for each column.
pub fn rows_in(table: &Table, is_published: bool) -> Vec<String> {
    table.columns.iter().map(|column| if is_published { inside(column) } else { name(&column.name) }).collect()
}

/// Rows on their way into a folder.
pub fn rows_out(table: &Table, is_published: bool) -> String {
    list(table, |column| if is_published { published(column) } else { name(&column.name) })
}

/// Names and types of the columns that a folder holds.
pub fn schema(table: &Table, is_published: bool) -> String {
    list(table, |column| match is_published {
        true => format!("{} {}", name(&column.published_name()), published_type(column.column_type)),
        false => format!("{} {}", name(&column.name), inside_type(column.column_type)),
    })
}

/// `ORDER BY` of the contract, nulls last; empty for a table without an order.
pub fn order(table: &Table) -> String {
    if table.sort.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = table.sort.iter().map(|column| format!("{} ASC NULLS LAST", name(column))).collect();
    format!(" ORDER BY {}", keys.join(", "))
}

fn list(table: &Table, of: impl Fn(&Column) -> String) -> String {
    table.columns.iter().map(of).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_is_a_backslash_in_literals_only() {
        let sql = "SELECT REPLACE(\"a\\b\", '\\', '\\\\') -- it's \\ here\nFROM t WHERE c LIKE 'it''s\\%'";
        let spark = "SELECT REPLACE(\"a\\b\", '\\\\', '\\\\\\\\') -- it's \\ here\nFROM t WHERE c LIKE 'it''s\\\\%'";
        assert_eq!(dialect(sql), spark);
    }

    #[test]
    fn a_number_with_a_point_is_a_double() {
        assert_eq!(
            dialect("SELECT a.b * 0.1 + .5 - 1. + 1e-3 + 12, '0.1' -- 0.1"),
            "SELECT a.b * 0.1D + .5D - 1.D + 1e-3 + 12, '0.1' -- 0.1"
        );
        assert_eq!(dialect("SELECT \"0.1\" /* 0.1 */ FROM t1"), "SELECT \"0.1\" /* 0.1 */ FROM t1");
    }
}
