//! `[inputs.*.fold]`: how the rows of an event stream become one row an id.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event stream: each row is something that happened to a contact, and the rows of one id become one contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fold {
    /// Column of the file that names the event.
    pub event: String,
    /// Every event that there is, in the order in which they happen: it decides between events of one instant. A row with
    /// another event is rejected.
    pub events: Vec<String>,
    /// Events that begin a contact. One without any is marked `no_beginning`.
    #[serde(default)]
    pub begins: Vec<String>,
    /// Events that end a contact. One without any after its last beginning is marked `no_end`.
    #[serde(default)]
    pub ends: Vec<String>,
}

/// Which of the values that the events of one contact give becomes the contact's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// The first in time.
    #[default]
    First,
    /// The last in time.
    Last,
    /// The smallest: the alphabet's first, `false` before `true`.
    Least,
    /// The largest: the alphabet's last, `true` after `false`.
    Most,
    /// Their sum, for numbers.
    Sum,
}

impl Take {
    /// Whether it is what a column takes that says nothing.
    pub(super) fn is_first(&self) -> bool {
        *self == Take::First
    }
}
