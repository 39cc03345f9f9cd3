//! The pipeline file and the output folder that a command works on.

use std::path::{Path, PathBuf};

use super::args::GlobalArgs;
use super::render::Rows;
use crate::config::{self, Loaded};
use crate::engine;
use crate::error::{Error, ErrorKind, Result};
use crate::models::{ROUTING_KEY, Secrets};
use crate::pipeline::Token;
use crate::publish::{LATEST, OutputDir, RunRef};

/// The pipeline file named as argument, else by `--config`, else the nearest one.
pub fn load(argument: Option<&Path>, global: &GlobalArgs) -> Result<Loaded> {
    config::load(&config::find(argument.or(global.config.as_deref()))?)
}

/// What the pipeline file wants to be told and not to hold: the key of opaque routing keys, from the environment.
pub fn secrets(loaded: &Loaded) -> Secrets {
    let routing = &loaded.config.routing;
    let key = routing.opaque_keys.then(|| std::env::var_os(&routing.key_env)).flatten();
    Secrets(key.map(|key| (ROUTING_KEY, key.into_encoded_bytes())).into_iter().collect())
}

/// The token that a cluster wants to see, from the environment.
pub fn engine_token(loaded: &Loaded) -> Option<Token> {
    std::env::var(loaded.config.engine.token_env.as_ref()?).ok().map(Token)
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

/// The tables of a run with their files; the rejected rows of an input are `rejects_<input>`.
pub fn tables_of(run: &RunRef) -> Result<Vec<(String, PathBuf)>> {
    let rejects = run.manifest()?.rejects.into_iter();
    let rejects = rejects.map(|entry| (format!("rejects_{}", entry.input), run.path.join(entry.file)));
    Ok(engine::tables_of(&run.path)?.into_iter().chain(rejects).collect())
}

/// What `sql`, typed on the command line, answers: a mistake in it is wrong usage.
pub fn ask(tables: &[(String, PathBuf)], sql: &str) -> Result<Rows> {
    let answer = engine::ask(tables, sql).map_err(typed)?;
    Ok(Rows::from_batches(answer))
}

/// A mistake in SQL that was typed, not written into a file.
pub fn typed(error: Error) -> Error {
    if error.kind() == ErrorKind::Config { error.with_kind(ErrorKind::Usage) } else { error }
}
