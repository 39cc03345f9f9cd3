//! The second engine against the first, on a real Spark with executors of its own (`tests/spark/server.sh`).
//!
//! Where no Spark is installed, each test says so on stderr and does nothing. The long ones, over all real exports and ten
//! million lines, run when `PATRONAGE_SPARK=1`.

#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs)]

mod cluster;
mod compare;
mod executors;
mod inputs;
mod refusals;
mod runs;
mod tables;
mod typed;
