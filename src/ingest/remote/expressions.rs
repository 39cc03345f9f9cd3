//! Column expressions in Spark SQL: the same language, typed before it runs.
//!
//! Our own evaluation finds out row by row whether it holds a number, text or a condition. Here each part has one type for
//! all rows; what has not is refused in words rather than read differently.

use super::decimals::{self, Checked, Number, Scale};
use super::sql::{Lets, first, literal};
use crate::ingest::expression::{Arithmetic, Comparison, Expression, Function, Operand, Scalar};
use crate::ingest::number::{Decimal, NumberFormat};

/// SQL for a value, by its type.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Text(String),
    Boolean(String),
    Number(Number),
    /// A number, or text that is one: in some rows our own reader has the text, so that it may not be seen as text.
    Mixed(Number),
}

/// A value of an expression and why there is none.
pub(super) type Compiled = Checked<Value>;

/// What an expression sees of a row.
pub(super) struct Scope<'a> {
    pub lets: &'a mut Lets,
    pub numbers: &'a NumberFormat,
    /// The value of a column.
    pub operand: &'a dyn Fn(Operand) -> Value,
}

/// `Err` says what Spark is not asked to do.
type Result<T> = std::result::Result<T, String>;

fn plain(value: Value) -> Compiled {
    Checked { value, reason: None }
}

