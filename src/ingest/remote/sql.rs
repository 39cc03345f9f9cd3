//! Pieces of Spark SQL: literals, names, and values that are computed once and used by name.

use std::collections::HashMap;
use std::fmt::Write;

pub(super) use crate::engine::spark_quote::{literal, name};

/// Literals for `IN (...)`, in a fixed order.
pub(super) fn literals<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut texts: Vec<String> = texts.into_iter().map(literal).collect();
    texts.sort();
    texts.join(", ")
}

/// Text that a regular expression takes as it is.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for letter in text.chars() {
        if letter.is_ascii() && !letter.is_ascii_alphanumeric() {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted
}

/// The first of these reasons that there is.
pub(super) fn first(reasons: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    match reasons.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(format!("COALESCE({})", several.join(", "))),
    }
}

/// Values of a row that later ones are computed from. Each has a name and is computed once, which keeps the statement
/// from growing with every use.
#[derive(Default)]
pub(super) struct Lets {
    lets: Vec<(String, String)>,
    known: HashMap<String, String>,
    named: usize,
}

impl Lets {
    /// The name of the value of `sql`.
    pub fn bind(&mut self, sql: impl Into<String>) -> String {
        let sql = sql.into();
        if let Some(name) = self.known.get(&sql) {
            return name.clone();
        }
        let name = format!("_x{}", self.named);
        self.named += 1;
        self.known.insert(sql.clone(), name.clone());
        self.lets.push((name.clone(), sql));
        name
    }

    /// `from` with the values bound since the last call as further columns. A value may use those bound before it.
    pub fn over(&mut self, from: &str) -> String {
        let mut sql = String::from("SELECT *");
        for (name, value) in self.lets.drain(..) {
            // Writing to a string does not fail.
            let _ = write!(sql, ",\n  {value} AS {name}");
        }
        format!("{sql}\nFROM {from}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(quoted("kr. é$"), r"kr\.\ é\$");
        assert_eq!(literals(["b", "a"]), "'a', 'b'");
    }

    #[test]
    fn a_value_is_computed_once() {
        let mut lets = Lets::default();
        let once = lets.bind("a + 1");
        assert_eq!(lets.bind("a + 1"), once);
        let twice = lets.bind(format!("{once} * 2"));
        assert_eq!(lets.over("t"), format!("SELECT *,\n  a + 1 AS {once},\n  {once} * 2 AS {twice}\nFROM t"));
        assert_eq!(lets.over("u"), "SELECT *\nFROM u");
    }
}
