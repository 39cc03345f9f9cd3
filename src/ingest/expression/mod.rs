//! Column expressions: a small, exact language over the columns of one row.
//!
//! The text is parsed with the SQL parser of the engine (see [`parse`]) into [`Expression`], which knows only what has
//! an exact meaning on decimals and text. NULL goes through: an operation on NULL is NULL, conditions have three values.

mod parse;

pub use parse::parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use super::number::{Decimal, NumberError};
use super::reject::RejectReason;

/// A column that an expression reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A mapped column, by its position in the mapping: already typed.
    Mapped(usize),
    /// A column of the file, by its position among those that expressions ask for: text.
    Raw(usize),
}

/// What an expression computes.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'a> {
    /// No value.
    Null,
    /// An exact number.
    Number(Decimal),
    /// Text.
    Text(Cow<'a, str>),
    /// A condition.
    Boolean(bool),
}

/// The row that an expression is evaluated on.
pub trait Row {
    /// The value of a column.
    fn operand(&self, operand: Operand) -> Scalar<'_>;
    /// Text of the file as a number, in the notation of the input.
    fn number(&self, text: &str) -> Result<Decimal, NumberError>;
}

/// `+`, `-`, `*`, `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// Sum.
    Add,
    /// Difference.
    Subtract,
    /// Product.
    Multiply,
    /// Quotient, to twelve places.
    Divide,
}

/// `=`, `<>`, `<`, `<=`, `>`, `>=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Less.
    Less,
    /// Less or equal.
    LessOrEqual,
    /// Greater.
    Greater,
    /// Greater or equal.
    GreaterOrEqual,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A function of one or more arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// The first argument that is not NULL.
    Coalesce,
    /// NULL when both arguments are equal, else the first.
    NullIf,
    /// Upper case (Unicode).
    Upper,
    /// Lower case (Unicode).
    Lower,
    /// Without blanks at both ends.
    Trim,
    /// Characters from a position (from 1), perhaps only so many.
    Substring,
    /// The arguments one behind the other.
    Concat,
    /// Without its sign.
    Abs,
    /// Number of characters.
    Length,
    /// Text as a number.
    ToNumber,
    /// A number as text.
    ToText,
}

/// A parsed column expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A literal.
    Literal(Scalar<'static>),
    /// A column.
    Column(Operand),
    /// Minus.
    Negate(Box<Expression>),
    /// Arithmetic on two numbers.
    Arithmetic(Arithmetic, Box<Expression>, Box<Expression>),
    /// A comparison of two numbers or two texts.
    Compare(Comparison, Box<Expression>, Box<Expression>),
    /// Both.
    And(Box<Expression>, Box<Expression>),
    /// Either.
    Or(Box<Expression>, Box<Expression>),
    /// Not.
    Not(Box<Expression>),
    /// Whether it is NULL.
    IsNull(Box<Expression>),
    /// Whether the text matches a pattern of `%` and `_`.
    Like(Box<Expression>, Vec<char>),
    /// The result of the first condition that holds, else the last.
    Case(Vec<(Expression, Expression)>, Box<Expression>),
    /// A function.
    Call(Function, Vec<Expression>),
}

impl Expression {
    /// The columns that the expression reads.
    pub fn operands(&self) -> Vec<Operand> {
        let mut operands = Vec::new();
        self.collect(&mut operands);
        operands
    }

    fn collect(&self, into: &mut Vec<Operand>) {
        match self {
            Expression::Literal(_) => {}
            Expression::Column(operand) => into.push(*operand),
            Expression::Negate(a) | Expression::Not(a) | Expression::IsNull(a) | Expression::Like(a, _) => {
                a.collect(into);
            }
            Expression::Arithmetic(_, a, b)
            | Expression::Compare(_, a, b)
            | Expression::And(a, b)
            | Expression::Or(a, b) => {
                a.collect(into);
                b.collect(into);
            }
            Expression::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    condition.collect(into);
                    result.collect(into);
                }
                otherwise.collect(into);
            }
            Expression::Call(_, arguments) => arguments.iter().for_each(|argument| argument.collect(into)),
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::number::NumberFormat;

