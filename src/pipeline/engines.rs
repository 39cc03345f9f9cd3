//! The engine of a run: in this process, or on a cluster.

#[cfg(feature = "spark")]
mod cluster;

use super::run::{RunOptions, threads};
use crate::config::{Config, EngineKind, Loaded};
use crate::engine::{Engine, PolarsEngine};
use crate::error::{Error, Result};
use crate::ingest::{self, StageOptions, Staged};
use crate::monitor::{Cancel, Monitor};
use crate::publish::{Building, OutputDir};

/// Where a run's SQL runs, and who reads its exports.
pub(super) trait RunEngine: Sync {
    /// The engine itself.
    fn engine(&self) -> &dyn Engine;

    /// Reads the exports.
    ///
    /// # Errors
    /// As [`ingest::stage`].
    fn stage(&self, options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged>;

    /// Says where published tables go, to an engine that writes them itself.
    ///
    /// # Errors
    /// [`ErrorKind::Output`](crate::error::ErrorKind::Output) when the folder cannot be made.
    fn publish_into(&self, _building: &Building<'_>) -> Result<()> {
        Ok(())
    }

    /// How many tables may be made at once.
    fn tables_at_once(&self, options: &RunOptions) -> usize;

    /// Most rows of one table that a model may take at once.
    fn model_rows(&self, config: &Config, options: &RunOptions) -> Option<u64>;

    /// What the manifest says of the engine.
    fn note(&self) -> Option<String> {
        None
    }

    /// Does `work`; meanwhile tells how far a cluster is, and stops it when we are asked to stop.
    fn watch(&self, _monitor: &dyn Monitor, _cancel: &Cancel, work: &mut dyn FnMut()) {
        work();
    }
}

/// Does `work` under the eyes of the engine.
///
/// # Errors
/// Those of `work`; when it was stopped, what `cancel` says.
pub(super) fn watched<T>(
    engine: &dyn RunEngine,
    monitor: &dyn Monitor,
    cancel: &Cancel,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let (mut work, mut result) = (Some(work), None);
    engine.watch(monitor, cancel, &mut || result = work.take().map(|work| work()));
    match (result, cancel.check()) {
        (Some(Ok(made)), _) => Ok(made),
        // What a stopped cluster says is about the stop.
        (_, Err(stopped)) => Err(stopped),
        (Some(Err(error)), _) => Err(error),
        (None, _) => Err(Error::internal("an engine did not do its work")),
    }
}

/// The engine that the pipeline file asks for; a cluster is connected to.
///
/// # Errors
/// [`ErrorKind::Engine`](crate::error::ErrorKind::Engine) when the cluster does not take us.
pub(super) fn open(loaded: &Loaded, options: &RunOptions, out: &OutputDir) -> Result<Box<dyn RunEngine>> {
    match loaded.config.engine.kind {
        EngineKind::Polars => Ok(Box::new(PolarsEngine::new())),
        #[cfg(feature = "spark")]
        EngineKind::Spark => Ok(Box::new(cluster::OnCluster::open(loaded, options, out)?)),
        #[cfg(not(feature = "spark"))]
        EngineKind::Spark => {
            // The pipeline file was refused for it.
            let _ = (options, out);
            Err(Error::config("this build of patronage has no client for Spark"))
        }
    }
}

/// In this process; the exports are read by our own exact reader.
impl RunEngine for PolarsEngine {
    fn engine(&self) -> &dyn Engine {
        self
    }

    fn stage(&self, options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged> {
        ingest::stage(options, monitor, cancel)
    }

    fn tables_at_once(&self, options: &RunOptions) -> usize {
        // A query uses all threads by itself: a second one beside it hides its waits, more would only add up in memory.
        threads(options).div_ceil(2)
    }

    fn model_rows(&self, _: &Config, options: &RunOptions) -> Option<u64> {
        // They are in this process already.
        options.model_rows
    }
}