impl Scope<'_> {
    /// The SQL of `expression`.
    pub fn compile(&mut self, expression: &Expression) -> Result<Compiled> {
        Ok(match expression {
            Expression::Literal(literal) => plain(constant(literal)),
            Expression::Column(operand) => plain((self.operand)(*operand)),
            Expression::Negate(a) => {
                let a = self.number(a)?;
                Checked { value: Value::Number(decimals::negate(&a.value)), reason: a.reason }
            }
            Expression::Arithmetic(operator, a, b) => {
                let (a, b) = (self.number(a)?, self.number(b)?);
                let result = match operator {
                    Arithmetic::Add => decimals::add(self.lets, &a.value, &b.value),
                    Arithmetic::Subtract => decimals::add(self.lets, &a.value, &decimals::negate(&b.value)),
                    Arithmetic::Multiply => decimals::multiply(self.lets, &a.value, &b.value),
                    Arithmetic::Divide => decimals::divide(self.lets, &a.value, &b.value),
                };
                let reason = self.bound(first([a.reason, b.reason, result.reason]));
                Checked { value: Value::Number(result.value), reason }
            }
            Expression::Compare(operator, a, b) => {
                let (a, b) = (self.compile(a)?, self.compile(b)?);
                let compared = self.compare(symbol(*operator), a.value, b.value)?;
                let reason = self.bound(first([a.reason, b.reason, compared.reason]));
                Checked { value: Value::Boolean(compared.value), reason }
            }
            Expression::And(a, b) => self.logical(a, b, "AND", "FALSE")?,
            Expression::Or(a, b) => self.logical(a, b, "OR", "TRUE")?,
            Expression::Not(a) => {
                let a = self.truth(a)?;
                Checked { value: Value::Boolean(format!("(NOT {})", a.value)), reason: a.reason }
            }
            Expression::IsNull(a) => {
                let a = self.compile(a)?;
                Checked { value: Value::Boolean(format!("({} IS NULL)", probe(&a.value))), reason: a.reason }
            }
            Expression::Like(a, pattern) => {
                let a = self.text(a)?;
                let pattern: String = pattern.iter().collect();
                let pattern = literal(&pattern.replace('\\', "\\\\"));
                Checked { value: Value::Boolean(format!("({} LIKE {pattern})", a.value)), reason: a.reason }
            }
            Expression::Case(branches, otherwise) => self.case(branches, otherwise)?,
            Expression::Call(function, arguments) => self.call(*function, arguments)?,
        })
    }

    fn bound(&mut self, reason: Option<String>) -> Option<String> {
        reason.map(|reason| self.lets.bind(reason))
    }

    fn as_number(&mut self, value: Value) -> Result<Checked<Number>> {
        Ok(match value {
            Value::Null => Checked { value: Number::of_column("NULL", 0), reason: None },
            Value::Number(number) | Value::Mixed(number) => Checked { value: number, reason: None },
            Value::Text(text) => {
                let text = self.lets.bind(text);
                decimals::parse(self.lets, &text, self.numbers)
            }
            Value::Boolean(_) => return Err("uses true or false as a number".into()),
        })
    }

    fn number(&mut self, expression: &Expression) -> Result<Checked<Number>> {
        let compiled = self.compile(expression)?;
        let number = self.as_number(compiled.value)?;
        let value = Number { digits: self.lets.bind(number.value.digits), scale: number.value.scale };
        Ok(Checked { value, reason: self.bound(first([compiled.reason, number.reason])) })
    }

    fn truth(&mut self, expression: &Expression) -> Result<Checked<String>> {
        let compiled = self.compile(expression)?;
        let value = match compiled.value {
            Value::Null => "CAST(NULL AS BOOLEAN)".to_owned(),
            Value::Boolean(sql) => sql,
            _ => return Err("uses text or a number as a condition".into()),
        };
        Ok(Checked { value, reason: compiled.reason })
    }

    fn text(&mut self, expression: &Expression) -> Result<Checked<String>> {
        let compiled = self.compile(expression)?;
        Ok(Checked { value: as_text(compiled.value)?, reason: compiled.reason })
    }

    fn compare(&mut self, operator: &str, a: Value, b: Value) -> Result<Checked<String>> {
        Ok(match (a, b) {
            (Value::Null, _) | (_, Value::Null) => Checked { value: "CAST(NULL AS BOOLEAN)".into(), reason: None },
            (Value::Text(a), Value::Text(b)) | (Value::Boolean(a), Value::Boolean(b)) => {
                Checked { value: format!("({a} {operator} {b})"), reason: None }
            }
            (Value::Text(_), Value::Mixed(_)) | (Value::Mixed(_), Value::Text(_)) => return Err(MIXED.into()),
            (a, b) => {
                let (a, b) = (self.as_number(a)?, self.as_number(b)?);
                let compared = decimals::compare(self.lets, operator, &a.value, &b.value);
                Checked { value: compared.value, reason: first([a.reason, b.reason, compared.reason]) }
            }
        })
    }

    /// `a` decides alone when it is `deciding`, and then nobody looks at `b`.
    fn logical(&mut self, a: &Expression, b: &Expression, operator: &str, deciding: &str) -> Result<Compiled> {
        let (a, b) = (self.truth(a)?, self.truth(b)?);
        let of_b = b.reason.map(|reason| format!("CASE WHEN {} IS NOT {deciding} THEN {reason} END", a.value));
        let reason = self.bound(first([a.reason, of_b]));
        Ok(Checked { value: Value::Boolean(format!("({} {operator} {})", a.value, b.value)), reason })
    }

    fn case(&mut self, branches: &[(Expression, Expression)], otherwise: &Expression) -> Result<Compiled> {
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for (condition, result) in branches {
            let condition = self.truth(condition)?;
            let held = if condition.reason.is_some() { self.lets.bind(condition.value) } else { condition.value };
            conditions.push((held, condition.reason));
            results.push(self.compile(result)?);
        }
        results.push(self.compile(otherwise)?);
        let reasons: Vec<Option<String>> = results.iter().map(|result| result.reason.clone()).collect();
        let results = self.alike(results.into_iter().map(|result| result.value).collect())?;
        let held: Vec<&str> = conditions.iter().map(|(held, _)| held.as_str()).collect();
        let choose = |values: &[String]| {
            let branches = held.iter().zip(values).map(|(held, value)| format!("WHEN {held} THEN {value}"));
            let branches: Vec<String> = branches.collect();
            let otherwise = values.last().map_or("NULL", String::as_str);
            if branches.is_empty() {
                otherwise.to_owned()
            } else {
                format!("CASE {} ELSE {otherwise} END", branches.join(" "))
            }
        };
        let value = merge(&results, &choose);
        let mut reason = String::new();
        for ((held, of_condition), of_result) in conditions.iter().zip(&reasons) {
            if let Some(of_condition) = of_condition {
                reason.push_str(&format!(" WHEN {of_condition} IS NOT NULL THEN {of_condition}"));
            }
            reason.push_str(&format!(" WHEN {held} THEN {}", of_result.as_deref().unwrap_or("NULL")));
        }
        let any = conditions.iter().any(|(_, reason)| reason.is_some()) || reasons.iter().any(Option::is_some);
        let last = reasons.last().and_then(Option::as_deref).unwrap_or("NULL");
        let reason = any.then(|| format!("CASE{reason} ELSE {last} END"));
        Ok(Checked { value: self.bound_value(value), reason: self.bound(reason) })
    }

    fn bound_value(&mut self, value: Value) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Text(sql) => Value::Text(self.lets.bind(sql)),
            Value::Boolean(sql) => Value::Boolean(self.lets.bind(sql)),
            Value::Number(number) => Value::Number(self.bound_number(number)),
            Value::Mixed(number) => Value::Mixed(self.bound_number(number)),
        }
    }

    fn bound_number(&mut self, number: Number) -> Number {
        let scale = match number.scale {
            Scale::Any(sql) => Scale::Any(self.lets.bind(sql)),
            fixed => fixed,
        };
        Number { digits: self.lets.bind(number.digits), scale }
    }

    /// The values with one type; text beside numbers is refused, because only the row would tell what the whole is.
    fn alike(&self, values: Vec<Value>) -> Result<Vec<Value>> {
        let kind = |value: &Value| match value {
            Value::Null => None,
            Value::Text(_) => Some("text"),
            Value::Boolean(_) => Some("true or false"),
            Value::Number(_) | Value::Mixed(_) => Some("a number"),
        };
        let kinds: std::collections::BTreeSet<&str> = values.iter().filter_map(kind).collect();
        match kinds.len() {
            0 | 1 => Ok(values),
            _ => Err(format!(
                "gives {} in different rows: write CAST(... AS DECIMAL) or CAST(... AS VARCHAR) around the odd one",
                kinds.into_iter().collect::<Vec<_>>().join(" and ")
            )),
        }
    }

    fn call(&mut self, function: Function, arguments: &[Expression]) -> Result<Compiled> {
        let of_text = |value: String, reason| Checked { value: Value::Text(value), reason };
        match function {
            Function::Coalesce => self.coalesce(arguments),
            Function::NullIf => {
                let (a, b) = (self.compile(&arguments[0])?, self.compile(&arguments[1])?);
                let equal = self.compare("=", a.value.clone(), b.value)?;
                let reason = self.bound(first([a.reason, b.reason, equal.reason]));
                let value =
                    merge(&[a.value], &|values| format!("CASE WHEN {} THEN NULL ELSE {} END", equal.value, values[0]));
                Ok(Checked { value, reason })
            }
            Function::Upper | Function::Lower | Function::Trim => {
                let a = self.text(&arguments[0])?;
                let blanks = literal(r"^\p{IsWhite_Space}+|\p{IsWhite_Space}+$");
                Ok(of_text(
                    match function {
                        Function::Upper => format!("UPPER({})", a.value),
                        Function::Lower => format!("LOWER({})", a.value),
                        _ => format!("REGEXP_REPLACE({}, {blanks}, '')", a.value),
                    },
                    a.reason,
                ))
            }
            Function::Substring => {
                let a = self.text(&arguments[0])?;
                let from = position(&arguments[1])?;
                let length = arguments.get(2).map(position).transpose()?.map(|length| length.max(0));
                let start = from.max(1);
                Ok(of_text(
                    match length {
                        None => format!("SUBSTRING({}, {start})", a.value),
                        Some(length) => {
                            format!("SUBSTRING({}, {start}, {})", a.value, (from.saturating_add(length) - start).max(0))
                        }
                    },
                    a.reason,
                ))
            }
            Function::Concat => {
                let mut parts = Vec::new();
                let mut reason = String::new();
                let mut any = false;
                for argument in arguments {
                    let part = self.text(argument)?;
                    if let Some(of_part) = part.reason {
                        any = true;
                        reason.push_str(&format!(" WHEN {of_part} IS NOT NULL THEN {of_part}"));
                    }
                    reason.push_str(&format!(" WHEN {} IS NULL THEN NULL", part.value));
                    parts.push(part.value);
                }
                let reason = self.bound(any.then(|| format!("CASE{reason} END")));
                Ok(of_text(format!("CONCAT({})", parts.join(", ")), reason))
            }
            Function::Abs => {
                let a = self.number(&arguments[0])?;
                Ok(Checked { value: Value::Number(decimals::absolute(&a.value)), reason: a.reason })
            }
            Function::Length => {
                let a = self.text(&arguments[0])?;
                let digits = format!("CAST(CHAR_LENGTH({}) AS DECIMAL(38,0))", a.value);
                Ok(Checked { value: Value::Number(Number { digits, scale: Scale::Fixed(0) }), reason: a.reason })
            }
            Function::ToNumber => {
                let a = self.number(&arguments[0])?;
                Ok(Checked { value: Value::Number(a.value), reason: a.reason })
            }
            Function::ToText => {
                let a = self.text(&arguments[0])?;
                Ok(of_text(a.value, a.reason))
            }
        }
    }

    fn coalesce(&mut self, arguments: &[Expression]) -> Result<Compiled> {
        let candidates: Vec<Compiled> =
            arguments.iter().map(|argument| self.compile(argument)).collect::<Result<_>>()?;
        let mut reasons: Vec<Option<String>> = candidates.iter().map(|candidate| candidate.reason.clone()).collect();
        let mut values: Vec<Value> = candidates.into_iter().map(|candidate| candidate.value).collect();
        // `COALESCE(discount, 0)` over the file's own text: the number says what is meant.
        let numbers = values.iter().any(|value| matches!(value, Value::Number(_) | Value::Mixed(_)));
        if numbers && values.iter().any(|value| matches!(value, Value::Text(_))) {
            for (value, reason) in values.iter_mut().zip(&mut reasons) {
                if matches!(value, Value::Text(_)) {
                    let number = self.as_number(value.clone())?;
                    *value = Value::Mixed(number.value);
                    *reason = first([reason.take(), number.reason]);
                }
            }
        }
        let values = self.alike(values)?;
        let given: Vec<String> = values.iter().map(|value| format!("{} IS NOT NULL", probe(value))).collect();
        let mut reason = String::new();
        for (given, of_value) in given.iter().zip(&reasons) {
            if let Some(of_value) = of_value {
                reason.push_str(&format!(" WHEN {of_value} IS NOT NULL THEN {of_value}"));
            }
            reason.push_str(&format!(" WHEN {given} THEN NULL"));
        }
        let reason = reasons.iter().any(Option::is_some).then(|| format!("CASE{reason} END"));
        let choose = |values: &[String]| {
            let branches: Vec<String> =
                given.iter().zip(values).map(|(given, value)| format!("WHEN {given} THEN {value}")).collect();
            format!("CASE {} END", branches.join(" "))
        };
        let value = merge(&values, &choose);
        Ok(Checked { value: self.bound_value(value), reason: self.bound(reason) })
    }
}

