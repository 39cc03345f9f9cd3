//! The engine of a run: in this process, or on a cluster.

#[cfg(feature = "spark")]
use std::path::PathBuf;

use super::run::{RunOptions, threads};
use crate::config::{Config, EngineKind, Loaded};
#[cfg(feature = "spark")]
use crate::engine::{Cluster, SparkEngine};
use crate::engine::{Engine, PolarsEngine};
use crate::error::{Error, Result};
use crate::ingest::{self, StageOptions, Staged};
#[cfg(feature = "spark")]
use crate::monitor::Event;
use crate::monitor::{Cancel, Monitor};
use crate::publish::{Building, OutputDir};

/// Where a run's SQL runs, and who reads its exports.
pub(super) enum RunEngine {
    /// Polars; the exports are read by our own exact reader.
    Embedded(PolarsEngine),
    /// Spark, which reads the exports too.
    #[cfg(feature = "spark")]
    Spark {
        engine: Box<SparkEngine>,
        /// Its working folder, which goes with it.
        work: PathBuf,
    },
}

/// How often a cluster is asked how far it is, and we whether to go on.
#[cfg(feature = "spark")]
const GLANCE: std::time::Duration = std::time::Duration::from_millis(200);

impl RunEngine {
    /// The engine that the pipeline file asks for; a cluster is connected to.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`](crate::error::ErrorKind::Engine) when the cluster does not take us.
    pub fn open(loaded: &Loaded, options: &RunOptions, out: &OutputDir) -> Result<RunEngine> {
        match loaded.config.engine.kind {
            EngineKind::Polars => Ok(RunEngine::Embedded(PolarsEngine::new())),
            EngineKind::Spark => Self::spark(loaded, options, out),
        }
    }

    #[cfg(feature = "spark")]
    fn spark(loaded: &Loaded, options: &RunOptions, out: &OutputDir) -> Result<RunEngine> {
        use crate::error::IoContext;
        let settings = &loaded.config.engine;
        let url = settings.url.clone().ok_or_else(|| Error::config("the address of the cluster is missing"))?;
        let token = match (&settings.token_env, &options.engine_token) {
            (Some(variable), None) => {
                return Err(Error::config(format!("`engine.token_env` names `{variable}`, which is not set"))
                    .hint("put the cluster's token into that environment variable"));
            }
            (_, token) => token.as_ref().map(|token| token.0.clone()),
        };
        let work = out.work();
        std::fs::create_dir_all(&work).writing(&work)?;
        // The cluster does not know the folder that we work in.
        let root = out.root().canonicalize().writing(out.root())?;
        let work = work.canonicalize().writing(&work)?;
        let cluster = Cluster { url, token, root, root_uri: settings.tables.clone() };
        Ok(RunEngine::Spark { engine: Box::new(SparkEngine::connect(cluster, &work)?), work })
    }

    #[cfg(not(feature = "spark"))]
    fn spark(_: &Loaded, _: &RunOptions, _: &OutputDir) -> Result<RunEngine> {
        // The pipeline file was refused for it.
        Err(Error::config("this build of patronage has no client for Spark"))
    }

    /// The engine itself.
    pub fn engine(&self) -> &dyn Engine {
        match self {
            RunEngine::Embedded(engine) => engine,
            #[cfg(feature = "spark")]
            RunEngine::Spark { engine, .. } => &**engine,
        }
    }

