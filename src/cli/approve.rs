//! `patronage approve`: release a run that a gate held back.

use std::time::Duration;

use super::args::{GlobalArgs, parse_duration};
use super::output::{deliver, writing};
use super::{pipeline_file, signals};
use crate::error::Result;

/// Release a run that a gate held back
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, as `patronage runs` lists it
    run: String,
    /// Wait this long for another run to end [default: do not wait]
    #[arg(long, value_name = "TIME", env = "PATRONAGE_WAIT", value_parser = parse_duration)]
    wait: Option<Duration>,
}

pub fn run(args: &Args, global: &GlobalArgs) -> Result<()> {
    let out = pipeline_file::output_dir(&pipeline_file::load(None, global)?)?;
    let lock = out.lock(args.wait.unwrap_or_default(), &signals::cancel_on_signal()?)?;
    let released = out.approve(&lock, &args.run)?;
    let latest = if released.is_latest { ", and is the latest" } else { "; a later run stays the latest" };
    deliver(None, |out| writing(writeln!(out, "run {} is published{latest}", released.id)))
}
