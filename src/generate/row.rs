//! One CSV record under construction. Texts that we write never need quotes, except where [`Row::quoted`] is asked for.

use super::calendar::{Calendar, Moment};

/// One CSV record under construction: each call adds a field.
#[derive(Default)]
pub(super) struct Row(Vec<u8>);

impl Row {
    /// Begins a new record in the same buffer.
    pub(super) fn start(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    /// The record without a line end.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.strip_suffix(b",").unwrap_or(&self.0)
    }

    /// A text without separators, quotes or line ends.
    pub(super) fn text(&mut self, text: impl AsRef<[u8]>) -> &mut Self {
        self.0.extend_from_slice(text.as_ref());
        self.comma()
    }

    /// A text in quotes, its own quotes doubled.
    pub(super) fn quoted(&mut self, text: &str) -> &mut Self {
        self.0.push(b'"');
        self.0.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        self.0.push(b'"');
        self.comma()
    }

    /// An empty field.
    pub(super) fn empty(&mut self) -> &mut Self {
        self.comma()
    }

    /// `Y` or `N`.
    pub(super) fn flag(&mut self, flag: bool) -> &mut Self {
        self.text(if flag { "Y" } else { "N" })
    }

    /// A whole number.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.sign(number);
        self.digits(number.unsigned_abs(), 1);
        self.comma()
    }

    /// A prefix and a whole number of at least `width` digits.
    pub(super) fn id(&mut self, prefix: &str, number: u64, width: usize) -> &mut Self {
        self.0.extend_from_slice(prefix.as_bytes());
        self.digits(number, width);
        self.comma()
    }

    /// Hundredths as a decimal number with two places.
    pub(super) fn cents(&mut self, cents: i64) -> &mut Self {
        self.sign(cents);
        self.digits(cents.unsigned_abs() / 100, 1);
        self.0.push(b'.');
        self.digits(cents.unsigned_abs() % 100, 2);
        self.comma()
    }

    /// A number with six places, for parameters in `truth/`.
    pub(super) fn real(&mut self, number: f64) -> &mut Self {
        self.text(format!("{number:.6}"))
    }

    /// A day as `2026-06-30`.
    pub(super) fn day(&mut self, calendar: &Calendar, day: u32) -> &mut Self {
        self.text(calendar.text(day))
    }

    /// A moment as `2026-06-30 21:05:00`.
    pub(super) fn moment(&mut self, calendar: &Calendar, moment: Moment) -> &mut Self {
        self.0.extend_from_slice(calendar.text(moment.day));
        self.0.push(b' ');
        self.digits(u64::from(moment.second / 3600), 2);
        self.0.push(b':');
        self.digits(u64::from(moment.second / 60 % 60), 2);
        self.0.push(b':');
        self.digits(u64::from(moment.second % 60), 2);
        self.comma()
    }

    fn comma(&mut self) -> &mut Self {
        self.0.push(b',');
        self
    }

    fn sign(&mut self, number: i64) {
        if number < 0 {
            self.0.push(b'-');
        }
    }

    /// Written by hand because formatting numbers is most of the work, and `write!` takes three times as long.
    fn digits(&mut self, mut number: u64, width: usize) {
        let mut buffer = [b'0'; 20];
        let mut start = buffer.len();
        while number > 0 {
            start -= 1;
            buffer[start] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.0.extend_from_slice(&buffer[start.min(buffer.len() - width)..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_a_reader_expects_them() {
        let mut row = Row::default();
        row.start().number(-7).number(0).cents(-50).cents(-150).cents(5).cents(123_456).id("C", 12, 5).empty();
        row.quoted("cup, \"large\"").flag(true).real(0.25);
        assert_eq!(row.bytes(), b"-7,0,-0.50,-1.50,0.05,1234.56,C00012,,\"cup, \"\"large\"\"\",Y,0.250000");
    }
}
