//! Nightly customer analytics from a company's own exports. This page is the map of the house; `ARCHITECTURE.md` walks it
//! with a transaction in hand.
//!
//! Everything that the pipeline knows is a table with a contract and exactly one maker. Exports become staged tables,
//! files of `sql/` make feature and segment tables of them, and a run folder is published as a whole or not at all.
//!
//! ```text
//!  patronage.toml ──▶ config ────┐
//!                       │        ▼
//!  exports ─────────▶ ingest ─▶ pipeline ─▶ publish ─▶ out/runs/<run>/, out/latest
//!                                ▲    │
//!  sql/, models ─────────────────┘    └───▶ engine (Polars)
//!
//!  contract: below all of these        cli: above all of these        generate: exports to try it on
//! ```
//!
//! - [`config`] reads the pipeline file and shows mistakes with their place.
//! - [`contract`] is the only place where a schema is written: inputs, features, parameters, published tables.
//! - [`ingest`] turns exports into staged Parquet, exactly: every row is staged, rejected, a duplicate or out of window.
//! - [`engine`] is where SQL runs, behind a trait that knows tables by name and not what they mean. Polars stays inside.
//! - [`models`] are the tables that need mathematics: plain functions from typed columns to typed columns.
//! - [`pipeline`] is the graph: which table reads which, in which order they are made, what gates say, `plan` and `run`.
//! - [`lifetime_summary`] is the short way for one summary file: the models of lifetime value without a pipeline.
//! - [`affinity_file`] is the short way for files of baskets, which [`basket_file`] reads: pairs, rules and a back-test
//!   without a pipeline.
//! - [`rule_files`] writes a few strong rules in the formats of rule engines. It knows nobody.
//! - [`consumers`] are those who load what a run made: their files of its tables, their limits, full and delta. It knows
//!   `publish` alone.
//! - [`publish`] writes Parquet as contracted, the manifest, the lock and the switch of `latest`; it verifies and prunes. It
//!   knows nothing of the pipeline.
//! - [`generate`] makes the exports of a made-up shop whose truth is known. It uses none of the others' analytics.
//! - [`cli`] alone prints, reads the environment and looks at clocks (but for how long things took, and the age of cache
//!   entries: neither enters a table).
//! - [`error`] has the one error type, its kinds and the exit codes; [`monitor`] how the library tells of progress, and how
//!   it is asked to stop.
//!
//! Arrows point one way: `contract` knows nobody, `config`, `engine`, `models` and `publish` know it, `ingest` knows `config` and
//! `contract`, `pipeline` all of these, and `cli` everybody. Data crosses module borders as Arrow record batches or Parquet
//! files.
//!
//! What keeps it exact: money is whole ten-thousandths in 64 bits (`_e4`), a day is whole days since 1970 in the business
//! time zone (`_day`), an instant whole microseconds UTC (`_us`); the end of the window, `as_of`, is a parameter and never
//! the clock; every order ends with a unique key; SQL never sums a floating number.

pub mod affinity_file;
pub mod basket_file;
pub mod cli;
pub mod config;
pub mod consumers;
pub mod contract;
pub mod engine;
pub mod error;
pub mod generate;
pub mod ingest;
pub mod lifetime_summary;
pub mod models;
pub mod monitor;
mod names;
pub mod pipeline;
pub mod publish;
pub mod rule_files;
