//! `patronage verify`: is a published run what was published?

use super::args::GlobalArgs;
use super::output::{deliver, writing};
use super::pipeline_file;
use super::words::{count, grouped};
use crate::error::Result;
use crate::publish;

/// Hash the files of a run again, and compare them with its manifest
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run, as `patronage runs` lists it
    #[arg(default_value = "latest")]
    run: String,
}

pub fn run(args: &Args, global: &GlobalArgs) -> Result<()> {
    let out = pipeline_file::output_dir(&pipeline_file::load(None, global)?)?;
    let run = pipeline_file::find_run(&out, Some(&args.run))?;
    let verification = publish::verify(&run.path);
    let (files, bytes) = (verification.files, verification.bytes);
    verification.into_result()?;
    let words = format!("run {} is whole: {}, {} bytes", run.id, count(files, "file"), grouped(bytes));
    deliver(None, |out| writing(writeln!(out, "{words}")))
}
