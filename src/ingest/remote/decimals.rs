//! Exact numbers in Spark SQL: a whole number of up to 38 digits and how many of its digits stand behind the mark, as
//! [`Decimal`](crate::ingest::number::Decimal) has it. No step is a floating-point one, and none can stop the query: what
//! does not fit is NULL, and says so as a reason.

use super::sql::{Lets, first, literal, quoted};
use crate::ingest::number::NumberFormat;

/// How many digits stand behind the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scale {
    /// The same in every row.
    Fixed(u32),
    /// As each row's text has it.
    Any(String),
}

/// A number: SQL for its digits, a `DECIMAL(38,0)`, and their scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    pub digits: String,
    pub scale: Scale,
}

/// A value and why there is none.
#[derive(Debug, Clone)]
pub(super) struct Checked<T> {
    pub value: T,
    pub reason: Option<String>,
}

/// Digits that are read of a number; what stands behind them can only decide a tie.
const MOST_DIGITS: u32 = 37;
/// Behind so many places nothing is left of any number.
const MOST_PLACES: u32 = 152;
/// Places of a quotient before it is rounded to its column.
const DIVISION_PLACES: u32 = crate::ingest::number::DIVISION_PLACES;

fn power(places: u32) -> String {
    format!("CAST(1{} AS DECIMAL(38,0))", "0".repeat(places as usize))
}

/// Ten to a power from 0 to 37 that a row says.
fn power_of(places: &str) -> String {
    format!("TRY_CAST(RPAD('1', CAST({places} AS INT) + 1, '0') AS DECIMAL(38,0))")
}

impl Number {
    /// A whole number column as a number of `scale` places.
    pub fn of_column(column: &str, scale: u32) -> Number {
        Number { digits: format!("CAST({column} AS DECIMAL(38,0))"), scale: Scale::Fixed(scale) }
    }

    fn scale_sql(&self) -> String {
        match &self.scale {
            Scale::Fixed(scale) => scale.to_string(),
            Scale::Any(sql) => sql.clone(),
        }
    }
}

/// What an operation on numbers gives: NULL where an operand is, and an overflow where only the result is.
fn checked(lets: &mut Lets, result: &str, operands: &[&str]) -> (String, String) {
    let value = lets.bind(result);
    let given: Vec<String> = operands.iter().map(|operand| format!("{operand} IS NOT NULL")).collect();
    let reason = lets.bind(format!("CASE WHEN {value} IS NULL AND {} THEN 'amount_overflow' END", given.join(" AND ")));
    (value, reason)
}

/// Both numbers at the larger of their scales.
fn aligned(lets: &mut Lets, a: &Number, b: &Number) -> (String, String, Scale) {
    if let (Scale::Fixed(of_a), Scale::Fixed(of_b)) = (&a.scale, &b.scale) {
        let scale = *of_a.max(of_b);
        let widen = |number: &Number, from: u32| match scale - from {
            0 => number.digits.clone(),
            by => format!("TRY_MULTIPLY({}, {})", number.digits, power(by)),
        };
        return (widen(a, *of_a), widen(b, *of_b), Scale::Fixed(scale));
    }
    let (of_a, of_b) = (a.scale_sql(), b.scale_sql());
    let scale = lets.bind(format!("GREATEST({of_a}, {of_b})"));
    let widen = |number: &Number, from: &str| {
        let by = format!("({scale} - {from})");
        let digits = &number.digits;
        format!(
            "CASE WHEN {by} = 0 OR {digits} = 0 THEN {digits} WHEN {by} <= {MOST_DIGITS} THEN TRY_MULTIPLY({digits}, {}) END",
            power_of(&by)
        )
    };
    (widen(a, &of_a), widen(b, &of_b), Scale::Any(scale))
}

pub(super) fn add(lets: &mut Lets, a: &Number, b: &Number) -> Checked<Number> {
    let (left, right, scale) = aligned(lets, a, b);
    let (digits, reason) = checked(lets, &format!("TRY_ADD({left}, {right})"), &[&a.digits, &b.digits]);
    Checked { value: Number { digits, scale }, reason: Some(reason) }
}

pub(super) fn negate(a: &Number) -> Number {
    Number { digits: format!("(- {})", a.digits), scale: a.scale.clone() }
}

pub(super) fn absolute(a: &Number) -> Number {
    Number { digits: format!("ABS({})", a.digits), scale: a.scale.clone() }
}

pub(super) fn multiply(lets: &mut Lets, a: &Number, b: &Number) -> Checked<Number> {
    let scale = match (&a.scale, &b.scale) {
        (Scale::Fixed(of_a), Scale::Fixed(of_b)) => Scale::Fixed(of_a + of_b),
        _ => Scale::Any(lets.bind(format!("{} + {}", a.scale_sql(), b.scale_sql()))),
    };
    let product = format!("TRY_MULTIPLY({}, {})", a.digits, b.digits);
    let (digits, reason) = checked(lets, &product, &[&a.digits, &b.digits]);
    Checked { value: Number { digits, scale }, reason: Some(reason) }
}