/// One value out of several of one type, by a choice that is made for each of their parts.
fn merge(values: &[Value], choose: &dyn Fn(&[String]) -> String) -> Value {
    let parts = |part: &dyn Fn(&Value) -> String| -> String { choose(&values.iter().map(part).collect::<Vec<_>>()) };
    let sql = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(sql) | Value::Boolean(sql) => sql.clone(),
        Value::Number(number) | Value::Mixed(number) => number.digits.clone(),
    };
    let scale = |value: &Value| match value {
        Value::Number(number) | Value::Mixed(number) => match &number.scale {
            Scale::Any(sql) => sql.clone(),
            Scale::Fixed(scale) => scale.to_string(),
        },
        _ => "0".to_owned(),
    };
    match values.iter().find(|value| !matches!(value, Value::Null)) {
        None => Value::Null,
        Some(Value::Text(_)) => Value::Text(parts(&sql)),
        Some(Value::Boolean(_)) => Value::Boolean(parts(&sql)),
        Some(_) => {
            let scales: std::collections::BTreeSet<String> =
                values.iter().filter(|value| !matches!(value, Value::Null)).map(scale).collect();
            let fixed = scales.first().filter(|_| scales.len() == 1).and_then(|scale| scale.parse().ok());
            let scale = fixed.map_or_else(|| Scale::Any(parts(&scale)), Scale::Fixed);
            let number = Number { digits: parts(&sql), scale };
            let mixed = values.iter().any(|value| matches!(value, Value::Mixed(_)));
            if mixed { Value::Mixed(number) } else { Value::Number(number) }
        }
    }
}

