//! The portable set: the SQL that the embedded engine, DuckDB and Spark run with the same result.
//!
//! What it holds and lacks was measured (`spec/distributed.md`); the rules below refuse what differs. They are the test
//! of our own files, and advice for files of the user's.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr, Query, SelectItem, SetExpr, Visit, Visitor};

use super::Statement;

/// Something outside the portable set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The offending piece of SQL.
    pub what: String,
    /// Why it is outside, and what to write instead.
    pub why: &'static str,
}

const FUNCTIONS: &[&str] = &[
    "ABS",
    "CEIL",
    "COALESCE",
    "CONCAT",
    "COUNT",
    "DENSE_RANK",
    "EXP",
    "FLOOR",
    "GREATEST",
    "LAG",
    "LEAD",
    "LEAST",
    "LENGTH",
    "LN",
    "LOWER",
    "MAX",
    "MIN",
    "NULLIF",
    "POWER",
    "RANK",
    "REPLACE",
    "ROW_NUMBER",
    "SQRT",
    "SUBSTR",
    "SUM",
    "TRIM",
    "UPPER",
];

/// What in `statement` is outside the portable set; empty when it is portable.
pub fn findings(statement: &Statement) -> Vec<Finding> {
    let mut rules = Rules::default();
    let _ = statement.query().visit(&mut rules);
    rules.found
}

#[derive(Default)]
struct Rules {
    found: Vec<Finding>,
    /// Whether the expression to be visited next stands directly inside a CAST.
    in_cast: bool,
}

impl Rules {
    fn add(&mut self, what: impl ToString, why: &'static str) {
        self.found.push(Finding { what: what.to_string(), why });
    }
}

impl Visitor for Rules {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if query.order_by.is_some() || query.limit_clause.is_some() || query.fetch.is_some() {
            self.add("ORDER BY or LIMIT", "the contract sorts; for the first K use ROW_NUMBER in a CTE and WHERE");
        }
        if let Some(with) = &query.with
            && with.recursive
        {
            self.add("WITH RECURSIVE", "not on all engines");
        }
        match &*query.body {
            SetExpr::Select(select) => {
                if select.qualify.is_some() {
                    self.add("QUALIFY", "filter a window function in an outer query");
                }
                for item in &select.projection {
                    if matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)) {
                        self.add(item, "name the columns");
                    }
                }
                for join in select.from.iter().flat_map(|from| &from.joins) {
                    self.join(&join.join_operator);
                }
            }
            SetExpr::SetOperation { op, set_quantifier, .. }
                if *op != ast::SetOperator::Union || *set_quantifier != ast::SetQuantifier::All =>
            {
                self.add(op, "only UNION ALL");
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let in_cast = std::mem::replace(&mut self.in_cast, matches!(expr, Expr::Cast { .. }));
        if let Expr::Function(function) = expr
            && !in_cast
            && matches!(name_of(function).as_str(), "COUNT" | "SUM" | "ROW_NUMBER" | "RANK" | "DENSE_RANK")
        {
            // Polars makes unsigned counts, and 1 - 2 of them is four thousand million.
            self.add(function, "its width differs between engines: CAST(... AS BIGINT)");
        }
        match expr {
            Expr::Subquery(_) => self.add(expr, "no scalar subqueries: CROSS JOIN a one-row table"),
            Expr::Function(function) => self.function(function),
            Expr::Extract { .. } | Expr::Interval(_) | Expr::AtTimeZone { .. } => {
                self.add(expr, "no date functions: days are integers");
            }
            Expr::Cast { data_type: ast::DataType::Varchar(None), .. } => {
                self.add(expr, "Spark wants a length with VARCHAR: write STRING");
            }
            Expr::RLike { .. } | Expr::SimilarTo { .. } | Expr::ILike { .. } => self.add(expr, "use LIKE"),
            _ => {}
        }
        if looks_into_id(expr) {
            self.add(expr, "ids are opaque, and may be codes: compare, group and order them, nothing else");
        }
        ControlFlow::Continue(())
    }
}

impl Rules {
    fn join(&mut self, operator: &ast::JoinOperator) {
        use ast::{JoinConstraint, JoinOperator};
        match operator {
            JoinOperator::CrossJoin(_) => {}
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint) => match constraint {
                JoinConstraint::On(on) if is_conjunction_of_equalities(on) => {}
                JoinConstraint::On(on) => self.add(on, "join on equal columns; further conditions go to WHERE"),
                _ => self.add("JOIN", "join with ON"),
            },
            _ => self.add("JOIN", "only JOIN, LEFT JOIN and CROSS JOIN"),
        }
    }

    fn function(&mut self, function: &ast::Function) {
        let name = name_of(function);
        if name == "AVG" {
            self.add(function, "AVG is a float: keep sum and count, and divide once");
        } else if !FUNCTIONS.contains(&name.as_str()) {
            self.add(function, "not in the portable set");
        }
        if let Some(ast::WindowType::WindowSpec(window)) = &function.over {
            for key in &window.order_by {
                if key.options.asc == Some(false) || key.options.nulls_first.is_some() {
                    self.add(key, "window keys ascend: negate the key (0 - x)");
                } else if !is_column(&key.expr) {
                    // Polars names an expression after its first operand, and two keys of one name are an error there.
                    self.add(key, "window keys are columns: compute the key in a CTE");
                }
            }
            if let Some(frame) = &window.window_frame
                && (frame.units != ast::WindowFrameUnits::Rows
                    || !matches!(frame.start_bound, ast::WindowFrameBound::Preceding(None)))
            {
                self.add(function, "only ROWS frames from UNBOUNDED PRECEDING");
            }
        }
        if matches!(name.as_str(), "LAG" | "LEAD")
            && let ast::FunctionArguments::List(list) = &function.args
            && list.args.len() > 2
        {
            self.add(function, "LAG and LEAD take two arguments: COALESCE gives the default");
        }
    }
}