pub(super) fn divide(lets: &mut Lets, a: &Number, b: &Number) -> Checked<Number> {
    let (left, right, _) = aligned(lets, a, b);
    let left = lets.bind(format!("TRY_MULTIPLY({left}, {})", power(DIVISION_PLACES)));
    let right = lets.bind(format!("NULLIF({right}, 0)"));
    let quotient = half_even(lets, &left, &right);
    let (digits, overflow) = checked(lets, &quotient, &[&a.digits, &b.digits]);
    let zero = format!("CASE WHEN {} IS NOT NULL AND {} = 0 THEN 'division_by_zero' END", a.digits, b.digits);
    let reason = first([Some(zero), Some(overflow)]);
    Checked { value: Number { digits, scale: Scale::Fixed(DIVISION_PLACES) }, reason }
}

/// SQL for whether two numbers stand in the relation `operator`.
pub(super) fn compare(lets: &mut Lets, operator: &str, a: &Number, b: &Number) -> Checked<String> {
    let (left, right, _) = aligned(lets, a, b);
    let held = format!("({left}) {operator} ({right})");
    let (value, reason) = checked(lets, &held, &[&a.digits, &b.digits]);
    Checked { value, reason: Some(reason) }
}

/// `value / divisor`, rounded half to even.
fn half_even(lets: &mut Lets, value: &str, divisor: &str) -> String {
    let rest = lets.bind(format!("{value} % {divisor}"));
    let whole = lets.bind(format!("CAST(TRY_DIVIDE({value} - {rest}, {divisor}) AS DECIMAL(38,0))"));
    let left = format!("ABS({divisor}) - ABS({rest})");
    format!(
        "CASE WHEN ABS({rest}) > {left} OR (ABS({rest}) = {left} AND {whole} % 2 <> 0) THEN {whole} + \
         CASE WHEN ({value} < 0) = ({divisor} < 0) THEN 1 ELSE -1 END ELSE {whole} END"
    )
}

/// The number as a whole number of `10^-places`, a `BIGINT`.
pub(super) fn rounded(lets: &mut Lets, number: &Number, places: u32) -> Checked<String> {
    let digits = lets.bind(&number.digits);
    let value = match &number.scale {
        Scale::Fixed(scale) if *scale == places => digits.clone(),
        Scale::Fixed(scale) if *scale < places => format!("TRY_MULTIPLY({digits}, {})", power(places - scale)),
        Scale::Fixed(scale) if scale - places > MOST_DIGITS => "CAST(0 AS DECIMAL(38,0))".to_owned(),
        Scale::Fixed(scale) => half_even(lets, &digits, &power(scale - places)),
        Scale::Any(scale) => {
            let more = lets.bind(format!("{places} - {scale}"));
            let divisor = lets.bind(format!(
                "CASE WHEN {more} BETWEEN -{MOST_DIGITS} AND -1 THEN {} END",
                power_of(&format!("- {more}"))
            ));
            let fewer = half_even(lets, &digits, &divisor);
            format!(
                "CASE WHEN {digits} IS NULL OR {digits} = 0 OR {more} = 0 THEN {digits} WHEN {more} > 0 THEN TRY_MULTIPLY({digits}, {}) \
                 WHEN {more} >= -{MOST_DIGITS} THEN {fewer} WHEN {more} IS NOT NULL THEN 0 END",
                power_of(&format!("GREATEST({more}, 0)"))
            )
        }
    };
    let (value, reason) = checked(lets, &format!("TRY_CAST({value} AS BIGINT)"), &[&digits]);
    Checked { value, reason: Some(reason) }
}

/// The number as text, with all its places.
pub(super) fn display(number: &Number) -> String {
    let (digits, scale) = (&number.digits, number.scale_sql());
    let padded = format!(
        "LPAD(CAST(ABS({digits}) AS STRING), GREATEST(LENGTH(CAST(ABS({digits}) AS STRING)), {scale} + 1), '0')"
    );
    let point = format!("CASE WHEN {scale} > 0 THEN '.' ELSE '' END");
    format!(
        "CONCAT(CASE WHEN {digits} < 0 THEN '-' ELSE '' END, LEFT({padded}, LENGTH({padded}) - {scale}), {point}, \
         RIGHT({padded}, {scale}))"
    )
}

/// The texts that are numbers in `format`, and those that are not finite: regular expressions over trimmed text.
fn patterns(format: &NumberFormat) -> (String, String) {
    let decimal = quoted(&format.decimal.to_string());
    let whole = match format.thousands {
        Some(mark) => format!("(?:[0-9]{{1,3}}(?:{}[0-9]{{3}})+|[0-9]*)", quoted(&mark.to_string())),
        None => "[0-9]*".to_owned(),
    };
    let digits = format!("(?=[^eE]*[0-9]){whole}(?:{decimal}[0-9]*)?(?:[eE][+-]?[0-9]+)?");
    let words = "(?i:nan|inf|infinity)";
    let signed = |body: &str| match currency(format) {
        None => format!("^[+-]?{body}$"),
        Some(currency) => {
            format!("^(?:[+-]?{body}|[+-]?{currency} *{body}|{currency} *[+-]{body}|[+-]? *{body} *{currency})$")
        }
    };
    (signed(&digits), signed(words))
}

