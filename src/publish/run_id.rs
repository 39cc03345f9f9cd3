//! The name of a run: the end of its observation window and a hash of what went into it.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Hexadecimal digits of the content hash in a run id.
const HASH_DIGITS: usize = 12;

/// `<as_of>-<hash>`, for example `2026-10-31-0123456789ab`: the same inputs, pipeline file and version give the same id.
///
/// It names a folder, and is the only part of a path that does not come from this program or from a contract; so it is
/// parsed once, and `../` or the like is not a run id. Ids order by `as_of` first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId {
    as_of: Date,
    hash: String,
}

impl RunId {
    /// The id of a run over rows before `as_of`, with the hash of everything that decides its content.
    pub fn new(as_of: Date, content: &blake3::Hash) -> RunId {
        RunId { as_of, hash: content.to_hex()[..HASH_DIGITS].to_owned() }
    }

    /// The end of the run's observation window.
    pub fn as_of(&self) -> Date {
        self.as_of
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.as_of, self.hash)
    }
}

impl FromStr for RunId {
    type Err = Error;

    fn from_str(text: &str) -> Result<RunId> {
        let not_an_id = || {
            Error::usage(format!("`{}` is not a run id", text.escape_debug()))
                .hint("a run id looks like `2026-10-31-0123456789ab`; `patronage runs` lists them")
        };
        let (date, hash) = text.rsplit_once('-').ok_or_else(not_an_id)?;
        let as_of: Date = date.parse().map_err(|_| not_an_id())?;
        let is_hex = hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let id = RunId { as_of, hash: hash.to_owned() };
        // Dates have several spellings; the id has one.
        if hash.len() == HASH_DIGITS && is_hex && id.to_string() == text { Ok(id) } else { Err(not_an_id()) }
    }
}

impl TryFrom<String> for RunId {
    type Error = Error;

    fn try_from(text: String) -> Result<RunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let id = RunId::new("2026-10-31".parse().unwrap(), &blake3::hash(b"inputs"));
        assert_eq!(id.to_string().parse::<RunId>().unwrap(), id);
        assert_eq!(id.to_string().len(), "2026-10-31-0123456789ab".len());
    }

    #[test]
    fn nothing_else_is_an_id() {
        for text in [
            "",
            "latest",
            "..",
            "../../etc/passwd",
            "2026-10-31",
            "2026-10-31-0123456789AB",
            "2026-10-31-0123456789ag",
            "2026-02-30-0123456789ab",
            "20261031-0123456789ab",
            "2026-10-31-0123456789ab/",
            "2026-10-31-0123456789abc",
            "2026-10-31-0123456789ab\0",
            " 2026-10-31-0123456789ab",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text:?}");
        }
    }
}
