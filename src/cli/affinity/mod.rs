//! `patronage affinity`: what goes with what in a basket file, for the analyst.

mod evaluate;
mod pairs;
mod rules;
mod source;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use clap::Subcommand;

use super::args::GlobalArgs;
use super::output::{deliver, writing};
use super::render::{self, RowFormat, Rows, Style, align};
use crate::error::{Error, Result};

/// What goes with what in a file of baskets, without a pipeline
#[derive(Debug, Subcommand)]
pub enum Command {
    Pairs(Box<pairs::Args>),
    Rules(Box<rules::Args>),
    Evaluate(Box<evaluate::Args>),
}

pub fn run(command: Command, global: &GlobalArgs) -> Result<()> {
    match command {
        Command::Pairs(args) => pairs::run(*args, global),
        Command::Rules(args) => rules::run(*args, global),
        Command::Evaluate(args) => evaluate::run(*args, global),
    }
}

/// Where results go.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// A folder that gets all rows and columns as Parquet, and a report of what was counted and left out
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How rows are written to stdout: a `table` has the strongest ones, the other formats have all
    #[arg(long, value_name = "FORMAT", env = "PATRONAGE_FORMAT", default_value = "table")]
    format: RowFormat,
    /// Columns to write, separated by commas [default: all; a `table` has its own]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Most rows that a `table` shows; 0 for all
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    limit: usize,
}

impl OutputArgs {
    /// The columns to write, known ones.
    fn wanted<'n>(&'n self, known: &'n [&'n str]) -> Result<Vec<&'n str>> {
        if let Some(unknown) = self.columns.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(
                Error::usage(format!("no column is called `{unknown}`")).hint(crate::names::suggest(unknown, known))
            );
        }
        if self.columns.is_empty() { Ok(known.to_vec()) } else { Ok(self.columns.iter().map(String::as_str).collect()) }
    }

    /// Before anything is computed: what cannot be shown at the end.
    fn check(&self) -> Result<()> {
        if self.format == RowFormat::Parquet && io::stdout().is_terminal() {
            return Err(Error::usage("Parquet is not for a terminal").hint("write it into a folder with `--out`"));
        }
        Ok(())
    }

    /// Most rows of a table.
    fn most(&self) -> usize {
        if self.limit == 0 { usize::MAX } else { self.limit }
    }

    fn write_rows(&self, rows: RecordBatch) -> Result<()> {
        let terminal = io::stdout().is_terminal();
        let style = Style { terminal, ..Style::of(self.format) };
        deliver(None, |out| render::write(&Rows::from_batches(vec![rows]), style, out)).map(|_| ())
    }

    fn write_table(&self, header: &[(&str, bool)], rows: Vec<Vec<String>>) -> Result<()> {
        let mut lines = vec![header.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()];
        lines.extend(rows);
        let right: Vec<bool> = header.iter().map(|(_, right)| *right).collect();
        deliver(None, |out| writing(out.write_all(align(&lines, &right).as_bytes())))
    }
}

/// `7.5 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A q-value for people: what is very small is only that.
fn small(value: f64) -> String {
    if value < 1e-4 { "< .0001".to_owned() } else { format!("{value:.4}").trim_start_matches('0').to_owned() }
}
