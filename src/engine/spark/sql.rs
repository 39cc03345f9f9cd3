//! Statements in Spark's SQL: names, places, and the way between a table inside the pipeline and its published form.

use std::path::Path;

use crate::contract::{Column, ColumnType, Table};

/// A name as Spark reads it whatever it is, with `spark.sql.ansi.doubleQuotedIdentifiers` or without.
pub fn name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// SQL as the pipeline writes it, in which a backslash is a backslash: in Spark's literals it begins an escape.
pub fn dialect(sql: &str) -> String {
    let mut spark = String::with_capacity(sql.len());
    let mut inside = Inside::Code;
    let mut before = ' ';
    for character in sql.chars() {
        inside = match (inside, character) {
            (Inside::Code, '\'') => Inside::Literal,
            (Inside::Code, '"') => Inside::Name,
            (Inside::Code, '-') if before == '-' => Inside::Comment,
            // Doubled, a quote ends a literal and begins the next one: nothing is between them.
            (Inside::Literal, '\'') | (Inside::Name, '"') | (Inside::Comment, '\n') => Inside::Code,
            (same, _) => same,
        };
        if inside == Inside::Literal && character == '\\' {
            spark.push('\\');
        }
        spark.push(character);
        before = character;
    }
    spark
}

/// Where in a text of SQL a character stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Code,
    Literal,
    Name,
    Comment,
}

/// A text literal.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
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

/// Rows that stand in a folder, inside the pipeline's types.
pub fn rows_in(table: &Table, is_published: bool) -> String {
    list(table, |column| if is_published { inside(column) } else { name(&column.name) })
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
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(name("a`; DROP"), "`a``; DROP`");
        assert_eq!(literal("it's \\ here"), "'it\\'s \\\\ here'");
    }
}
