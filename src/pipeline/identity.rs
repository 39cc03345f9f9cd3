//! What makes a run this run and no other: runs of one identity make the same tables.

use std::collections::BTreeMap;

use super::graph::{Graph, Maker, Node};
use super::run::{RunOptions, TOOL_VERSION};
use crate::config::Loaded;
use crate::ingest::Staged;
use crate::publish::RunRef;

/// What makes a run this run and no other: the program, the pipeline file, all SQL, the content of the inputs, `as_of`, what
/// was asked for, and the run that changes are counted against.
pub fn identity(
    loaded: &Loaded,
    options: &RunOptions,
    staged: &Staged,
    previous: Option<&RunRef>,
    graph: &Graph,
) -> blake3::Hash {
    let sql = graph.nodes.iter().filter_map(|node| match &node.maker {
        Maker::Sql(file) => Some((file.table.clone(), file.text.clone())),
        _ => None,
    });
    let mut hasher = blake3::Hasher::new();
    let mut field = |name: &str, value: &str| {
        hasher.update(name.as_bytes()).update(&(value.len() as u64).to_le_bytes()).update(value.as_bytes());
    };
    field("version", TOOL_VERSION);
    field("schema", &crate::contract::SCHEMA_VERSION.to_string());
    field("as_of", &staged.as_of_day.to_string());
    field("pipeline", &loaded.text);
    field("inputs", &staged.content_hash);
    field("previous", &previous.map(|run| run.id.to_string()).unwrap_or_default());
    field("only", &options.only.join(","));
    // Without a bound the identity is what it was before there were bounds.
    if let Some(rows) = options.model_rows {
        field("model_rows", &rows.to_string());
    }
    // Another key makes another table: what stands here is a hash, of which only a hash is shown.
    for (name, secret) in &options.secrets.0 {
        field(name, &blake3::Hash::from(blake3::derive_key("patronage run identity v1", secret)).to_hex());
    }
    field("keep_raw_rejects", if options.keep_raw_rejects { "yes" } else { "no" });
    for (table, text) in sql {
        field(&table, &text);
    }
    hasher.finalize()
}

/// Hash of each file of the user's, by table.
pub fn sql_overrides(graph: &Graph) -> BTreeMap<String, String> {
    let hash = |node: &Node| match &node.maker {
        Maker::Sql(file) if node.is_users() => {
            Some((file.table.clone(), blake3::hash(file.text.as_bytes()).to_hex().to_string()))
        }
        _ => None,
    };
    graph.nodes.iter().filter_map(hash).collect()
}
