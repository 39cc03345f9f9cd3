//! The output folder as a whole: which runs it holds, which is the latest, and who may change it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::disk;
use super::lock::Lock;
use super::manifest::Manifest;
use super::run_id::RunId;
use super::verify::{SUCCESS_FILE, verify};
use crate::error::{Error, ErrorKind, IoContext, Place, Result};
use crate::monitor::Cancel;

/// What a reader calls the run that was published last.
pub const LATEST: &str = "latest";

/// The folder that `[output] dir` names.
#[derive(Debug, Clone)]
pub struct OutputDir {
    root: PathBuf,
}

/// A whole run in an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRef {
    /// Its id.
    pub id: RunId,
    /// Its folder.
    pub path: PathBuf,
    /// Whether it is published or held back by a gate.
    pub state: RunState,
    /// Whether `latest` names it.
    pub is_latest: bool,
}

/// Where a run stands; its place in the output folder says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunState {
    /// In `runs/`.
    Published,
    /// In `held/`, until it is approved.
    Held,
    /// In `aside/`: some tables only, never `latest`.
    Aside,
}

impl RunState {
    const ALL: [RunState; 3] = [RunState::Published, RunState::Held, RunState::Aside];

    /// Name of the folder that holds runs in this state.
    fn folder(self) -> &'static str {
        match self {
            RunState::Published => "runs",
            RunState::Held => "held",
            RunState::Aside => "aside",
        }
    }
}

impl RunRef {
    /// What the run says about itself.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn manifest(&self) -> Result<Manifest> {
        Manifest::read(&self.path)
    }

    /// Where a published table is, as [`table_path`](super::table_path) says.
    pub fn table(&self, name: &str) -> PathBuf {
        super::table_path(&self.path, name)
    }
}

