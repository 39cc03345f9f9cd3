//! The rule files that a run has beside its tables.

use std::fs;

use super::routing_policy::LEVELS;
use super::source::Source;
use crate::error::{IoContext, Result};
use crate::pipeline::RULES_FOLDER;
use crate::publish::verify_files;

/// The rule file called `name` of the run; nothing when the run has none, as without affinity.
///
/// # Errors
/// [`ErrorKind::Verify`](crate::error::ErrorKind::Verify) when it is damaged, [`ErrorKind::Input`](crate::error::ErrorKind::Input)
/// when it cannot be read.
pub(super) fn rule_file(source: &Source, name: &str) -> Result<Option<Vec<u8>>> {
    // `tables/service_levels.parquet` of the run folder.
    let Some(run) = source.path(LEVELS).and_then(|table| table.ancestors().nth(2)) else { return Ok(None) };
    let path = run.join(RULES_FOLDER).join(name);
    if !path.exists() {
        return Ok(None);
    }
    verify_files(run, &[format!("{RULES_FOLDER}/{name}")]).into_result()?;
    fs::read(&path).reading(&path).map(Some)
}
