//! `patronage runs`: what is published, and what is held back.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray};

use super::args::{GlobalArgs, RowArgs};
use super::pipeline_file;
use super::render::Rows;
use crate::error::Result;
use crate::publish::{RunRef, RunState};

/// The runs of the output folder, published and held, oldest first
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    rows: RowArgs,
}

pub fn run(args: &Args, global: &GlobalArgs) -> Result<()> {
    let runs = pipeline_file::output_dir(&pipeline_file::load(None, global)?)?.runs()?;
    args.rows.deliver_rows(&rows(&runs)?)
}

fn rows(runs: &[RunRef]) -> Result<Rows> {
    let text = |of: fn(&RunRef) -> String| Arc::new(StringArray::from_iter_values(runs.iter().map(of))) as ArrayRef;
    Rows::from_columns([
        ("run", text(|run| run.id.to_string())),
        ("as_of", text(|run| run.id.as_of().to_string())),
        ("state", text(|run| state(run.state).to_owned())),
        ("latest", Arc::new(BooleanArray::from_iter(runs.iter().map(|run| Some(run.is_latest))))),
        ("folder", text(|run| run.path.display().to_string())),
    ])
}

fn state(state: RunState) -> &'static str {
    match state {
        RunState::Published => "published",
        RunState::Held => "held",
        RunState::Aside => "aside",
    }
}
