//! patronage

pub mod cli;
pub mod config;
pub mod contract;
pub mod engine;
pub mod error;
pub mod generate;
pub mod ingest;
pub mod monitor;
mod names;
pub mod pipeline;
pub mod publish;
