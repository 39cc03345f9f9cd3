//! What a query makes, held against the contract of its table, in one way for all engines.

use crate::contract::{ColumnType, Table};
use crate::error::{Error, Place, Result};

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundColumn {
    /// Its name.
    pub name: String,
    /// Its type inside the pipeline, as [`ColumnType::sql`] says it; `None` for a type that the pipeline does not use.
    pub sql_type: Option<&'static str>,
    /// Its type in the engine's own words.
    pub said: String,
}

/// The result of a query against the columns of the contract.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when a column is missing, is one too many or has another type.
pub(super) fn check_columns(table: &Table, found: &[FoundColumn]) -> Result<()> {
    let wrong = |message: String, hint: String| Err(Error::config(message).at(Place::file(&*table.name)).hint(hint));
    for column in &table.columns {
        let Some(actual) = found.iter().find(|found| found.name == column.name) else {
            return wrong(
                format!("the SQL of `{}` does not make the column `{}`", table.name, column.name),
                format!("the contract wants it as {}: {}", column.column_type.sql(), column.doc),
            );
        };
        if actual.sql_type != Some(column.column_type.sql()) {
            let (wanted, said) = (column.column_type.sql(), &actual.said);
            return wrong(
                format!("column `{}` of `{}` is {said}, not {wanted}", column.name, table.name),
                format!("write CAST(... AS {wanted}) AS {}", column.name),
            );
        }
    }
    match found.iter().find(|found| table.column(&found.name).is_none()) {
        Some(extra) => wrong(
            format!("the SQL of `{}` makes the column `{}`, which its contract does not have", table.name, extra.name),
            "leave it out, or make a table of your own under another name".to_owned(),
        ),
        None => Ok(()),
    }
}

/// The same columns for a table without a contract of ours.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) for a type that the pipeline does not use.
pub(super) fn plain_columns(table: &str, found: Vec<FoundColumn>) -> Result<Vec<(String, ColumnType)>> {
    let plain = [ColumnType::Text, ColumnType::Boolean, ColumnType::Integer, ColumnType::BigInt, ColumnType::Double];
    let known = |column: FoundColumn| match plain.into_iter().find(|plain| column.sql_type == Some(plain.sql())) {
        Some(column_type) => Ok((column.name, column_type)),
        None => Err(Error::config(format!("column `{}` of `{table}` is {}", column.name, column.said))
            .hint("CAST it to VARCHAR, BOOLEAN, INTEGER, BIGINT or DOUBLE")),
    };
    found.into_iter().map(known).collect()
}
