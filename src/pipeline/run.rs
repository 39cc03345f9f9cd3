//! One run, from the pipeline file to the published folder.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use serde::Serialize;

use super::engines::{self, RunEngine, watched};
use super::execute::{Executed, Workshop};
use super::graph::{Graph, Maker};
use super::identity::{identity, sql_overrides};
use super::leaves::{Leaves, load_leaves};
use super::memory::PeakMeter;
use super::predicates::predicate_tables;
use super::quality::{self, Check, Severity};
use super::replay::{Replay, SNAPSHOTS};
use super::summary::{self, Summary};
use super::{fits, gates, periods, previous, refusals, rule_files, scorecard_files};
use crate::config::Loaded;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::{self, CacheMark, StageOptions, Staged};
use crate::models::Secrets;
use crate::monitor::{Cancel, Monitor};
use crate::publish::manifest::{Configuration, WallClock};
use crate::publish::{Building, Manifest, OutputDir, RunId, RunRef, RunState, TableMetadata};

/// Version of the program: part of a run's identity, since another version may compute other tables.
pub(super) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a run is asked for, beyond the pipeline file.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// End of what is read; left out, the day after the newest transaction.
    pub as_of: Option<Date>,
    /// Tables to make, with what they need; empty for all. Such a run never becomes `latest`.
    pub only: Vec<String>,
    /// Make the run even when it is published already.
    pub force: bool,
    /// Threads to use; left out, one a core.
    pub threads: Option<usize>,
    /// Memory to stay within, in bytes.
    pub memory: Option<u64>,
    /// Most rows of one table that a model may take at once; left out, as many as there are.
    pub model_rows: Option<u64>,
    /// How long to wait for a lock that another run holds.
    pub wait: Duration,
    /// Keep the values of rejected rows, except personal ones.
    pub keep_raw_rejects: bool,
    /// When the run was started, RFC 3339, from the caller's clock; goes into the manifest only.
    pub started_at: Option<String>,
    /// The command line, for the manifest.
    pub command_line: Vec<String>,
    /// What models need and no table may hold.
    pub secrets: Secrets,
    /// What the cluster of `[engine]` wants to see of us. It changes no table.
    pub engine_token: Option<Token>,
}

/// A token, which is never shown.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// How a run ended that did not fail.
#[derive(Debug)]
pub enum Outcome {
    /// It was made and published.
    Published(Summary),
    /// This very run was published before; `latest` names it.
    AlreadyPublished(Summary),
    /// Some tables only were asked for: they were made, and set aside.
    SetAside(Summary),
}

/// What would run, from what, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The run's id: a published run of this id would be reused.
    pub run_id: String,
    /// Whether that run is published already.
    pub already_published: bool,
    /// End of what is read.
    pub as_of: String,
    /// Whether `as_of` was given, or is the day after the newest transaction.
    pub as_of_given: bool,
    /// The published run that changes are counted against.
    pub previous_run: Option<String>,
    /// What was read.
    pub inputs: Vec<summary::InputLine>,
    /// The tables in the order in which they would be made.
    pub steps: Vec<PlanStep>,
}

/// One table of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanStep {
    /// The table.
    pub table: String,
    /// Who makes it.
    pub maker: String,
    /// Tables that it reads.
    pub reads: Vec<String>,
    /// Whether it is computed once and kept, or computed by its readers.
    pub kept: bool,
    /// Whether it is published.
    pub published: bool,
    /// Why it is made.
    pub why: String,
}

/// What the data-quality checks found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// End of what was read.
    pub as_of: String,
    /// What was read.
    pub inputs: Vec<summary::InputLine>,
    /// The checks, errors first.
    pub checks: Vec<Check>,
}

impl CheckReport {
    /// Whether no check of severity error failed.
    pub fn passed(&self) -> bool {
        !self.checks.iter().any(|check| !check.passed && check.severity == Severity::Error)
    }
}

