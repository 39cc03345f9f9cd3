//! Integration tests, one module a promise, in one binary because linking is dear.
#![allow(clippy::unwrap_used)]

mod attrition_golden;
mod attrition_identities;
mod attrition_rules;
mod attrition_truth;
mod cli;
mod cli_answers;
mod config;
mod determinism;
mod generate;
mod golden_cdnow;
mod golden_rfm_package;
mod ingest_cache;
mod ingest_conservation;
mod ingest_duplicates;
mod ingest_exchange;
mod ingest_faults;
mod ingest_formats;
mod ingest_mapping;
mod ingest_real_exports;
mod ingest_rejects;
mod ingest_support;
mod nights;
mod publish_fixture;
mod publish_foreign_readers;
mod publish_runs;
mod publish_tables;
mod readme;
mod real_runs;
mod rfm_grids;
mod run_support;
