//! The pipeline file and the output folder that a command works on.

use std::path::Path;

use super::args::GlobalArgs;
use crate::config::{self, Loaded};
use crate::error::{Error, ErrorKind, Result};
use crate::publish::{LATEST, OutputDir, RunRef};

/// The pipeline file named as argument, else by `--config`, else the nearest one.
pub fn load(argument: Option<&Path>, global: &GlobalArgs) -> Result<Loaded> {
    config::load(&config::find(argument.or(global.config.as_deref()))?)
}

/// The output folder that the pipeline file names.
pub fn output_dir(loaded: &Loaded) -> Result<OutputDir> {
    OutputDir::open(&loaded.dir.join(&loaded.config.output.dir))
}

/// The run called `id`, or the latest.
pub fn find_run(out: &OutputDir, id: Option<&str>) -> Result<RunRef> {
    match id {
        Some(id) if id != LATEST => out.find(id),
        _ => out.latest()?.ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("no run is published in `{}` yet", out.root().display()))
                .hint("`patronage run` makes one")
        }),
    }
}
