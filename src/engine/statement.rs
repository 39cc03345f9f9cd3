//! What a SQL text says, read with the parser that the embedded engine uses.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr, GroupByExpr, Query, SelectItem, SetExpr, TableFactor, Visit, Visitor};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::error::{Error, Place, Result};

/// One query.
#[derive(Debug, Clone)]
pub struct Statement {
    query: Box<Query>,
}

impl Statement {
    /// Parses a text that must be one `SELECT`; `name` is what it is called in errors.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) with the line and column of the first mistake.
    pub fn parse(name: &str, sql: &str) -> Result<Statement> {
        let mut statements = Parser::parse_sql(&GenericDialect {}, sql).map_err(|error| mistake(name, sql, &error))?;
        match (statements.pop(), statements.is_empty()) {
            (Some(ast::Statement::Query(query)), true) => Ok(Statement { query }),
            _ => Err(Error::config(format!("`{name}` is not one SELECT statement"))
                .at(Place::file(name))
                .hint("write one query; WITH may come before it")),
        }
    }

    /// The query itself.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Names of the tables that its FROM clauses read, sorted; its own CTEs are not among them.
    pub fn reads(&self) -> Vec<String> {
        let mut scopes = Relations::default();
        let _ = self.query.visit(&mut scopes);
        scopes.read.difference(&scopes.ctes).cloned().collect()
    }

    /// Whether it only chooses rows and computes columns from them: no grouping, no DISTINCT, no window, no set operation,
    /// no join but CROSS JOIN. Such a table costs nothing to compute twice and is never kept.
    pub fn is_projection(&self) -> bool {
        let SetExpr::Select(select) = &*self.query.body else { return false };
        let plain_from = select.from.iter().all(|from| {
            matches!(from.relation, TableFactor::Table { .. })
                && from.joins.iter().all(|join| matches!(join.join_operator, ast::JoinOperator::CrossJoin(_)))
        });
        let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        self.query.with.is_none()
            && plain_from
            && ungrouped
            && select.distinct.is_none()
            && select.having.is_none()
            && !select.projection.iter().any(has_aggregate_or_window)
    }
}

fn has_aggregate_or_window(item: &SelectItem) -> bool {
    const AGGREGATES: [&str; 5] = ["COUNT", "SUM", "MIN", "MAX", "AVG"];
    ast::visit_expressions(item, |expr| match expr {
        Expr::Function(function)
            if function.over.is_some() || AGGREGATES.contains(&function.name.to_string().to_uppercase().as_str()) =>
        {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}

#[derive(Default)]
struct Relations {
    read: BTreeSet<String>,
    ctes: BTreeSet<String>,
}

impl Visitor for Relations {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(with) = &query.with {
            self.ctes.extend(with.cte_tables.iter().map(|cte| cte.alias.name.value.clone()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ast::ObjectName) -> ControlFlow<()> {
        self.read.insert(relation.0.last().map(ToString::to_string).unwrap_or_default());
        ControlFlow::Continue(())
    }
}

/// Parses a predicate or value expression from the pipeline file and writes it out again, so that it can stand inside a
/// query and nothing else can.
///
/// # Errors
/// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the text is not one expression, or holds a subquery.
pub fn predicate(name: &str, text: &str) -> Result<String> {
    let parse = || {
        let mut parser = Parser::new(&GenericDialect {}).try_with_sql(text)?;
        let expr = parser.parse_expr()?;
        parser.expect_token(&sqlparser::tokenizer::Token::EOF)?;
        Ok(expr)
    };
    let expr: Expr = parse().map_err(|error: sqlparser::parser::ParserError| mistake(name, text, &error))?;
    let subquery = ast::visit_expressions(&expr, |expr| match expr {
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    if subquery.is_break() {
        return Err(Error::config(format!("{name}: a subquery cannot stand in a predicate"))
            .hint("compute it in a file of the `sql/` folder, or use `patronage segment --sql`"));
    }
    Ok(expr.to_string())
}

fn mistake(name: &str, sql: &str, error: &sqlparser::parser::ParserError) -> Error {
    let message = match error {
        sqlparser::parser::ParserError::TokenizerError(message)
        | sqlparser::parser::ParserError::ParserError(message) => message.clone(),
        sqlparser::parser::ParserError::RecursionLimitExceeded => "nested too deeply".to_owned(),
    };
    let (message, position) = match message.rsplit_once(" at Line: ") {
        Some((message, position)) => (message.to_owned(), parse_position(position)),
        None => (message, None),
    };
    let mut place = Place::file(name);
    if let Some((line, column)) = position {
        place.line = Some(line);
        place.column = Some(column);
        place.text = sql.lines().nth(line.saturating_sub(1) as usize).map(str::to_owned);
    }
    Error::config(format!("SQL of `{name}` does not parse: {message}")).at(place)
}

fn parse_position(text: &str) -> Option<(u64, u64)> {
    let (line, column) = text.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_the_tables_of_all_from_clauses_without_the_ctes() {
        let statement = Statement::parse(
            "t",
            "WITH a AS (SELECT x FROM one JOIN two ON one.k = two.k) \
             SELECT a.x FROM a LEFT JOIN (SELECT y FROM three) AS s ON a.x = s.y \
             WHERE EXISTS (SELECT 1 FROM four)",
        )
        .unwrap();
        assert_eq!(statement.reads(), ["four", "one", "three", "two"]);
    }

    #[test]
    fn only_row_wise_queries_are_projections() {
        let is_projection = |sql| Statement::parse("t", sql).unwrap().is_projection();
        assert!(is_projection("SELECT a + 1 AS b FROM t CROSS JOIN run_params AS p WHERE a > p.as_of_day"));
        for sql in [
            "SELECT a, COUNT(*) AS n FROM t GROUP BY a",
            "SELECT DISTINCT a FROM t",
            "SELECT MAX(a) AS a FROM t",
            "SELECT ROW_NUMBER() OVER (ORDER BY a) AS n FROM t",
            "SELECT a FROM t UNION ALL SELECT a FROM u",
            "SELECT t.a AS a FROM t JOIN u ON t.k = u.k",
            "WITH c AS (SELECT a FROM t) SELECT a FROM c",
        ] {
            assert!(!is_projection(sql), "{sql}");
        }
    }

    #[test]
    fn a_mistake_has_its_place() {
        let error = Statement::parse("broken.sql", "SELECT a\nFROM t WHERE a = = 1").unwrap_err();
        let place = error.place().unwrap();
        assert_eq!(place.line, Some(2));
    }

    #[test]
    fn a_predicate_is_one_expression_and_nothing_more() {
        assert_eq!(
            predicate("s", "orders > 3 and rfm_segment = 'Lost'").unwrap(),
            "orders > 3 AND rfm_segment = 'Lost'"
        );
        assert!(predicate("s", "orders > 3; DROP TABLE customers").is_err());
        assert!(predicate("s", "orders > 3 UNION SELECT 1").is_err());
        assert!(predicate("s", "orders IN (SELECT 1)").is_err());
    }
}