impl OutputDir {
    /// The output folder at `root`, which need not exist yet; nothing is created before [`OutputDir::lock`].
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when something else than a folder has that name, or when one of the folders in it is a
    /// symbolic link.
    pub fn open(root: &Path) -> Result<OutputDir> {
        let out = OutputDir { root: root.to_path_buf() };
        match fs::metadata(root) {
            Ok(metadata) if !metadata.is_dir() => {
                return Err(Error::output(format!("`{}` is not a folder", root.display()))
                    .hint("set `[output] dir` to a folder"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).writing(root),
            _ => {}
        }
        let runs = RunState::ALL.map(|state| out.folder(state));
        let others = [out.building_dir(), out.discarded_dir(), out.exports_dir(), out.cache()];
        for folder in runs.into_iter().chain(others) {
            disk::refuse_symlink(&folder)?;
        }
        Ok(out)
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an engine keeps what it computes while a run lasts; removed by whoever takes the lock next. No two processes have
    /// the same, for what a killed one has begun elsewhere may go on.
    pub fn work(&self) -> PathBuf {
        let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.building_dir().join(format!("work-{}-{}", std::process::id(), began.as_nanos()))
    }

    /// Where ingest keeps staged inputs.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// Creates the folder if need be and takes its lock, trying for `wait` if another process holds it; then removes what
    /// an earlier run left unfinished.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] when another process holds it, [`ErrorKind::Output`] when the folder cannot be written or
    /// its file system has no locks, and what `cancel` says.
    pub fn lock(&self, wait: Duration, cancel: &Cancel) -> Result<Lock> {
        fs::create_dir_all(&self.root).writing(&self.root)?;
        let lock = Lock::acquire(&self.root.join(".lock"), wait, cancel)?;
        // Whoever wrote there held the lock, and is gone.
        disk::remove_dir(&self.building_dir())?;
        disk::remove_dir(&self.discarded_dir())?;
        Ok(lock)
    }

    /// The run that `latest` names; `None` before the first.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] when `latest` names something that is not a whole run of this folder. A new run replaces
    /// it, so a caller that is about to publish need not stop for that.
    pub fn latest(&self) -> Result<Option<RunRef>> {
        let link = self.root.join(LATEST);
        let broken = || {
            Error::new(ErrorKind::Verify, format!("`{}` does not name a published run", link.display()))
                .hint("the next `patronage run` sets it; or restore the folder `runs/` from a backup")
        };
        let Some(target) = disk::read_link(&link).map_err(|error| broken().because(error))? else {
            return Ok(None);
        };
        let id = target.strip_prefix("runs/").and_then(|id| id.parse::<RunId>().ok()).ok_or_else(broken)?;
        let run = RunRef { is_latest: true, ..self.run(RunState::Published, &id) };
        if is_finished(&run.path) { Ok(Some(run)) } else { Err(broken()) }
    }

    /// The run called `id`, or the latest for `latest`, wherever it stands.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when there is no such run, and as [`OutputDir::latest`].
    pub fn find(&self, id: &str) -> Result<RunRef> {
        let none = |message: String| Error::usage(message).hint("`patronage runs` lists the runs that there are");
        if id == LATEST {
            return self.latest()?.ok_or_else(|| none(format!("no run in `{}` yet", self.root.display())));
        }
        let id: RunId = id.parse()?;
        let found = self.runs()?.into_iter().find(|run| run.id == id);
        found.ok_or_else(|| none(format!("no run `{id}` in `{}`", self.root.display())))
    }

    /// All whole runs, in every state, by id: the oldest `as_of` first. What is not a whole run is passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when the folder cannot be read.
    pub fn runs(&self) -> Result<Vec<RunRef>> {
        let latest = self.latest().ok().flatten().map(|run| run.id);
        let mut runs = Vec::new();
        for state in RunState::ALL {
            let ids = names_in(&self.folder(state))?.into_iter().filter_map(|name| name.parse::<RunId>().ok());
            let whole = ids.map(|id| self.run(state, &id)).filter(|run| is_finished(&run.path));
            runs.extend(whole.map(|run| {
                let is_latest = state == RunState::Published && latest.as_ref() == Some(&run.id);
                RunRef { is_latest, ..run }
            }));
        }
        runs.sort_by(|a, b| (&a.id, a.state).cmp(&(&b.id, b.state)));
        Ok(runs)
    }

    /// Makes `latest` name the published run `id` (unless it names a run with a later `as_of`), if that run is there and
    /// whole: the same night twice does nothing else. `None` when it is not there or is damaged, so that it has to be made.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when the folder cannot be read or `latest` not be set.
    pub fn reuse(&self, lock: &Lock, id: &RunId) -> Result<Option<RunRef>> {
        match self.whole(RunState::Published, id)? {
            Some(_) => self.advance_latest(lock, id).map(Some),
            None => Ok(None),
        }
    }

    /// The run of some tables only with this id, if it is there and whole.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when a symbolic link stands in its place.
    pub fn find_aside(&self, id: &RunId) -> Result<Option<RunRef>> {
        self.whole(RunState::Aside, id)
    }

    fn whole(&self, state: RunState, id: &RunId) -> Result<Option<RunRef>> {
        let run = self.run(state, id);
        disk::refuse_symlink(&run.path)?;
        let whole = is_finished(&run.path) && verify(&run.path).is_whole();
        Ok(whole.then_some(run))
    }

    /// Releases the run `id` that a gate held back: verifies it, moves it into `runs/` and makes `latest` name it,
    /// unless a run with a later `as_of` has been published in the meantime.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when no such run is held, [`ErrorKind::Verify`] when it is damaged, [`ErrorKind::Output`]
    /// when it cannot be moved.
    pub fn approve(&self, lock: &Lock, id: &str) -> Result<RunRef> {
        let run = self.find(id)?;
        match run.state {
            RunState::Held => {}
            RunState::Published => return Err(Error::usage(format!("run `{}` is already published", run.id))),
            RunState::Aside => {
                return Err(Error::usage(format!("run `{}` has some tables only and cannot be published", run.id))
                    .hint("make the whole run: `patronage run` without `--only`"));
            }
        }
        verify(&run.path).into_result()?;
        self.release(&run.path, &run.id)?;
        self.advance_latest(lock, &run.id)
    }

    /// Removes all but the newest `keep` runs of each state, and never the latest; returns what was removed. The newest is the one with the latest `as_of`, and of those the one made last.
    ///
    /// # Errors
    /// [`ErrorKind::Output`] when a folder cannot be read or removed.
    pub fn prune(&self, _lock: &Lock, keep: usize) -> Result<Vec<RunId>> {
        let runs = self.runs()?;
        let mut removed = Vec::new();
        for state in RunState::ALL {
            let mut runs: Vec<&RunRef> = runs.iter().filter(|run| run.state == state).collect();
            runs.sort_by_key(|run| std::cmp::Reverse((run.id.as_of(), made_at(&run.path), run.id.clone())));
            for run in runs.into_iter().skip(keep).filter(|run| !run.is_latest) {
                self.discard(&run.path)?;
                removed.push(run.id.clone());
            }
        }
        removed.sort();
        Ok(removed)
    }

    pub(super) fn building_dir(&self) -> PathBuf {
        self.root.join(".building")
    }

    /// Where exports are, a folder a stream.
    pub(super) fn exports_dir(&self) -> PathBuf {
        self.root.join("exports")
    }

    fn discarded_dir(&self) -> PathBuf {
        self.root.join(".discarded")
    }

    /// Moves the whole run at `from` to its place in `runs/`. A run of the same id is kept when it is whole, since it is
    /// the same run, and replaced when it is not.
    pub(super) fn release(&self, from: &Path, id: &RunId) -> Result<()> {
        match self.whole(RunState::Published, id)? {
            Some(_) => self.discard(from),
            None => self.move_run(from, id, RunState::Published).map(|_| ()),
        }
    }

    /// Moves the whole run of `manifest` at `from` to its place in `held/`. An attempt of the same id is kept when it is
    /// whole and has the same files and verdicts: replacing it takes two steps, between which there would be none. Another
    /// (what a run is compared with may have changed since) is replaced, and a crash in between leaves it to the next
    /// night.
    pub(super) fn hold(&self, from: &Path, manifest: &Manifest) -> Result<RunRef> {
        let same = |there: Manifest| {
            there.files == manifest.files
                && there.gates == manifest.gates
                && there.previous_run == manifest.previous_run
        };
        let there = self.whole(RunState::Held, &manifest.run_id)?;
        match there.filter(|run| run.manifest().is_ok_and(same)) {
            Some(run) => {
                self.discard(from)?;
                Ok(run)
            }
            None => self.move_run(from, &manifest.run_id, RunState::Held),
        }
    }

    /// Moves the whole run at `from` to its place among the runs of that state, replacing one of the same id.
    pub(super) fn move_run(&self, from: &Path, id: &RunId, state: RunState) -> Result<RunRef> {
        let run = self.run(state, id);
        let folder = self.folder(state);
        disk::refuse_symlink(&run.path)?;
        self.create_synced(&folder)?;
        self.discard(&run.path)?;
        disk::rename(from, &run.path)?;
        disk::sync_dir(&folder)?;
        Ok(run)
    }

    /// Makes `latest` name the published run `id`, unless it names a run with a later `as_of`: a past night that is made
    /// again must not set the consumers back. Readers see the old run or the new one, never neither.
    pub(super) fn advance_latest(&self, _lock: &Lock, id: &RunId) -> Result<RunRef> {
        let run = self.run(RunState::Published, id);
        if self.latest().is_ok_and(|latest| latest.is_some_and(|latest| latest.id.as_of() > id.as_of())) {
            return Ok(run);
        }
        let link = self.root.join(LATEST);
        let target = format!("runs/{id}");
        if disk::read_link(&link).ok().flatten().as_deref() != Some(target.as_str()) {
            let temporary = self.root.join("latest.tmp");
            disk::remove_file(&temporary)?;
            disk::create_link(&target, &temporary)?;
            disk::rename(&temporary, &link)?;
        }
        // Also when the link was right: a run that died between rename and sync has left it so.
        disk::sync_dir(&self.root)?;
        Ok(RunRef { is_latest: true, ..run })
    }

    /// Takes the folder of a run out of sight before removing it, so that no half of it is ever found.
    pub(super) fn discard(&self, path: &Path) -> Result<()> {
        if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(());
        }
        let discarded = self.discarded_dir();
        disk::rename(path, &discarded)?;
        disk::remove_dir(&discarded)
    }

    /// Creates a folder of the output folder, so that it is there after a power failure.
    pub(super) fn create_synced(&self, folder: &Path) -> Result<()> {
        if !folder.is_dir() {
            disk::create_dir(folder)?;
            disk::sync_dir(&self.root)?;
        }
        Ok(())
    }

    /// The run `id` in that state, whether or not it is there.
    pub(super) fn run(&self, state: RunState, id: &RunId) -> RunRef {
        let path = self.folder(state).join(id.to_string());
        RunRef { id: id.clone(), path, state, is_latest: false }
    }

    fn folder(&self, state: RunState) -> PathBuf {
        self.root.join(state.folder())
    }
}

/// Whether `path` is a run folder that was written to its end: a real folder with `_SUCCESS` in it.
fn is_finished(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) && path.join(SUCCESS_FILE).is_file()
}

/// When the run was written, as far as the file system knows.
fn made_at(run: &Path) -> Option<SystemTime> {
    fs::metadata(run.join(SUCCESS_FILE)).and_then(|metadata| metadata.modified()).ok()
}

/// Names in a folder that may not be there.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |error: io::Error| {
        Error::output(format!("could not list `{}`", folder.display())).at(Place::file(folder)).because(error)
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    entries.map(|entry| Ok(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned())).collect()
}
