//! Integration tests, one module a promise, in one binary because linking is dear.
#![allow(clippy::unwrap_used)]

mod cli;
mod cli_answers;
mod config;
mod generate;
mod ingest_real_exports;
mod ingest_support;
mod publish_fixture;
mod publish_foreign_readers;
mod publish_runs;
mod publish_tables;
mod rfm_grids;
