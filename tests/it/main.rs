//! Integration tests, one module a promise, in one binary because linking is dear.
#![allow(clippy::unwrap_used)]

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
