//! The command line: arguments in, one library call, words out. No analytics here.
//!
//! Results go to stdout, everything else to stderr. A setting comes from its flag, else from its `PATRONAGE_*` variable,
//! else from the pipeline file, else it is the default.

mod affinity;
mod approve;
mod args;
mod backtest;
mod check;
mod completions;
mod config;
mod diagnostic;
mod escape;
mod export;
mod generate;
mod ltv;
mod man;
mod output;
mod panics;
mod pipeline_file;
mod plan;
mod progress;
mod query;
mod render;
mod run;
mod runs;
mod segment;
mod signals;
mod summary;
mod verify;
mod words;

use std::io::Write;

use clap::{CommandFactory, Parser, Subcommand};

use self::args::{GlobalArgs, LogFormat};
use self::diagnostic::Diagnostic;
use crate::error::{Error, ExitCode, Result};
use crate::publish;

const EXAMPLES: &str = "\
Examples:
  patronage run                              the nightly job, with the nearest patronage.toml
  patronage run shop/ --as-of 2026-10-31     any past night again
  patronage plan                             what would run, from what, and why
  patronage segment \"orders >= 3\"            customers of the latest run, by a predicate
  patronage query \"SELECT * FROM routing\"    SQL over the latest run's tables";

const EXIT_CODES: &str = "\
Exit codes:
    0  done (also: this very run is already published)
    1  a fault of ours: report it
    2  wrong usage: fix the call
    3  pipeline file invalid: fix it
    4  input unusable: ask the sender
    5  a gate held the run back: look at it, then `patronage approve`
    6  another run holds the lock: try later
    7  output failed: free space or fix permissions, then run again
    8  published data does not match its manifest: restore it
    9  the cluster of `[engine]` cannot be reached or failed: look at it, then run again
  130  interrupted, 143 terminated: nothing was published, run again";

/// Nightly customer analytics from a company's own exports: value, attrition, affinity
#[derive(Debug, Parser)]
#[command(name = "patronage", version, before_long_help = EXAMPLES, after_long_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Plan(plan::Args),
    Backtest(backtest::Args),
    Check(check::Args),
    Segment(segment::Args),
    Query(query::Args),
    Runs(runs::Args),
    Approve(approve::Args),
    Verify(verify::Args),
    Export(export::Args),
    Ltv(Box<ltv::Args>),
    #[command(subcommand)]
    Affinity(affinity::Command),
    Generate(generate::Args),
    #[command(subcommand)]
    Config(config::Command),
    Completions(completions::Args),
    Man(man::Args),
}

impl Cli {
    /// How many threads were asked for.
    pub fn threads(&self) -> Option<usize> {
        self.global.threads
    }

    /// Does what was asked, shows what went wrong, and says how the process should end.
    pub fn run(self) -> ExitCode {
        let global = self.global.clone();
        let result = panics::caught(|| self.dispatch());
        match result {
            Ok(()) => ExitCode::Done,
            Err(error) if output::is_broken_pipe(&error) => ExitCode::Done,
            Err(error) => {
                show(&error, &global);
                error.kind().exit_code()
            }
        }
    }

    fn dispatch(self) -> Result<()> {
        // A limit on file sizes is an error to report (exit code 7), and not a death.
        publish::ignore_file_size_signal()?;
        let global = &self.global;
        match self.command {
            Command::Run(args) => run::run(args, global),
            Command::Plan(args) => plan::run(args, global),
            Command::Backtest(args) => backtest::run(args, global),
            Command::Check(args) => check::run(args, global),
            Command::Segment(args) => segment::run(&args, global),
            Command::Query(args) => query::run(args, global),
            Command::Runs(args) => runs::run(&args, global),
            Command::Approve(args) => approve::run(&args, global),
            Command::Verify(args) => verify::run(&args, global),
            Command::Export(args) => export::run(args, global),
            Command::Ltv(args) => ltv::run(*args, global),
            Command::Affinity(command) => affinity::run(command, global),
            Command::Generate(args) => generate::run(args, global),
            Command::Config(command) => config::run(command, global),
            Command::Completions(args) => completions::run(&args, &mut Cli::command()),
            Command::Man(args) => man::run(&args, Cli::command()),
        }
    }
}

/// An error goes to stderr; if that is gone too, the exit code still tells.
fn show(error: &Error, global: &GlobalArgs) {
    match global.log_format {
        LogFormat::Json => progress::log_json(diagnostic::as_json(error)),
        LogFormat::Text => {
            let mut stderr = anstream::AutoStream::new(std::io::stderr().lock(), global.color.into());
            let _ = write!(stderr, "{}", Diagnostic(error));
        }
    }
}
