//! Promises of patronage, one module each.

#![allow(clippy::unwrap_used)]

mod generate;
