//! `affinity_figures` and `recommendation_figures`: what was counted and tested, and which limits held. No cap is silent (`spec/affinity.md` 7.2).

use super::super::{Rows, Values};

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Figure {
    subject: String,
    name: String,
    value: i64,
    is_limit: bool,
    meaning: String,
}

/// The figures of a run, in the order in which they came.
#[derive(Debug, Default)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// A figure that is worth knowing.
    pub fn count(&mut self, subject: &str, name: impl Into<String>, value: u64, meaning: &str) {
        self.add(subject, name.into(), value, false, meaning);
    }

    /// A figure of which anything above 0 means that something is missing.
    pub fn limit(&mut self, subject: &str, name: impl Into<String>, value: u64, meaning: &str) {
        self.add(subject, name.into(), value, value > 0, meaning);
    }

    fn add(&mut self, subject: &str, name: String, value: u64, is_limit: bool, meaning: &str) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.0.push(Figure { subject: subject.to_owned(), name, value, is_limit, meaning: meaning.to_owned() });
    }

    /// The rows of either table.
    pub fn rows(self) -> Rows {
        let text = |of: fn(&Figure) -> &str| Values::Text(self.0.iter().map(|row| Some(of(row).to_owned())).collect());
        vec![
            text(|figure| &figure.subject),
            text(|figure| &figure.name),
            Values::Whole(self.0.iter().map(|figure| Some(figure.value)).collect()),
            Values::Boolean(self.0.iter().map(|figure| Some(figure.is_limit)).collect()),
            text(|figure| &figure.meaning),
        ]
    }
}
