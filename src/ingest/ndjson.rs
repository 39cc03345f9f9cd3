//! NDJSON: one object a line. Numbers keep the text they are written with, so that they stay exact.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use twox_hash::XxHash3_64;

use super::blocks::{Block, count_line_ends, record_too_long};
use super::mapping::Mapping;
use super::record::{Fields, Layout, Position};
use super::reject::RejectReason;
use super::rows::RowReader;
use crate::error::Result;

/// One line: names and values as they are written, by name.
struct Object<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name.0, value));
                }
                members.sort_by(|a, b| a.0.cmp(&b.0));
                // Which of two values would be meant cannot be known.
                if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                    return Err(serde::de::Error::custom("a name occurs twice"));
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A name, borrowed when it has no escapes.
#[derive(Deserialize)]
struct Name<'t>(#[serde(borrow)] Cow<'t, str>);

/// The values that the mapping asks for, as text.
struct Members<'t> {
    wanted: Vec<Option<Cow<'t, str>>>,
    all: &'t Object<'t>,
}

impl Fields for Members<'_> {
    fn get(&self, index: usize) -> Option<&str> {
        self.wanted.get(index)?.as_deref()
    }

    fn identity(&self, seeds: &[u64]) -> u64 {
        // All names count, whether the mapping asks for them or not.
        self.all.0.iter().fold(0, |sum: u64, (name, value)| {
            let seed = XxHash3_64::oneshot_with_seed(seeds[0], name.as_bytes());
            sum.wrapping_add(XxHash3_64::oneshot_with_seed(seed, value.get().as_bytes()))
        })
    }
}

/// A value as text: a string without its quotes, `null` as none, all else as it is written.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get() {
        "null" => None,
        written if written.starts_with('"') => serde_json::from_str::<Name>(written).ok().map(|text| text.0),
        written => Some(Cow::Borrowed(written)),
    }
}

/// The layout of every NDJSON file: fields are the names that the mapping asks for.
pub(super) fn layout(mapping: &Mapping) -> Layout {
    Layout { fields: (0..mapping.raw_names.len()).collect(), seeds: vec![1], more_seeds: vec![2] }
}

/// Parses the lines of `block` from byte `from` on into `rows`; gives all names that occur.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when a line is beyond the limit: the file fails.
pub(super) fn parse(
    path: &Path,
    max_record_bytes: u64,
    block: &Block,
    from: usize,
    rows: &mut RowReader,
) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let (mut start, mut line, mut counted) = (from, block.line, 0);
    for at in memchr::memchr2_iter(b'\n', b'\r', &block.bytes[from..]).chain([block.bytes.len() - from]) {
        let end = from + at;
        let bytes = &block.bytes[start..end];
        let this = start;
        start = end + 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        line += count_line_ends(&block.bytes[counted..this]).total();
        counted = this;
        if bytes.len() as u64 > max_record_bytes {
            return Err(record_too_long(path, line, bytes.len()));
        }
        let position = Position { record: rows.read() + 1, line, offset: Some(block.offset + this as u64) };
        let Ok(text_line) = std::str::from_utf8(bytes) else {
            rows.refuse(position, RejectReason::InvalidUtf8);
            continue;
        };
        let Ok(object) = serde_json::from_str::<Object>(text_line) else {
            rows.refuse(position, RejectReason::InvalidJson);
            continue;
        };
        for (name, _) in &object.0 {
            if !names.contains(name.as_ref()) {
                names.insert(name.clone().into_owned());
            }
        }
        let value = |wanted: &String| {
            let found = object.0.binary_search_by(|(name, _)| name.as_ref().cmp(wanted)).ok()?;
            text(object.0[found].1)
        };
        let wanted = rows.raw_names().iter().map(value).collect();
        rows.push(&Members { wanted, all: &object }, || position);
    }
    Ok(names)
}
