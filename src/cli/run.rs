//! `patronage run`: the nightly job.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Date;

use super::args::{GlobalArgs, SummaryArgs, parse_duration};
use super::output::deliver;
use super::{pipeline_file, plan, progress, signals, summary};
use crate::config::Loaded;
use crate::error::Result;
use crate::pipeline::{self, Outcome, RunOptions};

const EXAMPLES: &str = "\
Examples:
  patronage run                                    with the nearest patronage.toml
  patronage run shop/patronage.toml --wait 10m     wait for another run to end
  patronage run --as-of 2026-10-31                 as if it were that night
  patronage run --dry-run                          read and check, make no tables";

/// The nightly job: read the exports, make all tables, publish them at once
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// The pipeline file, or its folder [default: `--config`, else the nearest `patronage.toml`]
    pipeline: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    /// Stop before tables are made, and show the plan
    #[arg(long)]
    dry_run: bool,
    /// Make all tables again even if the run is published already; published files that are whole stay
    #[arg(long)]
    force: bool,
    /// Wait this long for another run to end [default: do not wait]
    #[arg(long, value_name = "TIME", env = "PATRONAGE_WAIT", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// Keep rejected rows as they were read, personal columns too
    #[arg(long)]
    keep_raw_rejects: bool,
    #[command(flatten)]
    output: SummaryArgs,
}

/// What a run looks at.
#[derive(Debug, clap::Args)]
pub struct WindowArgs {
    /// Read only rows before this day [default: the day after the newest transaction]
    #[arg(long, value_name = "DATE", env = "PATRONAGE_AS_OF")]
    pub as_of: Option<Date>,
    /// Only this table and what it needs; may be given several times
    #[arg(long, value_name = "TABLE")]
    pub only: Vec<String>,
}

impl WindowArgs {
    /// The options of a run of a pipeline file over this window.
    pub fn options(self, loaded: &Loaded, global: &GlobalArgs) -> RunOptions {
        RunOptions {
            as_of: self.as_of,
            only: self.only,
            threads: global.threads,
            memory: global.memory,
            started_at: Some(jiff::Timestamp::now().to_string()),
            command_line: std::env::args().collect(),
            secrets: pipeline_file::secrets(loaded),
            engine_token: pipeline_file::engine_token(loaded),
            ..RunOptions::default()
        }
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(args.pipeline.as_deref(), global)?;
    let options = RunOptions {
        force: args.force,
        wait: args.wait.unwrap_or_default(),
        keep_raw_rejects: args.keep_raw_rejects,
        ..args.window.options(&loaded, global)
    };
    let cancel = signals::cancel_on_signal()?;
    let monitor = progress::monitor(global);
    if args.dry_run {
        let made = pipeline::plan(&loaded, &options, monitor.as_ref(), &cancel)?;
        return deliver(None, |out| plan::write(&made, args.output.format.of_rows(), out));
    }
    match pipeline::run(&loaded, &options, monitor.as_ref(), &cancel)? {
        Outcome::Published(summary) => summary::show(&summary, "published", args.output.format),
        Outcome::AlreadyPublished(summary) => summary::show(&summary, "already published", args.output.format),
        Outcome::SetAside(summary) => summary::show(&summary, "set aside", args.output.format),
    }
}
