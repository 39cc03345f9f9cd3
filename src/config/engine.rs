//! `[engine]`: where SQL runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where SQL runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// `polars`: in this process. `spark`: on an Apache Spark 4 that is there already; needs a build with the feature `spark`.
    pub kind: EngineKind,
    /// Address of the Spark Connect server, `sc://host:port`, with parameters behind `/;` (`use_ssl=true`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Environment variable with the token that the server wants to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_env: Option<String>,
    /// The output folder as the cluster calls it, for example `dbfs:/mnt/patronage` where `[output] dir` is
    /// `/dbfs/mnt/patronage`; left out, by its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tables: Option<String>,
    /// Most rows of one table that a model takes into this process; where there are more, it does without or is switched off,
    /// and the manifest says so.
    pub model_rows: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Engine { kind: EngineKind::Polars, url: None, token_env: None, tables: None, model_rows: 50_000_000 }
    }
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// Polars SQL, in this process.
    Polars,
    /// Apache Spark, over Spark Connect.
    Spark,
}