    /// Reads the exports.
    ///
    /// # Errors
    /// As [`ingest::stage`].
    pub fn stage(&self, options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged> {
        match self {
            RunEngine::Embedded(_) => ingest::stage(options, monitor, cancel),
            #[cfg(feature = "spark")]
            RunEngine::Spark { engine, .. } => ingest::stage_remote(options, &**engine, monitor, cancel),
        }
    }

    /// Says where published tables go, to an engine that writes them itself.
    pub fn publish_into(&self, building: &Building<'_>) -> Result<()> {
        match self {
            RunEngine::Embedded(_) => {
                let _ = building;
                Ok(())
            }
            #[cfg(feature = "spark")]
            RunEngine::Spark { engine, .. } => {
                use crate::error::IoContext;
                let folder = building.tables_folder()?;
                engine.publish_into(&folder.canonicalize().writing(&folder)?);
                Ok(())
            }
        }
    }

    /// How many tables may be made at once.
    pub fn tables_at_once(&self, options: &RunOptions) -> usize {
        match self {
            // A query uses all threads by itself: a second one beside it hides its waits, more would only add up in memory.
            RunEngine::Embedded(_) => threads(options).div_ceil(2),
            // Waiting for a cluster costs nothing here, and small tables fill the gaps that large ones leave there.
            #[cfg(feature = "spark")]
            RunEngine::Spark { .. } => options.threads.unwrap_or_else(|| threads(options).max(4)),
        }
    }

    /// Most rows of one table that a model may take at once.
    pub fn model_rows(&self, config: &Config, options: &RunOptions) -> Option<u64> {
        match self {
            RunEngine::Embedded(_) => {
                // They are in this process already.
                let _ = config;
                options.model_rows
            }
            #[cfg(feature = "spark")]
            RunEngine::Spark { .. } => options.model_rows.or(Some(config.engine.model_rows)),
        }
    }

    /// What the manifest says of the engine.
    pub fn note(&self) -> Option<String> {
        match self {
            RunEngine::Embedded(_) => None,
            #[cfg(feature = "spark")]
            RunEngine::Spark { engine, .. } => Some(format!("SQL ran on Apache Spark {}", engine.version())),
        }
    }

    /// Does `work`; meanwhile tells how far a cluster is, and stops it when we are asked to stop.
    ///
    /// # Errors
    /// Those of `work`; when it was stopped, what `cancel` says.
    pub fn watched<T>(&self, monitor: &dyn Monitor, cancel: &Cancel, work: impl FnOnce() -> Result<T>) -> Result<T> {
        match self {
            RunEngine::Embedded(_) => {
                // Its progress is that of its tables, and it is stopped between them.
                let _ = (monitor, cancel);
                work()
            }
            #[cfg(feature = "spark")]
            RunEngine::Spark { engine, .. } => watched(engine, monitor, cancel, work),
        }
    }
}

#[cfg(feature = "spark")]
fn watched<T>(
    engine: &SparkEngine,
    monitor: &dyn Monitor,
    cancel: &Cancel,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    let (done, ended) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let stage = || "spark".to_owned();
            let started = std::time::Instant::now();
            let mut told = engine.tasks_ended();
            let before = told;
            monitor.event(Event::StageStarted { stage: stage(), total: None, unit: "tasks" });
            while matches!(ended.recv_timeout(GLANCE), Err(RecvTimeoutError::Timeout)) {
                let tasks = engine.tasks_ended();
                if tasks > told {
                    monitor.event(Event::StageAdvanced { stage: stage(), done: tasks - told });
                    told = tasks;
                }
                if cancel.check().is_err() {
                    // Again and again: a statement may begin after the last one was stopped.
                    engine.interrupt();
                }
            }
            let summary = format!("{} tasks", engine.tasks_ended() - before);
            monitor.event(Event::StageFinished { stage: stage(), summary, elapsed: started.elapsed() });
        });
        let result = work();
        drop(done);
        match (result, cancel.check()) {
            // What a stopped cluster says is about the stop.
            (Err(_), Err(stopped)) => Err(stopped),
            (result, _) => result,
        }
    })
}

impl Drop for RunEngine {
    fn drop(&mut self) {
        match self {
            RunEngine::Embedded(_) => {}
            // Whoever takes the lock next removes what stays.
            #[cfg(feature = "spark")]
            RunEngine::Spark { work, .. } => drop(std::fs::remove_dir_all(work)),
        }
    }
}
