//! Column expressions: a small, exact language over the columns of one row.
//!
//! The text is parsed with the SQL parser of the engine (see [`parse`]) into [`Expression`], which knows only what has
//! an exact meaning on decimals and text. NULL goes through: an operation on NULL is NULL, conditions have three values.

mod evaluate;
mod parse;

pub use parse::parse;

use std::borrow::Cow;
use std::cmp::Ordering;

use super::number::{Decimal, NumberError};

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::number::NumberFormat;
    use crate::ingest::reject::RejectReason;

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
