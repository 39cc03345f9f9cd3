//! Small exports for the tests of what concerns one person.

use std::fmt::Write as _;
use std::fs;

use crate::run_support::{Run, run_only};

/// A run of `tables` over small exports, by input, whose columns have the pipeline's own names, for a business in Berlin.
/// `settings` is put behind them. `as_of` is the day after the newest transaction.
pub fn small(exports: &[(&str, &str)], settings: &str, tables: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"Europe/Berlin\"\n".to_owned();
    for (input, export) in exports {
        fs::write(folder.path().join(format!("{input}.csv")), export).unwrap();
        write!(text, "\n[inputs.{input}]\nfiles = [\"{input}.csv\"]\n\n[inputs.{input}.columns]\n").unwrap();
        for name in export.lines().next().unwrap().split(',') {
            writeln!(text, "{name} = \"{name}\"").unwrap();
        }
    }
    run_only(folder, &format!("{text}\n{settings}\n"), tables)
}

/// A transactions export of one order on `day`, which makes the day after it `as_of`.
pub fn until(day: &str) -> String {
    format!("customer_id,order_id,ts,amount\nbuyer,o1,{day},10\n")
}

/// Rows of contacts on 30 June 2026: the customer, the hour, how many, and what follows the instant in each row. Minutes
/// differ, since equal rows are one.
pub fn contacts(rows: &[(&str, u32, u32, &str)]) -> String {
    let mut text = String::new();
    for (customer, hour, contacts, rest) in rows {
        for minute in 1..=*contacts {
            writeln!(text, "{customer},2026-06-30 {hour:02}:{minute:02}:00,{rest}").unwrap();
        }
    }
    text
}
