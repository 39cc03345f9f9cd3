//! Integration tests, one module a promise, in one binary because linking is dear.
#![allow(clippy::unwrap_used)]

mod ingest_real_exports;
mod ingest_support;
