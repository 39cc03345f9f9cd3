//! A run on Spark, which reads the exports too.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::super::run::{RunOptions, threads};
use super::RunEngine;
use crate::config::{Config, Loaded};
use crate::engine::{Cluster, Engine, SparkEngine};
use crate::error::{Error, IoContext, Result};
use crate::ingest::{self, StageOptions, Staged};
use crate::monitor::{Cancel, Event, Monitor};
use crate::publish::{Building, OutputDir};

/// How often a cluster is asked how far it is, and we whether to go on.
const GLANCE: Duration = Duration::from_millis(200);

/// A cluster, and its working folder, which goes with it.
pub struct OnCluster {
    engine: SparkEngine,
    work: PathBuf,
}

impl OnCluster {
    /// Connects to the cluster of the pipeline file.
    ///
    /// # Errors
    /// [`ErrorKind::Engine`](crate::error::ErrorKind::Engine) when it does not take us.
    pub fn open(loaded: &Loaded, options: &RunOptions, out: &OutputDir) -> Result<OnCluster> {
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
        Ok(OnCluster { engine: SparkEngine::connect(cluster, &work)?, work })
    }
}

impl RunEngine for OnCluster {
    fn engine(&self) -> &dyn Engine {
        &self.engine
    }

    fn stage(&self, options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged> {
        ingest::stage_remote(options, &self.engine, monitor, cancel)
    }

    fn publish_into(&self, building: &Building<'_>) -> Result<()> {
        let folder = building.tables_folder()?;
        self.engine.publish_into(&folder.canonicalize().writing(&folder)?);
        Ok(())
    }

    fn tables_at_once(&self, options: &RunOptions) -> usize {
        // Waiting for a cluster costs nothing here, and small tables fill the gaps that large ones leave there.
        options.threads.unwrap_or_else(|| threads(options).max(4))
    }

    fn model_rows(&self, config: &Config, options: &RunOptions) -> Option<u64> {
        options.model_rows.or(Some(config.engine.model_rows))
    }

    fn note(&self) -> Option<String> {
        Some(format!("SQL ran on Apache Spark {}", self.engine.version()))
    }

    fn watch(&self, monitor: &dyn Monitor, cancel: &Cancel, work: &mut dyn FnMut()) {
        let engine = &self.engine;
        let (done, ended) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let stage = || "spark".to_owned();
                let started = Instant::now();
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
            work();
            drop(done);
        });
    }
}

impl Drop for OnCluster {
    fn drop(&mut self) {
        // Whoever takes the lock next removes what stays.
        let _ = std::fs::remove_dir_all(&self.work);
    }
}
