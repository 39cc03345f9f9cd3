//! What campaign tools, routers and rule engines load: the published tables of a run in the layout of each consumer.
//!
//! A [`Consumer`] makes [`Dataset`]s of the tables: records with a key, in a format, with limits, and a kind of delta. The rest
//! is the same for all: the first export is full, a later one holds what changed since the one before ([`delta`]), limits are
//! held before anything is written, and an export appears whole or not at all ([`crate::publish::ExportStream`]).
//!
//! ```text
//!  tables of a run ──Consumer::build──▶ datasets ──▶ files, within the limits ──▶ out/exports/<stream>/<export>/
//!                                          │ compared with                            .given/: what the consumer has now
//!                                          └── .given/ of the export before         latest -> <export>, switched last
//! ```
//!
//! The promise: the delta files of two nights, applied to the full files of the first night, give the full files of the second,
//! byte for byte. Rows are in the order of their keys, no value is ever NaN, text is UTF-8, and no file holds a clock.
//!
//! A new consumer is one file with a `const CONSUMER`, and a line in [`consumers`].

mod amazon_connect;
mod any_table;
mod asterisk;
mod braze;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod contact_centre_tests;
mod csv;
mod dataset;
mod delta;
mod export;
#[cfg(test)]
mod export_test;
mod files;
mod genesys;
mod given;
mod json_rules_engine;
mod klaviyo;
mod mautic;
mod ndjson;
mod profile;
mod records;
mod routing_policy;
mod run_rules;
mod salesforce;
mod source;
#[cfg(test)]
mod tests;
mod twilio;
mod value;
mod write;
mod zen;

pub use dataset::{Body, Csv, Dataset, Delta, Format, Guard, Limits};
pub use export::{Exported, File, Request, Summary, export, plan};
pub use records::{Field, Kind, Records};
pub use source::{Source, TableColumn, TableRows};
pub use value::{Value, date, day_with_offset, with_offset};

use crate::error::{Error, Result};
use crate::names::suggest;

/// Somebody who loads what a run made.
#[derive(Debug, Clone, Copy)]
pub struct Consumer {
    /// Its name on the command line, and of its folder.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Published tables without which there is nothing to export.
    pub needs: &'static [&'static str],
    /// Published tables that it also reads, where a run has them.
    pub uses: &'static [&'static str],
    /// Whether it exports the one table or segment that `--table` names.
    pub of_any_table: bool,
    /// Whether it can hold e-mail addresses and telephone numbers (`--include-contact`).
    pub may_hold_contact: bool,
    /// Its datasets, always the same ones in the same order.
    pub build: fn(&Source, &Options) -> Result<Vec<Dataset>>,
}

/// What the caller wants of an export. Another wish is another export, even of the same run.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Options {
    /// The table or segment, for consumers of any.
    pub table: Option<String>,
    /// E-mail addresses and telephone numbers, too, of those who allow it.
    pub include_contact: bool,
    /// Leave formulas in text of CSV files as they are.
    pub unguarded: bool,
}

/// All consumers, in the order of the help.
pub fn consumers() -> &'static [Consumer] {
    &[
        braze::CONSUMER,
        klaviyo::CONSUMER,
        salesforce::CONSUMER,
        mautic::CONSUMER,
        twilio::CONSUMER,
        genesys::CONSUMER,
        amazon_connect::CONSUMER,
        asterisk::CONSUMER,
        zen::CONSUMER,
        json_rules_engine::CONSUMER,
        csv::CONSUMER,
        ndjson::CONSUMER,
    ]
}

/// The consumer called `name`.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) with the nearest name when there is none.
pub fn consumer(name: &str) -> Result<&'static Consumer> {
    consumers().iter().find(|consumer| consumer.name == name).ok_or_else(|| {
        let names: Vec<&str> = consumers().iter().map(|consumer| consumer.name).collect();
        Error::usage(format!("there is no consumer `{}`", name.escape_debug())).hint(suggest(name, &names))
    })
}

/// The guard of a file that a machine loads and a person may look at, unless the caller wants none.
fn guard_for_machines(options: &Options, guard: Guard) -> Guard {
    if options.unguarded { Guard::Off } else { guard }
}