/// The input's currency signs, of which the first that fits is meant.
fn currency(format: &NumberFormat) -> Option<String> {
    let signs: Vec<String> = format.signs.iter().map(|sign| quoted(sign)).collect();
    (!signs.is_empty()).then(|| format!("(?>{})", signs.join("|")))
}

/// Text as a number. NULL stays NULL, and so does empty text.
pub(super) fn parse(lets: &mut Lets, text: &str, format: &NumberFormat) -> Checked<Number> {
    let (valid, words) = patterns(format);
    let trimmed = lets.bind(format!("TRIM(BOTH ' \\t' FROM NULLIF({text}, ''))"));
    let is_number = lets.bind(format!("{trimmed} RLIKE {}", literal(&valid)));
    let mut plain = trimmed.clone();
    if let Some(currency) = currency(format) {
        plain = format!("REGEXP_REPLACE({plain}, {}, '')", literal(&format!("{currency}| ")));
    }
    if let Some(mark) = format.thousands {
        plain = format!("REPLACE({plain}, {}, '')", literal(&mark.to_string()));
    }
    if format.decimal != '.' {
        plain = format!("REPLACE({plain}, {}, '.')", literal(&format.decimal.to_string()));
    }
    let plain = lets.bind(format!("CASE WHEN {is_number} THEN LOWER({plain}) END"));
    let unsigned = lets.bind(format!("TRANSLATE(SUBSTRING_INDEX({plain}, 'e', 1), '+-', '')"));
    let exponent_text = format!("SUBSTRING_INDEX({plain}, 'e', -1)");
    let exponent = lets.bind(format!(
        "CASE WHEN INSTR({plain}, 'e') = 0 THEN 0 ELSE COALESCE(TRY_CAST({exponent_text} AS INT), \
         CASE WHEN {exponent_text} LIKE '-%' THEN -999999999 ELSE 999999999 END) END"
    ));
    let places =
        format!("CASE WHEN INSTR({unsigned}, '.') = 0 THEN 0 ELSE LENGTH({unsigned}) - INSTR({unsigned}, '.') END");
    let all = lets.bind(format!("TRIM(LEADING '0' FROM REPLACE({unsigned}, '.', ''))"));
    let dropped = lets.bind(format!("GREATEST(LENGTH({all}) - {MOST_DIGITS}, 0)"));
    let kept =
        lets.bind(format!("CAST(CASE WHEN {all} = '' THEN '0' ELSE LEFT({all}, {MOST_DIGITS}) END AS DECIMAL(38,0))"));
    // A dropped digit can only matter by deciding a tie, so it is folded into the last one that was kept.
    let sticky = format!("SUBSTRING({all}, {MOST_DIGITS} + 1) RLIKE '[1-9]' AND {kept} % 5 = 0");
    let kept = lets.bind(format!("CASE WHEN {dropped} > 0 AND {sticky} THEN {kept} + 1 ELSE {kept} END"));
    let scale = lets.bind(format!("{places} - {exponent} - {dropped}"));
    let digits = format!(
        "CASE WHEN {kept} = 0 OR {scale} >= 0 THEN {kept} WHEN {scale} >= -{MOST_DIGITS} THEN TRY_MULTIPLY({kept}, {}) END",
        power_of(&format!("GREATEST(- {scale}, 0)"))
    );
    let digits =
        lets.bind(format!("CASE WHEN SUBSTRING_INDEX({plain}, 'e', 1) LIKE '%-%' THEN - ({digits}) ELSE {digits} END"));
    let scale = lets.bind(format!(
        "CASE WHEN {kept} = 0 OR {scale} < 0 THEN 0 WHEN {scale} > {MOST_PLACES} THEN {MOST_PLACES} ELSE {scale} END"
    ));
    let reason = lets.bind(format!(
        "CASE WHEN {trimmed} IS NULL THEN NULL WHEN {is_number} AND {digits} IS NULL THEN 'amount_overflow' \
         WHEN {is_number} THEN NULL WHEN {trimmed} RLIKE {} THEN 'amount_not_finite' ELSE 'amount_not_a_number' END",
        literal(&words)
    ));
    Checked { value: Number { digits, scale: Scale::Any(scale) }, reason: Some(reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_a_product_is_known_when_those_of_its_factors_are() {
        let mut lets = Lets::new("v");
        let (a, b) = (Number::of_column("a", 4), Number::of_column("b", 12));
        assert_eq!(multiply(&mut lets, &a, &b).value.scale, Scale::Fixed(16));
        assert_eq!(add(&mut lets, &a, &b).value.scale, Scale::Fixed(12));
        let text = parse(&mut lets, "t", &NumberFormat::default()).value;
        assert!(matches!(multiply(&mut lets, &a, &text).value.scale, Scale::Any(_)));
    }
}
