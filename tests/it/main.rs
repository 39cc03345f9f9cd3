//! One test binary (linking is dear), one module a promise.

#![allow(clippy::unwrap_used, missing_docs)]

mod cli;
mod config;
mod rfm_grids;
