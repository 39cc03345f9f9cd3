//! Numbers and times in messages for people.

use std::time::Duration;

/// `1,204`: digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,204 rows`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `0.04 s`, `12.3 s`, `4 min 03 s`.
pub fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    match whole {
        0..10 => format!("{:.2} s", elapsed.as_secs_f64()),
        10..120 => format!("{:.1} s", elapsed.as_secs_f64()),
        _ => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 1204].map(|number| count(number, "row")), ["0 rows", "1 row", "1,204 rows"]);
        let shown = [40, 9_990, 12_340, 243_000].map(|millis| seconds(Duration::from_millis(millis)));
        assert_eq!(shown, ["0.04 s", "9.99 s", "12.3 s", "4 min 03 s"]);
    }
}
