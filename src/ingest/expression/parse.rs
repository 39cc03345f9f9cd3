//! From SQL text to [`Expression`].

use std::borrow::Cow;

use sqlparser::ast;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::{Arithmetic, Comparison, Expression, Function, Operand, Scalar};
use crate::ingest::number::NumberFormat;

/// Parses `sql`; `resolve` says what a column name stands for.
///
/// # Errors
/// A fragment that says what is not understood, for an error of the pipeline file.
pub fn parse(sql: &str, resolve: &mut dyn FnMut(&str) -> Operand) -> Result<Expression, String> {
    let mut parser = Parser::new(&GenericDialect {}).try_with_sql(sql).map_err(|error| error.to_string())?;
    let parsed = parser.parse_expr().map_err(|error| error.to_string())?;
    parser.expect_token(&Token::EOF).map_err(|error| error.to_string())?;
    convert(&parsed, resolve)
}

type Resolve<'a> = &'a mut dyn FnMut(&str) -> Operand;

fn convert(expr: &ast::Expr, resolve: Resolve) -> Result<Expression, String> {
    match expr {
        ast::Expr::Identifier(name) => Ok(Expression::Column(resolve(&name.value))),
        ast::Expr::Nested(inner) => convert(inner, resolve),
        ast::Expr::Value(value) => literal(&value.value),
        ast::Expr::UnaryOp { op, expr: inner } => {
            let inner = convert(inner, resolve)?;
            match op {
                ast::UnaryOperator::Minus => Ok(Expression::Negate(Box::new(inner))),
                ast::UnaryOperator::Plus => Ok(inner),
                ast::UnaryOperator::Not => Ok(not(inner)),
                _ => Err(unknown(expr)),
            }
        }
        ast::Expr::BinaryOp { left, op, right } => {
            binary(op, convert(left, resolve)?, convert(right, resolve)?).ok_or_else(|| unknown(expr))
        }
        ast::Expr::IsNull(inner) => Ok(Expression::IsNull(Box::new(convert(inner, resolve)?))),
        ast::Expr::IsNotNull(inner) => Ok(not(Expression::IsNull(Box::new(convert(inner, resolve)?)))),
        ast::Expr::InList { expr: inner, list, negated } => {
            let inner = convert(inner, resolve)?;
            let mut any = Expression::Literal(Scalar::Boolean(false));
            for item in list {
                let equal = compare(Comparison::Equal, inner.clone(), convert(item, resolve)?);
                any = Expression::Or(Box::new(any), Box::new(equal));
            }
            Ok(negate_if(*negated, any))
        }
        ast::Expr::Between { expr: inner, negated, low, high } => {
            let inner = convert(inner, resolve)?;
            let low = compare(Comparison::GreaterOrEqual, inner.clone(), convert(low, resolve)?);
            let high = compare(Comparison::LessOrEqual, inner, convert(high, resolve)?);
            Ok(negate_if(*negated, Expression::And(Box::new(low), Box::new(high))))
        }
        ast::Expr::Like { negated, any: false, expr: inner, pattern, escape_char: None } => {
            let ast::Expr::Value(value) = &**pattern else { return Err("LIKE needs a literal pattern".into()) };
            let Expression::Literal(Scalar::Text(pattern)) = literal(&value.value)? else {
                return Err("LIKE needs a text pattern".into());
            };
            let like = Expression::Like(Box::new(convert(inner, resolve)?), pattern.chars().collect());
            Ok(negate_if(*negated, like))
        }
        ast::Expr::Case { operand, conditions, else_result, .. } => {
            case(operand.as_deref(), conditions, else_result.as_deref(), resolve)
        }
        ast::Expr::Cast { kind: ast::CastKind::Cast, expr: inner, data_type, array: false, format: None } => {
            let function = cast(data_type).ok_or_else(|| unknown(expr))?;
            Ok(Expression::Call(function, vec![convert(inner, resolve)?]))
        }
        ast::Expr::Substring { expr: inner, substring_from: Some(from), substring_for, .. } => {
            let mut arguments = vec![convert(inner, resolve)?, convert(from, resolve)?];
            if let Some(length) = substring_for {
                arguments.push(convert(length, resolve)?);
            }
            Ok(Expression::Call(Function::Substring, arguments))
        }
        ast::Expr::Trim { trim_where: None, trim_what: None, expr: inner, trim_characters: None } => {
            Ok(Expression::Call(Function::Trim, vec![convert(inner, resolve)?]))
        }
        ast::Expr::Function(function) => call(function, resolve),
        _ => Err(unknown(expr)),
    }
}

fn unknown(expr: &ast::Expr) -> String {
    format!("`{expr}` is not part of the expression language")
}

fn not(inner: Expression) -> Expression {
    Expression::Not(Box::new(inner))
}

fn negate_if(negated: bool, inner: Expression) -> Expression {
    if negated { not(inner) } else { inner }
}

