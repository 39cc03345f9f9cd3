//! `patronage export`: what a consumer loads, all of it or what changed since the last time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, StringArray};

use super::args::{GlobalArgs, parse_duration};
use super::output::deliver;
use super::render::{self, RowFormat, Rows, Style};
use super::words::{count, grouped};
use super::{pipeline_file, progress, signals};
use crate::consumers::{self, Exported, Options, Request, Summary};
use crate::error::Result;
use crate::monitor::Event;
use crate::publish::ExportKind;

const EXAMPLES: &str = "\
Examples:
  patronage export braze                        what changed since the last export to it, of the latest run
  patronage export braze --full                 all of it, once more
  patronage export salesforce --to /srv/sftp    and copy the files there; `export.json` appears last
  patronage export csv --table routing          any table, or a segment of the pipeline file, as CSV
  patronage export klaviyo --dry-run            what would be written";

const NOTES: &str = "\
Files are in `exports/<consumer>/<export>/` of the output folder, and `latest` there names what the consumer was given last. \
The first export is full (`*_full`), later ones hold what changed since (`*_delta`, `*_removed`, `*_clear`). The same command \
again gives the same files. A consumer that lost its data gets all of it with `--full`.

Who denied a channel is not contacted on it by what is exported: of a campaign, only those to be contacted are there.";

/// What a consumer loads: everything the first time, then what changed since the last export
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES, after_long_help = format!("{NOTES}\n\nConsumers:\n{}", list()))]
pub struct Args {
    /// Who it is for
    #[arg(value_name = "CONSUMER", value_parser = names())]
    consumer: String,
    /// All of it, even if the consumer was given something before
    #[arg(long)]
    full: bool,
    /// The run to export
    #[arg(long, value_name = "RUN", default_value = "latest")]
    run: String,
    /// Copy the files to this folder, too; those of the export that was delivered there before go
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Only show what would be written
    #[arg(long, conflicts_with = "to")]
    dry_run: bool,
    /// The table or segment, for `csv` and `ndjson` [default: customers]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// E-mail addresses and telephone numbers, too, of those who allow it (from the table `contact_details`)
    #[arg(long)]
    include_contact: bool,
    /// In CSV, put a `'` before text that a spreadsheet would run as a formula
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    safe_spreadsheet: bool,
    /// Wait this long for another run to end [default: do not wait]
    #[arg(long, value_name = "TIME", env = "PATRONAGE_WAIT", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// How the list of files is written to stdout
    #[arg(long, value_name = "FORMAT", env = "PATRONAGE_FORMAT", default_value = "table")]
    format: RowFormat,
}

fn names() -> Vec<&'static str> {
    consumers::consumers().iter().map(|consumer| consumer.name).collect()
}

fn list() -> String {
    let lines = consumers::consumers().iter().map(|consumer| format!("  {:<16}{}", consumer.name, consumer.about));
    lines.collect::<Vec<_>>().join("\n")
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(None, global)?;
    let out = pipeline_file::output_dir(&loaded)?;
    let run = pipeline_file::find_run(&out, Some(&args.run))?;
    let request = Request {
        consumer: consumers::consumer(&args.consumer)?,
        options: Options {
            table: args.table,
            include_contact: args.include_contact,
            unguarded: !args.safe_spreadsheet,
        },
        full: args.full,
        to: args.to,
        wait: args.wait.unwrap_or_default(),
        keep: loaded.config.output.keep_runs,
    };
    let cancel = signals::cancel_on_signal()?;
    let monitor = progress::monitor(global);
    let made = if args.dry_run { consumers::plan } else { consumers::export };
    let summary = made(&out, &run, &request, &cancel)?;
    for message in words(&summary, request.consumer.name) {
        monitor.event(Event::Note { message });
    }
    let rows = rows(&summary, args.format)?;
    deliver(None, |out| render::write(&rows, Style::of(args.format), out)).map(|_| ())
}

/// What there is to say, beside the list of files.
fn words(summary: &Summary, consumer: &str) -> Vec<String> {
    let what = match (summary.kind, &summary.since) {
        (ExportKind::Delta, Some(since)) => format!("what changed since {since}"),
        _ => "all of it".to_owned(),
    };
    let done = match summary.exported {
        Exported::New => "exported",
        Exported::Before => "already exported",
        Exported::Planned => "would be exported",
    };
    let mut words = vec![format!("run {} {done} to {consumer}: {what}", summary.run)];
    for (dataset, [added, changed, removed]) in &summary.changes {
        if summary.kind == ExportKind::Delta {
            let (added, changed, removed) = (grouped(*added), grouped(*changed), grouped(*removed));
            words.push(format!("{dataset}: {added} added, {changed} changed, {removed} removed"));
        }
    }
    for (dataset, reasons) in &summary.left_out {
        words.extend(
            reasons.iter().map(|(reason, rows)| format!("{dataset}: {} left out: {reason}", count(*rows, "row"))),
        );
    }
    words.extend(summary.folder.as_ref().map(|folder| format!("in {}", folder.display())));
    words
}

/// The files: with their paths for programs, by name for people, who were told the folder.
fn rows(summary: &Summary, format: RowFormat) -> Result<Rows> {
    let path = |name: &str| match &summary.folder {
        Some(folder) if format != RowFormat::Table => folder.join(name).display().to_string(),
        _ => name.to_owned(),
    };
    let number = |of: fn(&consumers::File) -> u64| {
        let numbers = summary.files.iter().map(|file| i64::try_from(of(file)).unwrap_or(i64::MAX));
        Arc::new(Int64Array::from_iter_values(numbers)) as ArrayRef
    };
    let names = StringArray::from_iter_values(summary.files.iter().map(|file| path(&file.name)));
    Rows::from_columns([
        ("file", Arc::new(names) as ArrayRef),
        ("rows", number(|file| file.rows)),
        ("bytes", number(|file| file.bytes)),
    ])
}