/// Whether an expression treats an id as text: mixes it with a literal, or takes it apart.
fn looks_into_id(expr: &Expr) -> bool {
    let mixed = |parts: &[&Expr]| parts.iter().any(|part| is_id(part)) && parts.iter().any(|part| is_text(part));
    match expr {
        Expr::BinaryOp { left, right, .. } => mixed(&[left, right]),
        Expr::InList { expr, .. }
        | Expr::Like { expr, .. }
        | Expr::Substring { expr, .. }
        | Expr::Trim { expr, .. } => is_id(expr),
        Expr::Case { conditions, else_result, .. } => {
            let results = conditions.iter().map(|branch| &branch.result).chain(else_result.as_deref());
            mixed(&results.collect::<Vec<_>>())
        }
        Expr::Function(function) => {
            let ast::FunctionArguments::List(list) = &function.args else { return false };
            let arguments = list.args.iter().filter_map(|argument| match argument {
                ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            });
            let arguments: Vec<&Expr> = arguments.collect();
            match name_of(function).as_str() {
                "LENGTH" | "LOWER" | "REPLACE" | "UPPER" => arguments.iter().any(|argument| is_id(argument)),
                // A text made of an id is no id any more.
                "CONCAT" => false,
                _ => mixed(&arguments),
            }
        }
        _ => false,
    }
}

fn is_id(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(names) => names.last(),
        _ => None,
    };
    name.is_some_and(|name| super::ids::domain(&name.value).is_some())
}

fn is_text(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, ast::Value::SingleQuotedString(_)))
}

fn name_of(function: &ast::Function) -> String {
    function.name.to_string().to_uppercase()
}

fn is_conjunction_of_equalities(on: &Expr) -> bool {
    match on {
        Expr::BinaryOp { left, op: ast::BinaryOperator::And, right } => {
            is_conjunction_of_equalities(left) && is_conjunction_of_equalities(right)
        }
        Expr::BinaryOp { left, op: ast::BinaryOperator::Eq, right } => is_column(left) && is_column(right),
        _ => false,
    }
}

fn is_column(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn found(sql: &str) -> Vec<Finding> {
        findings(&Statement::parse("t", sql).unwrap())
    }

    #[test]
    fn the_portable_set_passes() {
        let sql = "WITH c AS (SELECT k, CAST(SUM(x) AS BIGINT) AS s FROM t GROUP BY k) \
                   SELECT c.k AS k, CAST(ROW_NUMBER() OVER (PARTITION BY c.k ORDER BY c.s, c.k) AS BIGINT) AS n \
                   FROM c LEFT JOIN u ON c.k = u.k AND c.s = u.s CROSS JOIN run_params AS p WHERE u.k IS NULL";
        assert_eq!(found(sql), []);
    }

    #[test]
    fn what_engines_differ_on_is_refused() {
        for sql in [
            "SELECT * FROM t",
            "SELECT AVG(x) AS a FROM t",
            "SELECT COUNT(*) AS n FROM t",
            "SELECT RANK() OVER (ORDER BY x) - 1 AS n FROM t",
            "SELECT k FROM t GROUP BY k HAVING SUM(x) > 0",
            "SELECT NTILE(5) OVER (ORDER BY x) AS n FROM t",
            "SELECT ROW_NUMBER() OVER (ORDER BY x DESC) AS n FROM t",
            "SELECT ROW_NUMBER() OVER (ORDER BY 0 - x, 0 - y) AS n FROM t",
            "SELECT (SELECT MAX(x) FROM u) AS m FROM t",
            "SELECT t.a AS a FROM t JOIN u ON t.a > u.a",
            "SELECT t.a AS a FROM t FULL OUTER JOIN u ON t.a = u.a",
            "SELECT a FROM t UNION SELECT a FROM u",
            "SELECT a FROM t ORDER BY a LIMIT 3",
            "SELECT CURRENT_DATE() AS d FROM t",
            "SELECT EXTRACT(YEAR FROM d) AS y FROM t",
            "SELECT COALESCE(t.customer_id, 'nobody') AS c FROM t",
            "SELECT CASE WHEN x > 1 THEN product_id ELSE '-' END AS p FROM t",
            "SELECT x FROM t WHERE order_id LIKE 'C%'",
            "SELECT x FROM t WHERE order_id = '7'",
            "SELECT SUBSTR(product_id, 1, 2) AS p FROM t",
            "SELECT CAST(x AS VARCHAR) AS t FROM t",
            "SELECT LAG(x, 1, 0) OVER (ORDER BY x) AS y FROM t",
            "SELECT SUM(x) OVER (ORDER BY d ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS s FROM t",
        ] {
            assert!(!found(sql).is_empty(), "{sql}");
        }
    }
}
