//! One test binary (linking is dear), one module a promise.

#![allow(clippy::unwrap_used, missing_docs)]

mod cli;
mod config;
mod generate;
mod publish_fixture;
mod publish_foreign_readers;
mod publish_runs;
mod publish_tables;
mod rfm_grids;
