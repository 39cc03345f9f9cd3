//! `patronage plan`: the graph, and what would run.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};

use super::args::{GlobalArgs, RowArgs};
use super::render::{self, RowFormat, Rows, Style};
use super::run::WindowArgs;
use super::{pipeline_file, progress, signals};
use crate::error::Result;
use crate::pipeline::{self, Plan, PlanStep};

const EXAMPLES: &str = "\
Examples:
  patronage plan                       every table, in the order in which they are made
  patronage plan --only routing        one table and what it needs
  patronage plan --format json | jq .  for machines";

/// What would run, from what, and why
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES)]
pub struct Args {
    /// The pipeline file, or its folder [default: `--config`, else the nearest `patronage.toml`]
    pipeline: Option<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    rows: RowArgs,
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let loaded = pipeline_file::load(args.pipeline.as_deref(), global)?;
    let cancel = signals::cancel_on_signal()?;
    let options = args.window.options(&loaded, global);
    let made = pipeline::plan(&loaded, &options, progress::monitor(global).as_ref(), &cancel)?;
    args.rows.deliver_rows(&rows(&made)?)
}

/// Writes a plan, as `run --dry-run` does.
pub fn write(made: &Plan, format: RowFormat, out: &mut (dyn Write + Send)) -> Result<()> {
    render::write(&rows(made)?, Style::of(format), out).map(drop)
}

/// One row a step, in the order in which they would run.
fn rows(made: &Plan) -> Result<Rows> {
    let text =
        |of: fn(&PlanStep) -> String| Arc::new(StringArray::from_iter_values(made.steps.iter().map(of))) as ArrayRef;
    let truth = |of: fn(&PlanStep) -> bool| {
        Arc::new(BooleanArray::from_iter(made.steps.iter().map(|step| Some(of(step))))) as ArrayRef
    };
    Rows::from_columns([
        ("table", text(|step| step.table.clone())),
        ("maker", text(|step| step.maker.clone())),
        ("reads", text(|step| step.reads.join(" "))),
        ("kept", truth(|step| step.kept)),
        ("published", truth(|step| step.published)),
        ("why", text(|step| step.why.clone())),
    ])
}
