//! The value of an expression on one row.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Arithmetic, Expression, Function, Row, Scalar};
use crate::ingest::number::{Decimal, NumberError};
use crate::ingest::reject::RejectReason;

impl Expression {
    /// The value of the expression on a row.
    ///
    /// # Errors
    /// Why the row is to be refused: text that is no number where one is needed, an overflow, a division by zero.
    pub fn evaluate<'r>(&'r self, row: &'r impl Row) -> Result<Scalar<'r>, RejectReason> {
        Ok(match self {
            Expression::Literal(literal) => borrowed(literal),
            Expression::Column(operand) => row.operand(*operand),
            Expression::Negate(a) => match number(row, a.evaluate(row)?)? {
                Some(a) => Scalar::Number(a.negate()),
                None => Scalar::Null,
            },
            Expression::Arithmetic(operator, a, b) => {
                let (a, b) = (number(row, a.evaluate(row)?)?, number(row, b.evaluate(row)?)?);
                let (Some(a), Some(b)) = (a, b) else { return Ok(Scalar::Null) };
                Scalar::Number(arithmetic(*operator, a, b)?)
            }
            Expression::Compare(operator, a, b) => match compare(row, a.evaluate(row)?, b.evaluate(row)?)? {
                Some(ordering) => Scalar::Boolean(operator.holds(ordering)),
                None => Scalar::Null,
            },
            Expression::And(a, b) => match truth(a.evaluate(row)?)? {
                Some(false) => Scalar::Boolean(false),
                a => match (a, truth(b.evaluate(row)?)?) {
                    (_, Some(false)) => Scalar::Boolean(false),
                    (Some(true), Some(true)) => Scalar::Boolean(true),
                    _ => Scalar::Null,
                },
            },
            Expression::Or(a, b) => match truth(a.evaluate(row)?)? {
                Some(true) => Scalar::Boolean(true),
                a => match (a, truth(b.evaluate(row)?)?) {
                    (_, Some(true)) => Scalar::Boolean(true),
                    (Some(false), Some(false)) => Scalar::Boolean(false),
                    _ => Scalar::Null,
                },
            },
            Expression::Not(a) => match truth(a.evaluate(row)?)? {
                Some(a) => Scalar::Boolean(!a),
                None => Scalar::Null,
            },
            Expression::IsNull(a) => Scalar::Boolean(a.evaluate(row)? == Scalar::Null),
            Expression::Like(a, pattern) => match text(a.evaluate(row)?) {
                Some(text) => Scalar::Boolean(like(&text, pattern)),
                None => Scalar::Null,
            },
            Expression::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    if truth(condition.evaluate(row)?)? == Some(true) {
                        return result.evaluate(row);
                    }
                }
                otherwise.evaluate(row)?
            }
            Expression::Call(function, arguments) => return call(*function, arguments, row),
        })
    }
}

fn borrowed<'a>(literal: &'a Scalar<'static>) -> Scalar<'a> {
    match literal {
        Scalar::Text(text) => Scalar::Text(Cow::Borrowed(text)),
        Scalar::Null => Scalar::Null,
        Scalar::Number(number) => Scalar::Number(*number),
        Scalar::Boolean(boolean) => Scalar::Boolean(*boolean),
    }
}

impl From<NumberError> for RejectReason {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::NotANumber => RejectReason::AmountNotANumber,
            NumberError::NotFinite => RejectReason::AmountNotFinite,
            NumberError::Overflow => RejectReason::AmountOverflow,
        }
    }
}

fn number(row: &impl Row, value: Scalar<'_>) -> Result<Option<Decimal>, RejectReason> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Number(number) => Ok(Some(number)),
        Scalar::Text(text) if text.is_empty() => Ok(None),
        Scalar::Text(text) => Ok(Some(row.number(&text)?)),
        Scalar::Boolean(_) => Err(RejectReason::AmountNotANumber),
    }
}

fn truth(value: Scalar<'_>) -> Result<Option<bool>, RejectReason> {
    match value {
        Scalar::Null => Ok(None),
        Scalar::Boolean(value) => Ok(Some(value)),
        Scalar::Number(_) | Scalar::Text(_) => Err(RejectReason::NotABoolean),
    }
}

