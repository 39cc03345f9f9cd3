//! Arguments that several commands share.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::output::{deliver, writing};
use super::render::{self, RowFormat, Rows, Style};
use super::words::{count, grouped};
use crate::error::{Error, Result};

/// Arguments of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The pipeline file, or its folder [default: the nearest `patronage.toml`, from here upwards]
    #[arg(long, global = true, value_name = "PATH", env = "PATRONAGE_CONFIG")]
    pub config: Option<PathBuf>,
    /// How progress and errors are written to stderr
    #[arg(long, global = true, value_name = "FORMAT", env = "PATRONAGE_LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// No progress, only errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// A line for each stage and table, on a terminal too
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colours; `auto` also looks at NO_COLOR and CLICOLOR
    #[arg(long, global = true, value_name = "WHEN", env = "PATRONAGE_COLOR", default_value = "auto")]
    pub color: ColorChoice,
    /// Threads to compute with [default: one a core]
    #[arg(long, global = true, value_name = "N", env = "PATRONAGE_THREADS", value_parser = parse_threads)]
    pub threads: Option<usize>,
    /// Memory to stay within, in bytes or as `512MB`, `4GB`, `4GiB`
    #[arg(long, global = true, value_name = "SIZE", env = "PATRONAGE_MEMORY", value_parser = parse_size)]
    pub memory: Option<u64>,
}

/// How progress and errors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: bars on a terminal, a line a table otherwise.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that wants them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<ColorChoice> for anstream::ColorChoice {
    fn from(choice: ColorChoice) -> Self {
        match choice {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        }
    }
}

/// Where and how rows are shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct RowArgs {
    /// How rows are written [default: by the name of `--out`, else `table`]
    #[arg(long, value_name = "FORMAT", env = "PATRONAGE_FORMAT")]
    pub format: Option<RowFormat>,
    /// Write to this file instead of stdout; it appears whole or not at all
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Most rows that a `table` shows; 0 for all
    #[arg(long, value_name = "ROWS", default_value_t = 100)]
    pub limit: usize,
    /// In CSV, put a `'` before text that a spreadsheet would run as a formula
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub safe_spreadsheet: bool,
}

impl RowArgs {
    /// Writes rows where and how the arguments say, and tells on stderr when a table does not show all of them.
    pub fn deliver_rows(&self, rows: &Rows) -> Result<()> {
        let of_file = self.out.as_deref().and_then(RowFormat::of_file);
        let format = self.format.or(of_file).unwrap_or(RowFormat::Table);
        let terminal = self.out.is_none() && io::stdout().is_terminal();
        if format == RowFormat::Parquet && terminal {
            return Err(Error::usage("Parquet is not for a terminal").hint("name a file with `--out`"));
        }
        // A limit is for eyes; a file gets all rows.
        let limit = if self.limit == 0 || self.out.is_some() { None } else { Some(self.limit) };
        let style = Style { format, limit, safe_spreadsheet: self.safe_spreadsheet, terminal };
        let left_out = deliver(self.out.as_deref(), |out| render::write(rows, style, out))?;
        if left_out > 0 {
            let shown = rows.count() - left_out;
            let all = count(rows.count() as u64, "row");
            // Talk, not data: if nobody listens, the rows were still written.
            let _ = writeln!(io::stderr(), "{} of {all}; `--limit 0` shows all", grouped(shown as u64));
        }
        Ok(())
    }

    /// Writes a text to stdout.
    pub fn deliver_text(&self, text: &str) -> Result<()> {
        deliver(None, |out| writing(writeln!(out, "{text}")))
    }
}

/// Where a summary is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct SummaryArgs {
    /// How the summary is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: SummaryFormat,
}

/// How a summary is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    /// For people.
    #[value(alias = "table")]
    Text,
    /// One JSON object.
    Json,
}

impl SummaryFormat {
    /// How rows are written that stand where the summary would.
    pub fn of_rows(self) -> RowFormat {
        match self {
            SummaryFormat::Text => RowFormat::Table,
            SummaryFormat::Json => RowFormat::Json,
        }
    }
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if threads > 0 => Ok(threads),
        _ => Err("write a whole number from 1".to_owned()),
    }
}

/// Sizes in bytes: `KB`, `MB`, `GB` and `TB` are powers of 1000, `KiB` and so on powers of 1024.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let error = || "write bytes, or a number with a unit such as `512MB`, `4GB`, `4GiB`".to_owned();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(error()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).filter(|size| *size > 0).ok_or_else(error)
}

/// Durations such as `90s`, `10m`, `1h 30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration: Option<jiff::SignedDuration> = text.parse().ok();
    duration
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "write a time such as `90s`, `10m` or `1h 30m`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, size) in [("1", 1), ("512MB", 512_000_000), ("4GB", 4_000_000_000), ("4 GiB", 4 << 30), ("2k", 2000)]
        {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for text in ["", "0", "GB", "-1", "4.5GB", "4XB", "99999999999TB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(parse_duration("-5s").is_err());
        assert!(parse_duration("soon").is_err());
    }
}
