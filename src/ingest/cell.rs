//! One field to one typed value.

use super::mapping::{Kind, MappedColumn, Mapping};
use super::moment::MomentError;
use super::number::Decimal;
use super::reject::RejectReason;

/// A converted field, without borrowing from the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Null,
    /// The text of a field, as it is.
    Field(usize),
    /// The text of a constant: the position of its column.
    Constant(usize),
    /// Text in the row's scratch space.
    Stored(usize, usize),
    Whole(i64),
    Boolean(bool),
}

/// An empty field, a blank one, or one of the input's words for "no value".
pub(super) fn is_null(mapping: &Mapping, text: &str) -> bool {
    match text.as_bytes().first() {
        None => true,
        Some(b' ' | b'\t') if text.trim_matches([' ', '\t']).is_empty() => true,
        Some(_) => !mapping.nulls.is_empty() && mapping.nulls.iter().any(|null| null == text),
    }
}

/// What an empty field becomes.
pub(super) fn missing(column: &MappedColumn) -> Result<Cell, RejectReason> {
    if column.contract.required { Err(RejectReason::MissingRequired) } else { Ok(Cell::Null) }
}

/// The value of a field that is not empty; `same` stands for its text.
pub(super) fn parse(mapping: &Mapping, column: &MappedColumn, text: &str, same: Cell) -> Result<Cell, RejectReason> {
    match &column.kind {
        Kind::Text { id } => {
            if *id && memchr::memchr(0, text.as_bytes()).is_some() {
                return Err(RejectReason::NulInId);
            }
            let values = column.contract.values;
            if !values.is_empty() && !values.contains(&text) {
                return Err(RejectReason::NotInVocabulary);
            }
            Ok(same)
        }
        Kind::Scaled { places: 4 } => Ok(Cell::Whole(mapping.numbers.e4(text)?)),
        Kind::Scaled { places } => {
            let number = mapping.numbers.decimal(text)?;
            number.rounded(*places).map(Cell::Whole).ok_or(RejectReason::AmountOverflow)
        }
        Kind::Whole => {
            let number = mapping.numbers.decimal(text).map_err(|_| RejectReason::NotAWholeNumber)?;
            let whole = number.rounded(0).ok_or(RejectReason::NotAWholeNumber)?;
            let exact = number.compare(Decimal { mantissa: i128::from(whole), scale: 0 }).is_eq();
            match column.contract.least {
                _ if !exact => Err(RejectReason::NotAWholeNumber),
                Some(least) if whole < least => Err(RejectReason::TooSmall),
                _ => Ok(Cell::Whole(whole)),
            }
        }
        Kind::Boolean => boolean(text).map(Cell::Boolean).ok_or(RejectReason::NotABoolean),
        Kind::Instant(moments) => Ok(Cell::Whole(moments.format.instant(text, &moments.zone)?.0)),
        Kind::Day(moments) => Ok(Cell::Whole(i64::from(moments.format.day(text, &moments.zone)?))),
    }
}

impl From<MomentError> for RejectReason {
    fn from(error: MomentError) -> Self {
        match error {
            MomentError::Bad => RejectReason::BadDate,
            MomentError::Ambiguous => RejectReason::AmbiguousDate,
            MomentError::OutOfRange => RejectReason::OutOfRangeDate,
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    let text = text.trim_matches([' ', '\t']);
    let is = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "t", "y"]) {
        Some(true)
    } else if is(["false", "0", "no", "f", "n"]) {
        Some(false)
    } else {
        None
    }
}
