//! Decimal text in the pipeline file.

/// Decimal text such as `"99.95"` in ten-thousandths: digits, at most four of them behind a point, and perhaps a minus
/// before. `None` for anything else, and for what does not fit.
pub fn decimal_e4(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 4 {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    format!("{sign}{whole}{fraction:0<4}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::decimal_e4;

    #[test]
    fn decimal_text_is_read_exactly_or_not_at_all() {
        for (text, value) in [("0", 0), ("99.95", 999_500), ("-0.0001", -1), ("922337203685477.5807", i64::MAX)] {
            assert_eq!(decimal_e4(text), Some(value), "{text}");
        }
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1,5", "0.00001", "922337203685477.5808", " 1", "1_000", "٣"] {
            assert_eq!(decimal_e4(text), None, "{text}");
        }
    }
}