const MIXED: &str = "uses as text what is a number in some rows: write CAST(... AS VARCHAR) around the column";

/// SQL that is NULL exactly where the value is.
fn probe(value: &Value) -> &str {
    match value {
        Value::Null => "NULL",
        Value::Text(sql) | Value::Boolean(sql) => sql,
        Value::Number(number) | Value::Mixed(number) => &number.digits,
    }
}

/// The value as text.
pub(super) fn as_text(value: Value) -> Result<String> {
    Ok(match value {
        Value::Null => "CAST(NULL AS STRING)".into(),
        Value::Text(sql) => sql,
        Value::Boolean(sql) => format!("CAST({sql} AS STRING)"),
        Value::Number(number) => decimals::display(&number),
        Value::Mixed(_) => return Err(MIXED.into()),
    })
}

fn constant(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Text(text) => Value::Text(literal(text)),
        Scalar::Boolean(true) => Value::Boolean("TRUE".into()),
        Scalar::Boolean(false) => Value::Boolean("FALSE".into()),
        Scalar::Number(Decimal { mantissa, scale }) => {
            Value::Number(Number { digits: format!("CAST({mantissa} AS DECIMAL(38,0))"), scale: Scale::Fixed(*scale) })
        }
    }
}

/// A position that is written out.
fn position(expression: &Expression) -> Result<i64> {
    let number = match expression {
        Expression::Literal(Scalar::Number(number)) => number.rounded(0),
        Expression::Negate(inner) => match &**inner {
            Expression::Literal(Scalar::Number(number)) => number.negate().rounded(0),
            _ => None,
        },
        _ => None,
    };
    number.ok_or_else(|| "computes a position of SUBSTR: write it as a number".into())
}