/// A run whose inputs are staged and whose graph is known: what `plan` shows and `run` goes on from.
pub(super) struct Prepared {
    pub(super) graph: Graph,
    pub(super) staged: Staged,
    pub(super) as_of: Date,
    run_id: RunId,
    pub(super) previous: Option<RunRef>,
    overrides: BTreeMap<String, String>,
    cache_mark: CacheMark,
}

impl Prepared {
    /// Our own SQL takes ids for opaque. A user's may look into them, or make ids of its own.
    pub(super) fn may_code_ids(&self) -> bool {
        !self.graph.nodes.iter().any(|node| matches!(node.maker, Maker::Sql(_)) && node.is_users())
    }

    /// What the leaves of the graph are made of.
    pub(super) fn leaves(&self) -> Leaves<'_> {
        Leaves {
            graph: &self.graph,
            staged: &self.staged,
            as_of: self.as_of,
            is_past: false,
            previous: self.previous.as_ref(),
        }
    }
}

/// Runs the pipeline and publishes what it makes.
///
/// # Errors
/// Of every kind that [`ErrorKind`] knows; [`ErrorKind::Gate`] when a gate held the run back, which is then kept for
/// `approve`.
pub fn run(loaded: &Loaded, options: &RunOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Outcome> {
    let started = Instant::now();
    let out = output_dir(loaded)?;
    let lock = out.lock(options.wait, cancel)?;
    let engine = engines::open(loaded, options, &out)?;
    let prepared = prepare(loaded, options, &out, &*engine, monitor, cancel)?;
    let staged_in = started.elapsed();
    if !options.force
        && let Some(run) = reuse(&out, &lock, &prepared, options)?
    {
        let summary = summary::summary(&run, &prepared.staged, started.elapsed())?;
        return Ok(match run.state {
            RunState::Aside => Outcome::SetAside(summary),
            _ => Outcome::AlreadyPublished(summary),
        });
    }
    let building = Building::create(&out, &lock, &prepared.run_id)?;
    let memory = PeakMeter::default();
    engine.publish_into(&building)?;
    let (executed, mut stages) = watched(&*engine, monitor, cancel, || {
        make_tables(loaded, options, &prepared, &*engine, &building, &memory, (monitor, cancel))
    })?;
    stages.insert("ingest".to_owned(), staged_in.as_secs_f64());

    let mut manifest = Manifest::new(prepared.run_id.clone(), TOOL_VERSION, &loaded.config.project.name);
    manifest.as_of_given = prepared.staged.as_of_given;
    manifest.configuration = Configuration {
        text: loaded.text.clone(),
        blake3: blake3::hash(loaded.text.as_bytes()).to_hex().to_string(),
        sql_overrides: prepared.overrides.clone(),
    };
    for input in prepared.staged.inputs.iter().filter(|input| input.given) {
        manifest.inputs.push(report_for_manifest(&input.report)?);
        if let Some(rejects) = &input.rejects {
            let rows = input.report.totals.rejected;
            manifest.rejects.push(building.write_rejects(input.input.name, rejects, rows)?);
        }
    }
    manifest.gates = gates::reject_ratio(&loaded.config.gates, &prepared.staged);
    manifest.gates.extend(gates::no_transactions(&prepared.staged));
    manifest.gates.extend(gates::reconciliation(building.path(), &prepared.staged)?);
    manifest.gates.extend(gates::targets(building.path())?);
    manifest.gates.extend(gates::population_change(&loaded.config.gates, building.path(), prepared.previous.as_ref())?);
    manifest.previous_run = prepared.previous.as_ref().map(|run| run.id.clone());
    manifest.models = fits::reports(building.path())?;
    for (family, table) in [("affinity", "affinity_figures"), ("recommendations", "recommendation_figures")] {
        let (counted, limits) = fits::figures(building.path(), family, table)?;
        manifest.models.extend(counted);
        manifest.notes.extend(limits);
    }
    manifest.notes.extend(executed.notes);
    manifest.notes.extend(rule_files::write(&building, &loaded.config.affinity)?);
    manifest.notes.extend(scorecard_files::write(&building, &loaded.config.attrition.model)?);
    manifest.notes.extend(engine.note());
    manifest.tables = executed.tables;
    manifest.wall_clock = WallClock {
        started_at: options.started_at.clone(),
        seconds: started.elapsed().as_secs_f64(),
        stages,
        tables: executed.costs,
        peak_memory_bytes: memory.overall(),
        threads: threads(options),
        command_line: options.command_line.clone(),
    };
    let held: Vec<String> = manifest.gates.iter().filter(|gate| gate.held).map(|gate| gate.message.clone()).collect();
    cancel.check()?;
    let sealed = building.seal(manifest)?;
    let run = if options.only.is_empty() { sealed.settle()? } else { sealed.set_aside()? };
    if run.state == RunState::Held {
        return Err(Error::new(ErrorKind::Gate, format!("run `{}` is held back: {}", run.id, held.join("; ")))
            .hint(format!("look at it in `{}`; `patronage approve {}` publishes it", run.path.display(), run.id)));
    }
    out.prune(&lock, loaded.config.output.keep_runs)?;
    if options.only.is_empty() {
        ingest::sweep_cache(&out.cache(), prepared.cache_mark)?;
    }
    let summary = summary::summary(&run, &prepared.staged, started.elapsed())?;
    Ok(if run.state == RunState::Aside { Outcome::SetAside(summary) } else { Outcome::Published(summary) })
}

/// The report of an input as the manifest keeps it: without which files came from the cache, which is a matter of the
/// night and not of the run.
fn report_for_manifest(report: &ingest::InputReport) -> Result<serde_json::Value> {
    let mut report = serde_json::to_value(report)
        .map_err(|error| Error::internal("the report of an input cannot be written").because(error))?;
    for file in report["files"].as_array_mut().into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        file.remove("cached");
    }
    Ok(report)
}

