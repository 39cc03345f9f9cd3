//! How an error is shown: message, place with the line and a caret, causes, and the next step.
//!
//! ```text
//! error: unknown key `max_reject_rato`
//!   --> patronage.toml:12:1
//!    |
//! 12 | max_reject_rato = 0.01
//!    | ^^^^^^^^^^^^^^^
//! hint: did you mean `max_reject_ratio`?
//! ```

use std::error::Error as _;
use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use super::escape::escape;
use crate::error::{Error, ErrorKind, Place};

const RED: Style = AnsiColor::Red.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();

/// An error, to be displayed for people; its colours are for a stream that strips them where they are not wanted.
pub struct Diagnostic<'a>(pub &'a Error);

impl Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        writeln!(f, "{RED}error{RED:#}: {}", escape(error.message()))?;
        if let Some(place) = error.place() {
            write_place(f, place)?;
        }
        for cause in causes(error) {
            writeln!(f, "  {BLUE}={BLUE:#} {}", escape(&cause))?;
        }
        if let Some(hint) = hint(error) {
            writeln!(f, "{CYAN}hint{CYAN:#}: {}", escape(hint))?;
        }
        Ok(())
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, place: &Place) -> fmt::Result {
    let number = place.line.map(|line| line.to_string()).unwrap_or_default();
    let margin = " ".repeat(number.len());
    writeln!(f, "{margin} {BLUE}-->{BLUE:#} {}", escape(&place.to_string()))?;
    let Some(text) = &place.text else { return Ok(()) };
    writeln!(f, "{margin} {BLUE}|{BLUE:#}")?;
    writeln!(f, "{BLUE}{number} |{BLUE:#} {}", escape(text))?;
    if let Some(column) = place.column {
        // Escapes and wide characters take more than one cell, so the caret is set below what is shown.
        let part = |from: usize, count: usize| -> String { text.chars().skip(from).take(count).collect() };
        let width = |part: String| escape(&part).width();
        let before = (column as usize).saturating_sub(1);
        let indent = " ".repeat(width(part(0, before)));
        let carets = "^".repeat(width(part(before, place.length)).max(1));
        writeln!(f, "{margin} {BLUE}|{BLUE:#} {indent}{RED}{carets}{RED:#}")?;
    }
    Ok(())
}

/// An error as one JSON object, for machines.
pub fn as_json(error: &Error) -> serde_json::Value {
    let place = error.place();
    json!({
        "level": "error",
        "kind": format!("{:?}", error.kind()).to_lowercase(),
        "exit_code": error.kind().exit_code() as u8,
        "message": error.message(),
        "file": place.map(|place| place.file.display().to_string()),
        "line": place.and_then(|place| place.line),
        "column": place.and_then(|place| place.column),
        "byte": place.and_then(|place| place.byte),
        "causes": causes(error),
        "hint": hint(error),
    })
}

fn causes(error: &Error) -> Vec<String> {
    std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string).collect()
}

/// Every error of ours has a next step, if only to report it.
fn hint(error: &Error) -> Option<&str> {
    let of_kind = match error.kind() {
        ErrorKind::Internal => Some("this is a fault of ours: report it with the command and `patronage --version`"),
        _ => None,
    };
    error.hint_text().or(of_kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(error: &Error) -> String {
        anstream::adapter::strip_str(&Diagnostic(error).to_string()).to_string()
    }

    #[test]
    fn a_mistake_has_its_line_and_a_caret_below_wide_characters() {
        let place = Place {
            line: Some(12),
            column: Some(9),
            byte: None,
            text: Some("name = \"咖啡\"\u{1b}".to_owned()),
            length: 2,
            ..Place::file("shop.toml")
        };
        let error = Error::config("unknown name `咖啡`").at(place).hint("did you mean `tea`?");
        assert_eq!(
            shown(&error),
            "error: unknown name `咖啡`\n   --> shop.toml:12:9\n   |\n12 | name = \"咖啡\"\\u{1b}\n   |         ^^^^\n\
             hint: did you mean `tea`?\n"
        );
    }

    #[test]
    fn causes_and_places_of_data_are_shown_without_a_line_of_data() {
        let io = std::io::Error::other("no space\u{1b}[2J left");
        let place = Place { line: Some(7), byte: Some(310), ..Place::file("a\nb.csv") };
        let error = Error::output("could not write").at(place).because(io);
        assert_eq!(
            shown(&error),
            "error: could not write\n  --> a\\nb.csv:7 (byte 310)\n  = no space\\u{1b}[2J left\n"
        );
        assert_eq!(
            as_json(&error).to_string(),
            r#"{"byte":310,"causes":["no space\u001b[2J left"],"column":null,"exit_code":7,"file":"a\nb.csv","hint":null,"kind":"output","level":"error","line":7,"message":"could not write"}"#
        );
    }
}