fn text(value: Scalar<'_>) -> Option<Cow<'_, str>> {
    match value {
        Scalar::Null => None,
        Scalar::Text(text) => Some(text),
        Scalar::Boolean(value) => Some(Cow::Borrowed(if value { "true" } else { "false" })),
        Scalar::Number(number) => Some(Cow::Owned(number.to_string())),
    }
}

fn arithmetic(operator: Arithmetic, a: Decimal, b: Decimal) -> Result<Decimal, RejectReason> {
    let result = match operator {
        Arithmetic::Add => a.add(b),
        Arithmetic::Subtract => a.add(b.negate()),
        Arithmetic::Multiply => a.multiply(b),
        Arithmetic::Divide if b.mantissa == 0 => return Err(RejectReason::DivisionByZero),
        Arithmetic::Divide => a.divide(b),
    };
    result.ok_or(RejectReason::AmountOverflow)
}

/// Two texts compare by their bytes; as soon as one side is a number, both are.
fn compare(row: &impl Row, a: Scalar<'_>, b: Scalar<'_>) -> Result<Option<Ordering>, RejectReason> {
    Ok(match (a, b) {
        (Scalar::Null, _) | (_, Scalar::Null) => None,
        (Scalar::Text(a), Scalar::Text(b)) => Some(a.cmp(&b)),
        (Scalar::Boolean(a), Scalar::Boolean(b)) => Some(a.cmp(&b)),
        (a, b) => match (number(row, a)?, number(row, b)?) {
            (Some(a), Some(b)) => Some(a.compare(b)),
            _ => None,
        },
    })
}

/// Whether `text` matches `pattern`: `%` stands for any characters, `_` for one.
fn like(text: &str, pattern: &[char]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut t, mut p) = (0, 0);
    // Where to go on when a literal fails: the last `%`, one character further on each time.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&wanted) if wanted == '_' || wanted == text[t] => {
                t += 1;
                p += 1;
            }
            _ => {
                let Some((after, from)) = retry else { return false };
                retry = Some((after, from + 1));
                (t, p) = (from + 1, after);
            }
        }
    }
    pattern[p..].iter().all(|&wanted| wanted == '%')
}

fn call<'r>(function: Function, arguments: &'r [Expression], row: &'r impl Row) -> Result<Scalar<'r>, RejectReason> {
    let argument = |index: usize| arguments[index].evaluate(row);
    let of_text = |change: fn(&str) -> String| -> Result<Scalar<'r>, RejectReason> {
        Ok(text(argument(0)?).map_or(Scalar::Null, |text| Scalar::Text(Cow::Owned(change(&text)))))
    };
    match function {
        Function::Coalesce => {
            for candidate in arguments {
                let value = candidate.evaluate(row)?;
                if value != Scalar::Null {
                    return Ok(value);
                }
            }
            Ok(Scalar::Null)
        }
        Function::NullIf => {
            let equal = compare(row, argument(0)?, argument(1)?)? == Some(Ordering::Equal);
            if equal { Ok(Scalar::Null) } else { argument(0) }
        }
        Function::Upper => of_text(str::to_uppercase),
        Function::Lower => of_text(str::to_lowercase),
        Function::Trim => of_text(|text| text.trim().to_owned()),
        Function::Substring => substring(arguments, row),
        Function::Concat => {
            let mut joined = String::new();
            for part in arguments {
                match text(part.evaluate(row)?) {
                    Some(part) => joined.push_str(&part),
                    None => return Ok(Scalar::Null),
                }
            }
            Ok(Scalar::Text(Cow::Owned(joined)))
        }
        Function::Abs => Ok(match number(row, argument(0)?)? {
            Some(value) if value.mantissa < 0 => Scalar::Number(value.negate()),
            Some(value) => Scalar::Number(value),
            None => Scalar::Null,
        }),
        Function::Length => Ok(text(argument(0)?)
            .map_or(Scalar::Null, |text| Scalar::Number(Decimal { mantissa: text.chars().count() as i128, scale: 0 }))),
        Function::ToNumber => Ok(number(row, argument(0)?)?.map_or(Scalar::Null, Scalar::Number)),
        Function::ToText => Ok(text(argument(0)?).map_or(Scalar::Null, Scalar::Text)),
    }
}

fn substring<'r>(arguments: &'r [Expression], row: &'r impl Row) -> Result<Scalar<'r>, RejectReason> {
    let Some(whole) = text(arguments[0].evaluate(row)?) else { return Ok(Scalar::Null) };
    let mut positions = [1_i64, i64::MAX / 2];
    for (position, argument) in positions.iter_mut().zip(&arguments[1..]) {
        let Some(value) = number(row, argument.evaluate(row)?)? else { return Ok(Scalar::Null) };
        *position = value.rounded(0).ok_or(RejectReason::AmountOverflow)?;
    }
    let [from, length] = positions;
    let end = from.saturating_add(length.max(0));
    let taken = whole.chars().zip(1_i64..).filter(|&(_, at)| at >= from && at < end).map(|(character, _)| character);
    Ok(Scalar::Text(Cow::Owned(taken.collect())))
}
