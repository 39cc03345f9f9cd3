//! Rows that we refuse: each with its place, its cause and the value that caused it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a row was refused. The codes are a published interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// Fewer fields than the header has.
    TooFewFields,
    /// More fields than the header has.
    TooManyFields,
    /// Bytes that are not UTF-8, or not text of the declared encoding.
    InvalidUtf8,
    /// The header again, in the middle of the file.
    RepeatedHeader,
    /// A line of NDJSON that is not a JSON object.
    InvalidJson,
    /// A required column is empty.
    MissingRequired,
    /// Not a number in the configured notation.
    AmountNotANumber,
    /// NaN or infinity.
    AmountNotFinite,
    /// More than fits in ten-thousandths.
    AmountOverflow,
    /// A division by zero in an expression.
    DivisionByZero,
    /// Not a whole number.
    NotAWholeNumber,
    /// Less than the column may hold.
    TooSmall,
    /// Not true or false.
    NotABoolean,
    /// Not a date or time in the configured format.
    BadDate,
    /// Day and month cannot be told apart without a `format`.
    AmbiguousDate,
    /// Outside the years that are accepted.
    OutOfRangeDate,
    /// A last day before the first one.
    EndBeforeStart,
    /// Not one of the values that the contract knows.
    NotInVocabulary,
    /// Not one of the events of an event stream.
    UnknownEvent,
    /// A NUL byte in an id.
    NulInId,
    /// Not a three-letter currency code.
    UnknownCurrency,
    /// No exchange rate on or before the row's day.
    MissingRate,
    /// The same key with different content, and nothing that says which is newer.
    KeyConflict,
}

impl RejectReason {
    /// The code, in snake case.
    pub fn code(self) -> &'static str {
        match self {
            RejectReason::TooFewFields => "too_few_fields",
            RejectReason::TooManyFields => "too_many_fields",
            RejectReason::InvalidUtf8 => "invalid_utf8",
            RejectReason::RepeatedHeader => "repeated_header",
            RejectReason::InvalidJson => "invalid_json",
            RejectReason::MissingRequired => "missing_required",
            RejectReason::AmountNotANumber => "amount_not_a_number",
            RejectReason::AmountNotFinite => "amount_not_finite",
            RejectReason::AmountOverflow => "amount_overflow",
            RejectReason::DivisionByZero => "division_by_zero",
            RejectReason::NotAWholeNumber => "not_a_whole_number",
            RejectReason::TooSmall => "too_small",
            RejectReason::NotABoolean => "not_a_boolean",
            RejectReason::BadDate => "bad_date",
            RejectReason::AmbiguousDate => "ambiguous_date",
            RejectReason::OutOfRangeDate => "out_of_range_date",
            RejectReason::EndBeforeStart => "end_before_start",
            RejectReason::NotInVocabulary => "not_in_vocabulary",
            RejectReason::UnknownEvent => "unknown_event",
            RejectReason::NulInId => "nul_in_id",
            RejectReason::UnknownCurrency => "unknown_currency",
            RejectReason::MissingRate => "missing_rate",
            RejectReason::KeyConflict => "key_conflict",
        }
    }

    /// The reason with this code.
    pub fn of_code(code: &str) -> Option<RejectReason> {
        serde_json::from_value(serde_json::Value::from(code)).ok()
    }

    /// What it means, in words for a person.
    pub fn message(self) -> &'static str {
        match self {
            RejectReason::TooFewFields => "fewer fields than the header has",
            RejectReason::TooManyFields => "more fields than the header has",
            RejectReason::InvalidUtf8 => "bytes that are not text in the input's `encoding`",
            RejectReason::RepeatedHeader => "the header again",
            RejectReason::InvalidJson => "not a JSON object",
            RejectReason::MissingRequired => "a required value is empty",
            RejectReason::AmountNotANumber => "not a number in the configured notation",
            RejectReason::AmountNotFinite => "not a finite number",
            RejectReason::AmountOverflow => "too large for ten-thousandths in 64 bits",
            RejectReason::DivisionByZero => "a division by zero",
            RejectReason::NotAWholeNumber => "not a whole number of 64 bits",
            RejectReason::TooSmall => "less than the column may hold",
            RejectReason::NotABoolean => "not true or false",
            RejectReason::BadDate => "not a date or time in the configured format",
            RejectReason::AmbiguousDate => "day and month are ambiguous: set the column's `format`",
            RejectReason::OutOfRangeDate => "a date outside the accepted years",
            RejectReason::EndBeforeStart => "the end is before the start",
            RejectReason::NotInVocabulary => "not one of the known values: translate it with the column's `map`",
            RejectReason::UnknownEvent => "not one of the events of `fold`: add it there, or to `skip`",
            RejectReason::NulInId => "a NUL byte in an id",
            RejectReason::UnknownCurrency => "not a three-letter currency code",
            RejectReason::MissingRate => "no exchange rate on or before that day",
            RejectReason::KeyConflict => "the same key with different content, and no newer `updated_at`",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Longest value that a reject keeps, in bytes; a longer one is cut.
const LONGEST_VALUE: usize = 200;

/// A row that we refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Record number in its file, from 1, headers not counted.
    pub record: u64,
    /// Line on which it begins, from 1; 0 in formats without lines.
    pub line: u64,
    /// Byte at which it begins in the decompressed text; `None` in formats without text.
    pub byte_offset: Option<u64>,
    /// The column that it failed on, by its name in the contract.
    pub column: Option<String>,
    /// The value that caused it, cut to 200 bytes, or `<redacted, 14 bytes>` in a personal column.
    pub value: Option<String>,
    /// Why.
    pub reason: RejectReason,
}

/// `value` as a reject keeps it.
pub(super) fn kept_value(value: &str, masked: bool) -> String {
    if masked {
        return format!("<redacted, {} bytes>", value.len());
    }
    let mut end = value.len().min(LONGEST_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_values_show_only_their_length() {
        assert_eq!(kept_value("anna@example.o", true), "<redacted, 14 bytes>");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let value = "é".repeat(150);
        assert_eq!(kept_value(&value, false).len(), 200);
        assert_eq!(kept_value(&format!("a{value}"), false).len(), 199);
    }

    #[test]
    fn the_code_is_the_serialized_name() {
        let json = serde_json::to_string(&RejectReason::AmountNotANumber).unwrap();
        assert_eq!(json, format!("\"{}\"", RejectReason::AmountNotANumber.code()));
    }
}
