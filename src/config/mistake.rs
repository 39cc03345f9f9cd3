//! Mistakes in the pipeline file: where they stand, and which valid name is nearest to what was written.

use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use crate::error::{Error, Place};
use crate::names::suggest;

/// Mistakes found so far in a pipeline file whose syntax and types are right.
pub(super) struct Mistakes<'a> {
    root: &'a DeTable<'a>,
    found: Vec<Mistake>,
}

struct Mistake {
    span: Range<usize>,
    message: String,
    hint: String,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(root: &'a DeTable<'a>) -> Self {
        Mistakes { root, found: Vec::new() }
    }

    /// The value at `path` is wrong. A path names keys, and elements of lists by their number.
    pub(super) fn value(&mut self, path: &[&str], message: impl Into<String>, hint: impl Into<String>) {
        let span = self.locate(path).1;
        self.found.push(Mistake { span, message: message.into(), hint: hint.into() });
    }

    /// The key at `path` is wrong, or something is missing below it.
    pub(super) fn key(&mut self, path: &[&str], message: impl Into<String>, hint: impl Into<String>) {
        let span = self.locate(path).0;
        self.found.push(Mistake { span, message: message.into(), hint: hint.into() });
    }

    /// How many mistakes were found so far.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// The first mistake in the order of the file.
    pub(super) fn first(self, file: &Path, text: &str) -> Option<Error> {
        let first = self.found.into_iter().min_by_key(|mistake| mistake.span.start)?;
        Some(Error::config(first.message).at(place(file, text, first.span)).hint(first.hint))
    }

    /// Spans of the key and the value at `path`, or of the nearest thing above it that the file has.
    fn locate(&self, path: &[&str]) -> (Range<usize>, Range<usize>) {
        let mut spans = (0..0, 0..0);
        let mut table = Some(self.root);
        let mut list = None;
        for step in path {
            let value = if let Some(current) = table {
                let Some((key, value)) = current.get_key_value(*step) else { break };
                spans = (key.span(), value.span());
                value
            } else {
                let element = list.and_then(|list: &toml::de::DeArray<'_>| list.get(step.parse::<usize>().ok()?));
                let Some(value) = element else { break };
                spans = (value.span(), value.span());
                value
            };
            table = value.get_ref().as_table();
            list = value.get_ref().as_array();
        }
        spans
    }
}

/// The place of a byte range of the pipeline file: line and column of its start, and the line's text for the caret.
pub(super) fn place(file: &Path, text: &str, span: Range<usize>) -> Place {
    let start = floor_char_boundary(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let end = floor_char_boundary(text, span.end.max(start)).min(line_start + line.len()).max(start);
    Place {
        line: Some(text[..start].matches('\n').count() as u64 + 1),
        column: Some(text[line_start..start].chars().count() as u64 + 1),
        text: Some(line.to_owned()),
        length: text[start..end].chars().count().max(1),
        ..Place::file(file)
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// What the TOML parser found.
pub(super) fn from_syntax(error: &toml::de::Error, file: &Path, text: &str) -> Error {
    let message = error.message();
    let hint = match message {
        "duplicate key" => "keep one of them",
        _ if message.starts_with("string values must be quoted") => "write text in quotes: `\"...\"`",
        _ => "the file is TOML: `key = value` lines below `[section]` headings",
    };
    Error::config(message).at(place(file, text, error.span().unwrap_or(0..0))).hint(hint)
}

/// What serde found, in our words.
pub(super) fn from_types(error: &toml::de::Error, file: &Path, text: &str) -> Error {
    let (message, hint) = reword(error.message());
    Error::config(message).at(place(file, text, error.span().unwrap_or(0..0))).hint(hint)
}

/// Serde's messages hold the names between backticks: `unknown field \`a\`, expected one of \`b\`, \`c\``.
fn reword(message: &str) -> (String, String) {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.as_slice() {
        [name, valid @ ..] if message.starts_with("unknown field") => {
            (format!("unknown key `{name}`"), suggest(name, valid))
        }
        [name, valid @ ..] if message.starts_with("unknown variant") => {
            (format!("unknown value `{name}`"), suggest(name, valid))
        }
        [name] if message.starts_with("missing field") => {
            (format!("missing key `{name}`"), format!("add `{name}` to this section"))
        }
        _ if message.starts_with("invalid type") || message.starts_with("invalid value") => match message
            .rsplit_once(", expected ")
        {
            Some((found, expected)) => (found.replacen("invalid", "wrong", 1), format!("write {}", in_words(expected))),
            None => (message.to_owned(), SEE_SCHEMA.to_owned()),
        },
        _ => (message.to_owned(), SEE_SCHEMA.to_owned()),
    }
}

const SEE_SCHEMA: &str = "`patronage config schema` describes every key; most editors check against it while you type";

/// A type as serde names it, for people.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" | "string" => "text in quotes",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list: `[...]`",
        "a map" => "a section, or a table: `{ key = value }`",
        other if other.starts_with("struct ") => "a section, or a table: `{ key = value }`",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_stays_on_its_line() {
        let text = "[project]\r\nname = \"咖啡\" # x\r\nb = 1";
        let start = text.find('#').unwrap();
        let found = place(Path::new("p.toml"), text, start..text.len());
        assert_eq!((found.line, found.column, found.length), (Some(2), Some(13), 3));
        assert_eq!(found.text.as_deref(), Some("name = \"咖啡\" # x"));
        let past_the_end = place(Path::new("p.toml"), "", 7..9);
        assert_eq!((past_the_end.line, past_the_end.column, past_the_end.length), (Some(1), Some(1), 1));
    }
}
