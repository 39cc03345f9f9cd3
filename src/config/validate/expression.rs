//! Predicates and ranks of segments and campaigns: one SQL expression over the columns of the published `customers`.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, visit_expressions};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::super::mistake::Mistakes;
use crate::contract::{ColumnType, made_tables};
use crate::names::nearest;

const HINT: &str = "write one SQL expression over the columns of `customers`";

/// A predicate: one expression, nothing behind it, and only columns that there are.
pub(super) fn predicate(mistakes: &mut Mistakes<'_>, path: &[&str], sql: &str) {
    expression(mistakes, path, sql);
}

/// What customers are ranked by: an expression that can be a number.
pub(super) fn rank(mistakes: &mut Mistakes<'_>, path: &[&str], sql: &str) {
    let Some(Expr::Identifier(column)) = expression(mistakes, path, sql) else { return };
    let text = customers_columns().into_iter().any(|(name, column_type)| {
        name == column.value && matches!(column_type, ColumnType::Text | ColumnType::Boolean)
    });
    if text {
        mistakes.value(
            path,
            format!("`{}` is not a number", column.value),
            "rank by a number, for example `net_revenue`",
        );
    }
}

fn expression(mistakes: &mut Mistakes<'_>, path: &[&str], sql: &str) -> Option<Expr> {
    if sql.trim().is_empty() {
        mistakes.value(path, "the expression is empty", "write SQL over the columns of `customers`");
        return None;
    }
    let parsed = Parser::new(&GenericDialect {}).try_with_sql(sql).and_then(|mut parser| {
        let expr = parser.parse_expr()?;
        Ok((expr, parser.peek_token().token))
    });
    match parsed {
        Ok((expr, Token::EOF)) => {
            columns(mistakes, path, &expr);
            Some(expr)
        }
        Ok((_, rest)) => {
            mistakes.value(path, format!("the SQL expression ends before `{rest}`"), HINT);
            None
        }
        Err(error) => {
            let error = error.to_string();
            let reason = error.strip_prefix("sql parser error: ").unwrap_or(&error);
            mistakes.value(path, format!("not a SQL expression: {reason}"), HINT);
            None
        }
    }
}

/// A published column of `customers`.
pub(super) fn customers_column(mistakes: &mut Mistakes<'_>, path: &[&str], name: &str) {
    let known = customers_columns();
    if !known.iter().any(|(column, _)| column == name) {
        unknown_column(mistakes, path, name, &known);
    }
}

/// Every name in the expression must be a published column of `customers`.
fn columns(mistakes: &mut Mistakes<'_>, path: &[&str], expr: &Expr) {
    let known = customers_columns();
    let unknown = visit_expressions(expr, |expr| {
        let name = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(names) => names.last(),
            _ => None,
        };
        match name {
            Some(name) if !known.iter().any(|(column, _)| *column == name.value) => {
                ControlFlow::Break(name.value.clone())
            }
            _ => ControlFlow::Continue(()),
        }
    });
    if let ControlFlow::Break(name) = unknown {
        unknown_column(mistakes, path, &name, &known);
    }
}

fn unknown_column(mistakes: &mut Mistakes<'_>, path: &[&str], name: &str, known: &[(String, ColumnType)]) {
    let hint = match nearest(name, known.iter().map(|(column, _)| column.as_str())) {
        Some(column) => format!("did you mean `{column}`?"),
        None => "`patronage query` shows the columns with `.schema customers`".to_owned(),
    };
    mistakes.value(path, format!("`customers` has no column `{name}`"), hint);
}

/// Published names and types of the columns of `customers`.
fn customers_columns() -> Vec<(String, ColumnType)> {
    let customers = made_tables().into_iter().filter(|table| table.name == "customers");
    customers
        .flat_map(|table| table.columns)
        .map(|column| (column.published_name().into_owned(), column.column_type))
        .collect()
}