/// What [`run`] would do: the same code, stopped before the first table is made.
///
/// # Errors
/// As [`run`], up to there.
pub fn plan(loaded: &Loaded, options: &RunOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Plan> {
    let out = output_dir(loaded)?;
    let _lock = out.lock(options.wait, cancel)?;
    let engine = engines::open(loaded, options, &out)?;
    let prepared = prepare(loaded, options, &out, &*engine, monitor, cancel)?;
    let published = |run: &RunRef| run.id == prepared.run_id && run.state == RunState::Published;
    let why = |node: &super::graph::Node| {
        let readers = prepared.graph.readers(&node.table.name);
        match (node.table.published, readers.is_empty()) {
            (true, _) => "published".to_owned(),
            (false, false) => format!("read by {}", readers.join(", ")),
            (false, true) => "asked for".to_owned(),
        }
    };
    Ok(Plan {
        run_id: prepared.run_id.to_string(),
        already_published: out.runs()?.iter().any(published),
        as_of: prepared.as_of.to_string(),
        as_of_given: prepared.staged.as_of_given,
        previous_run: prepared.previous.as_ref().map(|run| run.id.to_string()),
        inputs: summary::input_lines(&prepared.staged),
        steps: prepared
            .graph
            .nodes
            .iter()
            .map(|node| PlanStep {
                table: node.table.name.to_string(),
                maker: node.maker_label(),
                reads: node.reads.clone(),
                kept: node.is_kept(),
                published: node.table.published,
                why: why(node),
            })
            .collect(),
    })
}

/// Reads the inputs and checks them; makes no table and publishes nothing.
///
/// # Errors
/// As [`run`], for the pipeline file and the inputs. Findings are not errors: see [`CheckReport::passed`].
pub fn check(loaded: &Loaded, options: &RunOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<CheckReport> {
    let out = output_dir(loaded)?;
    let _lock = out.lock(options.wait, cancel)?;
    let engine = engines::open(loaded, options, &out)?;
    let prepared = prepare(loaded, options, &out, &*engine, monitor, cancel)?;
    Ok(CheckReport {
        as_of: prepared.as_of.to_string(),
        inputs: summary::input_lines(&prepared.staged),
        checks: quality::checks(&loaded.config, &prepared.staged),
    })
}

/// The output folder of a pipeline file.
///
/// # Errors
/// [`ErrorKind::Output`] when it cannot be one.
pub fn output_dir(loaded: &Loaded) -> Result<OutputDir> {
    OutputDir::open(&loaded.dir.join(&loaded.config.output.dir))
}

pub(super) fn threads(options: &RunOptions) -> usize {
    options.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

pub(super) fn prepare(
    loaded: &Loaded,
    options: &RunOptions,
    out: &OutputDir,
    engine: &dyn RunEngine,
    monitor: &dyn Monitor,
    cancel: &Cancel,
) -> Result<Prepared> {
    // A mistake in the pipeline file or in SQL is told before hours of reading.
    let graph = Graph::new(&loaded.dir, &predicate_tables(&loaded.config)?)?.only(&options.only)?;
    refusals::routing_key(&loaded.config, &graph, &options.secrets)?;
    let stage_options = StageOptions {
        config: &loaded.config,
        dir: &loaded.dir,
        cache: &out.cache(),
        as_of: options.as_of,
        threads: threads(options),
        memory: options.memory,
        keep_raw_rejects: options.keep_raw_rejects,
    };
    let cache_mark = ingest::mark_cache(&out.cache())?;
    let staged = watched(engine, monitor, cancel, || engine.stage(&stage_options, monitor, cancel))?;
    refusals::own_output(loaded, out, &staged)?;
    refusals::amounts(&staged)?;
    let as_of = periods::day_of_epoch(staged.as_of_day)?;
    let previous = previous::previous_run(out, as_of)?;
    let overrides = sql_overrides(&graph);
    let run_id = RunId::new(as_of, &identity(loaded, options, &staged, previous.as_ref(), &graph));
    Ok(Prepared { graph, staged, as_of, run_id, previous, overrides, cache_mark })
}

/// The run, if it is published and whole. A run of some tables only never becomes `latest`.
fn reuse(
    out: &OutputDir,
    lock: &crate::publish::Lock,
    prepared: &Prepared,
    options: &RunOptions,
) -> Result<Option<RunRef>> {
    if options.only.is_empty() { out.reuse(lock, &prepared.run_id) } else { out.find_aside(&prepared.run_id) }
}

/// Makes the tables; also the seconds of each stage of that.
fn make_tables(
    loaded: &Loaded,
    options: &RunOptions,
    prepared: &Prepared,
    run_engine: &dyn RunEngine,
    building: &Building<'_>,
    memory: &PeakMeter,
    (monitor, cancel): (&dyn Monitor, &Cancel),
) -> Result<(Executed, BTreeMap<String, f64>)> {
    let engine = run_engine.engine();
    let mut stages = BTreeMap::new();
    let metadata = TableMetadata { as_of: prepared.as_of.to_string(), tool_version: TOOL_VERSION.to_owned() };
    let workshop = Workshop {
        engine,
        building: Some(building),
        keep: &[],
        metadata: &metadata,
        threads: run_engine.tables_at_once(options),
        secrets: &options.secrets,
        memory_limit: options.memory,
        model_rows: run_engine.model_rows(&loaded.config, options),
        memory,
        monitor,
        cancel,
    };
    let leaves = prepared.leaves();
    load_leaves(engine, &loaded.config, leaves)?;
    if prepared.may_code_ids() {
        engine.code_ids()?;
    }
    let mut notes = Vec::new();
    // Before the tables of the run, so that the memory of both is not needed at once.
    if let Some(node) = prepared.graph.node(SNAPSHOTS) {
        let started = Instant::now();
        let mut replay = Replay::new(&loaded.config, leaves, &workshop);
        engine.insert(&node.table, &replay.snapshots(prepared.as_of)?)?;
        notes.extend(replay.note());
        stages.insert("replay".to_owned(), started.elapsed().as_secs_f64());
    }
    let started = Instant::now();
    let mut executed = workshop.make(&prepared.graph)?;
    stages.insert("tables".to_owned(), started.elapsed().as_secs_f64());
    executed.notes.splice(..0, notes);
    Ok((executed, stages))
}
