//! The `patronage` binary.

fn main() {}