fn compare(operator: Comparison, a: Expression, b: Expression) -> Expression {
    Expression::Compare(operator, Box::new(a), Box::new(b))
}

fn literal(value: &ast::Value) -> Result<Expression, String> {
    Ok(Expression::Literal(match value {
        ast::Value::Null => Scalar::Null,
        ast::Value::Boolean(value) => Scalar::Boolean(*value),
        ast::Value::SingleQuotedString(text) => Scalar::Text(Cow::Owned(text.clone())),
        ast::Value::Number(text, _) => {
            let number = NumberFormat::default().decimal(text);
            Scalar::Number(number.map_err(|_| format!("`{text}` is not an exact number"))?)
        }
        other => return Err(format!("`{other}` is not part of the expression language")),
    }))
}

fn binary(op: &ast::BinaryOperator, a: Expression, b: Expression) -> Option<Expression> {
    use ast::BinaryOperator as Op;
    let arithmetic = |operator, a, b| Expression::Arithmetic(operator, Box::new(a), Box::new(b));
    Some(match op {
        Op::Plus => arithmetic(Arithmetic::Add, a, b),
        Op::Minus => arithmetic(Arithmetic::Subtract, a, b),
        Op::Multiply => arithmetic(Arithmetic::Multiply, a, b),
        Op::Divide => arithmetic(Arithmetic::Divide, a, b),
        Op::Eq => compare(Comparison::Equal, a, b),
        Op::NotEq => compare(Comparison::NotEqual, a, b),
        Op::Lt => compare(Comparison::Less, a, b),
        Op::LtEq => compare(Comparison::LessOrEqual, a, b),
        Op::Gt => compare(Comparison::Greater, a, b),
        Op::GtEq => compare(Comparison::GreaterOrEqual, a, b),
        Op::And => Expression::And(Box::new(a), Box::new(b)),
        Op::Or => Expression::Or(Box::new(a), Box::new(b)),
        Op::StringConcat => Expression::Call(Function::Concat, vec![a, b]),
        _ => return None,
    })
}

fn case(
    operand: Option<&ast::Expr>,
    conditions: &[ast::CaseWhen],
    otherwise: Option<&ast::Expr>,
    resolve: Resolve,
) -> Result<Expression, String> {
    let mut branches = Vec::new();
    for branch in conditions {
        let condition = convert(&branch.condition, resolve)?;
        let condition = match operand {
            Some(operand) => compare(Comparison::Equal, convert(operand, resolve)?, condition),
            None => condition,
        };
        branches.push((condition, convert(&branch.result, resolve)?));
    }
    let otherwise = match otherwise {
        Some(otherwise) => convert(otherwise, resolve)?,
        None => Expression::Literal(Scalar::Null),
    };
    Ok(Expression::Case(branches, Box::new(otherwise)))
}

fn cast(data_type: &ast::DataType) -> Option<Function> {
    use ast::DataType as Type;
    match data_type {
        Type::Decimal(_) | Type::Numeric(_) | Type::Dec(_) => Some(Function::ToNumber),
        Type::Varchar(_) | Type::Text => Some(Function::ToText),
        _ => None,
    }
}

fn call(function: &ast::Function, resolve: Resolve) -> Result<Expression, String> {
    let name = function.name.to_string().to_ascii_uppercase();
    let plain = function.over.is_none() && function.filter.is_none() && function.within_group.is_empty();
    let known = match name.as_str() {
        "COALESCE" => Some((Function::Coalesce, 1..=usize::MAX)),
        "NULLIF" => Some((Function::NullIf, 2..=2)),
        "UPPER" => Some((Function::Upper, 1..=1)),
        "LOWER" => Some((Function::Lower, 1..=1)),
        "TRIM" => Some((Function::Trim, 1..=1)),
        "SUBSTR" | "SUBSTRING" => Some((Function::Substring, 2..=3)),
        "CONCAT" => Some((Function::Concat, 1..=usize::MAX)),
        "ABS" => Some((Function::Abs, 1..=1)),
        "LENGTH" => Some((Function::Length, 1..=1)),
        _ => None,
    };
    let (known, arity) = known.filter(|_| plain).ok_or_else(|| {
        format!("the function `{name}` is not one of COALESCE, NULLIF, UPPER, LOWER, TRIM, SUBSTR, CONCAT, ABS, LENGTH")
    })?;
    let ast::FunctionArguments::List(list) = &function.args else {
        return Err(format!("`{name}` needs arguments"));
    };
    let mut arguments = Vec::new();
    for argument in &list.args {
        match argument {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => arguments.push(convert(expr, resolve)?),
            other => return Err(format!("`{other}` is not part of the expression language")),
        }
    }
    if !arity.contains(&arguments.len()) {
        return Err(format!("`{name}` does not take {} arguments", arguments.len()));
    }
    Ok(Expression::Call(known, arguments))
}