    struct Texts(Vec<Option<&'static str>>);

    impl Row for Texts {
        fn operand(&self, operand: Operand) -> Scalar<'_> {
            let (Operand::Mapped(index) | Operand::Raw(index)) = operand;
            self.0[index].map_or(Scalar::Null, |text| Scalar::Text(Cow::Borrowed(text)))
        }
        fn number(&self, text: &str) -> Result<Decimal, NumberError> {
            NumberFormat::default().decimal(text)
        }
    }

    /// Evaluates `sql`, where `a`, `b`, `c` are the columns of `row`.
    fn evaluate(sql: &str, row: &[Option<&'static str>]) -> Result<String, RejectReason> {
        let expression =
            parse(sql, &mut |name| Operand::Raw(["a", "b", "c"].iter().position(|n| *n == name).unwrap())).unwrap();
        let row = Texts(row.to_vec());
        Ok(match expression.evaluate(&row)? {
            Scalar::Null => "NULL".into(),
            Scalar::Boolean(value) => value.to_string(),
            Scalar::Text(text) => text.into_owned(),
            Scalar::Number(number) => number.to_string(),
        })
    }

    #[test]
    fn values() {
        let row = [Some("6"), Some("2.55"), None];
        for (sql, expected) in [
            ("a * b", "15.30"),
            ("a * b - 0.3", "15.00"),
            ("-a + 1", "-5"),
            ("a / 4", "1.500000000000"),
            ("a * c", "NULL"),
            ("COALESCE(c, a)", "6"),
            ("NULLIF(a, 6)", "NULL"),
            ("NULLIF(a, b)", "6"),
            ("a > b AND b > 2", "true"),
            ("a > 10", "false"),
            ("c = 1 OR a = 6.0", "true"),
            ("c = 1 AND a = 6", "NULL"),
            ("c = 1 AND a = 5", "false"),
            ("NOT c IS NULL", "false"),
            ("a IN (1, 6)", "true"),
            ("a NOT IN ('1', '6')", "false"),
            ("a BETWEEN 1 AND 6", "true"),
            ("CASE WHEN a < 0 THEN 'refund' ELSE 'sale' END", "sale"),
            ("CASE a WHEN '6' THEN 'six' END", "six"),
            ("CASE WHEN a = '7' THEN 'seven' END", "NULL"),
            ("UPPER('ab') || lower('CD')", "ABcd"),
            ("CONCAT(a, '-', b)", "6-2.55"),
            ("CONCAT(a, c)", "NULL"),
            ("SUBSTR('C5363', 2)", "5363"),
            ("SUBSTRING('éclair' FROM 1 FOR 2)", "éc"),
            ("TRIM('  x ')", "x"),
            ("ABS(-3.5)", "3.5"),
            ("LENGTH('été')", "3"),
            ("CAST(b AS DECIMAL(18,4)) * 2", "5.10"),
            ("'C536' LIKE 'C%'", "true"),
            ("'536C' LIKE 'C%'", "false"),
            ("'abcbd' LIKE '%b_'", "true"),
            ("'abc' NOT LIKE '_b_'", "false"),
            ("'x' LIKE ''", "false"),
        ] {
            assert_eq!(evaluate(sql, &row), Ok(expected.into()), "{sql}");
        }
    }

    #[test]
    fn rows_are_refused_rather_than_guessed() {
        let row = [Some("6 pcs"), Some("170141183460469231731687303715884105727"), Some("0")];
        assert_eq!(evaluate("a * 2", &row), Err(RejectReason::AmountNotANumber));
        assert_eq!(evaluate("b * b", &row), Err(RejectReason::AmountOverflow));
        assert_eq!(evaluate("1 / c", &row), Err(RejectReason::DivisionByZero));
        assert_eq!(evaluate("a AND TRUE", &row), Err(RejectReason::NotABoolean));
    }

    #[test]
    fn what_has_no_exact_meaning_is_an_error_in_the_pipeline_file() {
        for sql in
            ["a LIKE b", "RANDOM()", "(SELECT 1)", "t.a", "a % 2", "SUM(a)", "a ILIKE 'x'", "a +", "a b", "ABS(a, b)"]
        {
            let parsed = parse(sql, &mut |_| Operand::Raw(0));
            assert!(parsed.is_err(), "{sql}");
        }
    }
}