fn symbol(operator: Comparison) -> &'static str {
    match operator {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::expression::parse;

    fn compile(sql: &str) -> Result<Compiled> {
        let parsed = parse(sql, &mut |name| Operand::Raw(["a", "b", "n"].iter().position(|n| *n == name).unwrap_or(0)));
        let operand = |operand| match operand {
            Operand::Raw(2) => Value::Number(Number::of_column("n", 4)),
            Operand::Raw(index) => Value::Text(format!("r{index}")),
            Operand::Mapped(_) => Value::Null,
        };
        let (mut lets, numbers) = (Lets::new("v"), NumberFormat::default());
        Scope { lets: &mut lets, numbers: &numbers, operand: &operand }.compile(&parsed.expect("it is SQL"))
    }

    #[test]
    fn types_are_known_before_a_row_is_read() {
        for (sql, expected) in [
            ("a * b", "number"),
            ("COALESCE(a, 0) * 2", "number"),
            ("CASE WHEN n < 0 THEN 'refund' END", "text"),
            ("CASE WHEN a = 'x' THEN n ELSE 0 END", "number"),
            ("a || '-' || n", "text"),
            ("a > 5 AND NOT b IS NULL", "boolean"),
            ("NULLIF(a, 'x')", "text"),
            ("LENGTH(a)", "number"),
        ] {
            let kind = match compile(sql).expect(sql).value {
                Value::Null => "null",
                Value::Text(_) => "text",
                Value::Boolean(_) => "boolean",
                Value::Number(_) | Value::Mixed(_) => "number",
            };
            assert_eq!(kind, expected, "{sql}");
        }
    }

    #[test]
    fn what_only_the_row_could_tell_is_refused() {
        for sql in [
            "CASE WHEN n > 0 THEN 'x' ELSE n END",
            "CASE WHEN a THEN 1 END",
            "(a = b) + 1",
            "SUBSTR(a, n)",
            "a AND TRUE",
            "COALESCE(a, 0) || 'x'",
        ] {
            assert!(compile(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn text_that_is_read_as_a_number_can_fail() {
        assert!(compile("a * 2").expect("it compiles").reason.is_some());
        assert!(compile("a = 'x'").expect("it compiles").reason.is_none());
    }
}
