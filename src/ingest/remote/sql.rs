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

/// SQL of a piece, in bytes, after which the next one begins.
///
/// Spark makes one Java method of all the projections between two operators of other kinds, and Java leaves a method of more
/// than 8,000 bytes of bytecode uncompiled: one of 28,000 was two and a half times as slow as the same in pieces. Pieces of
/// this size came to 4,400 to 7,200 bytes for the inputs of the sample (`EXPLAIN CODEGEN` says it).
const PIECE: usize = 2_000;

/// Values of a row that later ones are computed from. Each has a name and is computed once, which keeps the statement
/// from growing with every use.
pub(super) struct Lets {
    /// What the names of the views begin with.
    view: String,
    /// Values bound since the last call of [`over`](Lets::over), by piece.
    pieces: Vec<Vec<(String, String)>>,
    /// SQL of the last piece, in bytes.
    size: usize,
    known: HashMap<String, String>,
    named: usize,
    views: Vec<(String, String)>,
}

impl Lets {
    pub fn new(view: &str) -> Lets {
        Lets { view: view.to_owned(), pieces: Vec::new(), size: 0, known: HashMap::new(), named: 0, views: Vec::new() }
    }

    /// The name of the value of `sql`.
    pub fn bind(&mut self, sql: impl Into<String>) -> String {
        let sql = sql.into();
        if let Some(name) = self.known.get(&sql) {
            return name.clone();
        }
        let name = format!("_x{}", self.named);
        self.named += 1;
        self.known.insert(sql.clone(), name.clone());
        if self.size > PIECE {
            self.size = 0;
            self.pieces.push(Vec::new());
        }
        self.size += sql.len();
        let bound = (name.clone(), sql);
        match self.pieces.last_mut() {
            Some(piece) => piece.push(bound),
            None => self.pieces.push(vec![bound]),
        }
        name
    }

    /// `from` with the values bound since the last call as further columns. A value may use those bound before it.
    pub fn over(&mut self, from: &str) -> String {
        let mut from = from.to_owned();
        let mut pieces = std::mem::take(&mut self.pieces);
        self.size = 0;
        let last = pieces.pop().unwrap_or_default();
        for piece in pieces {
            from = self.view_of(with(&piece, &from));
        }
        with(&last, &from)
    }

    /// The same as a relation: what selects from it is a piece of its own.
    pub fn behind(&mut self, from: &str) -> String {
        let sql = self.over(from);
        self.view_of(sql)
    }

    /// A view is resolved when it is made: nested, the pieces would take Spark more rounds than it allows itself.
    fn view_of(&mut self, sql: String) -> String {
        let view = format!("{}_{}", self.view, self.views.len());
        self.views.push((view.clone(), sql));
        cut(&view, &view)
    }

    /// The views that what [`over`](Lets::over) returned is made of, by name, each over those before it.
    pub fn into_views(self) -> Vec<(String, String)> {
        self.views
    }
}

/// `from` behind an operator that makes one row of each and ends a Java method: it hands over what later pieces use, and
/// nothing else. `name` is no other's.
pub(super) fn cut(from: &str, name: &str) -> String {
    format!("{from} LATERAL VIEW EXPLODE(ARRAY(0)) AS {name}_end")
}

fn with(values: &[(String, String)], from: &str) -> String {
    let mut sql = String::from("SELECT *");
    for (name, value) in values {
        // Writing to a string does not fail.
        let _ = write!(sql, ",\n  {value} AS {name}");
    }
    format!("{sql}\nFROM {from}")
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
        let mut lets = Lets::new("v");
        let once = lets.bind("a + 1");
        assert_eq!(lets.bind("a + 1"), once);
        let twice = lets.bind(format!("{once} * 2"));
        assert_eq!(lets.over("t"), format!("SELECT *,\n  a + 1 AS {once},\n  {once} * 2 AS {twice}\nFROM t"));
        assert_eq!(lets.over("u"), "SELECT *\nFROM u");
        assert_eq!(lets.into_views(), []);
    }

    #[test]
    fn many_values_come_in_pieces() {
        let mut lets = Lets::new("v");
        let long = "a".repeat(PIECE);
        let (first, second) = (lets.bind(&long), lets.bind("b"));
        let third = lets.bind(format!("{first} + {second}"));
        let sql = lets.over("t");
        assert_eq!(
            sql,
            format!("SELECT *,\n  {first} + {second} AS {third}\nFROM v_0 LATERAL VIEW EXPLODE(ARRAY(0)) AS v_0_end")
        );
        let fourth = lets.bind("c");
        assert_eq!(lets.over("(u)"), format!("SELECT *,\n  c AS {fourth}\nFROM (u)"));
        let first = format!("SELECT *,\n  {long} AS {first},\n  b AS {second}\nFROM t");
        assert_eq!(lets.into_views(), [("v_0".to_owned(), first)]);
    }
}
