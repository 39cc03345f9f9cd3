//! An export, from the tables of a run to the files of a consumer.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::dataset::{Body, Dataset};
use super::files;
use super::records::Records;
use super::source::Source;
use super::{Consumer, Options, given};
use crate::error::{Error, Result};
use crate::monitor::Cancel;
use crate::publish::{
    ExportId, ExportKind, ExportManifest, ExportRef, OutputDir, RunId, RunRef, RunState, table_place, verify_files,
};

/// What is to be exported, and where to.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who it is for.
    pub consumer: &'static Consumer,
    /// What the caller wants of it.
    pub options: Options,
    /// All of it, even if the consumer was given something before.
    pub full: bool,
    /// A folder to deliver to, besides the place in the output folder.
    pub to: Option<PathBuf>,
    /// How long to wait for another run or export to end.
    pub wait: Duration,
    /// How many exports to keep.
    pub keep: usize,
}

/// What came of an export.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Whether anything was written.
    pub exported: Exported,
    /// The run.
    pub run: RunId,
    /// All of it, or what changed.
    pub kind: ExportKind,
    /// The run that a delta goes on from.
    pub since: Option<ExportId>,
    /// Where the files are.
    pub folder: Option<PathBuf>,
    /// The files.
    pub files: Vec<File>,
    /// Rows that were added, changed and removed, by dataset; unknown of an export that was there before.
    pub changes: Vec<(String, [u64; 3])>,
    /// Rows that are not exported: by dataset, then by reason.
    pub left_out: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Whether an export wrote anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// Yes.
    New,
    /// This very export was the last one: its files are as they were.
    Before,
    /// No: it was only planned.
    Planned,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

/// Exports a published run to a consumer: what changed since it was given something last, or everything. The same command
/// again does nothing else than deliver the same files again.
///
/// # Errors
/// [`ErrorKind::Usage`](crate::error::ErrorKind::Usage) when the run is not published, a limit of the consumer is exceeded or a
/// delta is not possible; [`ErrorKind::Verify`](crate::error::ErrorKind::Verify) when the run's tables or the last export are
/// damaged; [`ErrorKind::Locked`](crate::error::ErrorKind::Locked), [`ErrorKind::Output`](crate::error::ErrorKind::Output), and
/// what `cancel` says.
pub fn export(out: &OutputDir, run: &RunRef, request: &Request, cancel: &Cancel) -> Result<Summary> {
    let begun = Begun::new(out, run, request)?;
    let lock = out.lock(request.wait, cancel)?;
    let stream = out.exports(&begun.stream)?;
    // Read under the lock: another export may have ended while we waited.
    let latest = if request.full { stream.latest().ok().flatten() } else { stream.latest()? };
    if let Some(export) = latest.as_ref().filter(|export| begun.is_done_by(export)) {
        export.verify()?;
        deliver(request, export)?;
        stream.advance(&lock, export, request.keep)?;
        return Ok(begun.summary_of(export, Exported::Before, Vec::new()));
    }
    let base = latest.filter(|_| !request.full);
    let id = begun.id(base.as_ref())?;
    let mut building = stream.begin(&lock, &id)?;
    let manifest = begun.manifest(id, base.as_ref())?;
    let made = begun.make(base.as_ref(), cancel, &mut |part| building.add_file(part.name, part.rows, part.content))?;
    for dataset in &made.datasets {
        if let Body::Records { records, .. } = &dataset.body {
            building.keep(&dataset.name, records.key(), &given::pack(records)?)?;
        }
        cancel.check()?;
    }
    let export = building.settle(ExportManifest { left_out: made.left_out(), ..manifest })?;
    deliver(request, &export)?;
    stream.advance(&lock, &export, request.keep)?;
    Ok(begun.summary_of(&export, Exported::New, made.changes))
}

/// What [`export`] would write, without a lock and without writing anything.
///
/// # Errors
/// As [`export`], but for those of writing.
pub fn plan(out: &OutputDir, run: &RunRef, request: &Request, cancel: &Cancel) -> Result<Summary> {
    let begun = Begun::new(out, run, request)?;
    let stream = out.exports(&begun.stream)?;
    let latest = if request.full { stream.latest().ok().flatten() } else { stream.latest()? };
    if let Some(export) = latest.as_ref().filter(|export| begun.is_done_by(export)) {
        return Ok(begun.summary_of(export, Exported::Before, Vec::new()));
    }
    let base = latest.filter(|_| !request.full);
    let mut files = Vec::new();
    let made = begun.make(base.as_ref(), cancel, &mut |part| {
        files.push(File { name: part.name.to_owned(), rows: part.rows, bytes: part.content.len() as u64 });
        Ok(())
    })?;
    Ok(Summary {
        exported: Exported::Planned,
        run: run.id.clone(),
        kind: kind_of(base.as_ref()),
        since: base.map(|base| base.manifest.export_id),
        folder: None,
        files,
        left_out: made.left_out(),
        changes: made.changes,
    })
}

fn kind_of(base: Option<&ExportRef>) -> ExportKind {
    if base.is_some() { ExportKind::Delta } else { ExportKind::Full }
}

fn deliver(request: &Request, export: &ExportRef) -> Result<()> {
    request.to.as_deref().map_or(Ok(()), |folder| export.deliver(folder))
}

/// An export that is checked and not yet made.
struct Begun<'a> {
    run: &'a RunRef,
    request: &'a Request,
    stream: String,
    source: Source,
}

/// What was made: the datasets, and how many rows of each changed.
struct Made {
    datasets: Vec<Dataset>,
    changes: Vec<(String, [u64; 3])>,
}

impl<'a> Begun<'a> {
    fn new(out: &OutputDir, run: &'a RunRef, request: &'a Request) -> Result<Begun<'a>> {
        let consumer = request.consumer;
        match run.state {
            RunState::Published => {}
            RunState::Held => {
                return Err(Error::usage(format!("run `{}` is held back by a gate", run.id))
                    .hint("look at it, then `patronage approve` it, then export it"));
            }
            RunState::Aside => {
                return Err(Error::usage(format!("run `{}` has some tables only", run.id)).hint("export a whole run"));
            }
        }
        if request.options.table.is_some() && !consumer.of_any_table {
            let message = format!("{} has its own choice of tables", consumer.name);
            return Err(Error::usage(message).hint("`--table` goes with `csv` and `ndjson`"));
        }
        if request.options.include_contact && !consumer.may_hold_contact {
            return Err(Error::usage(format!("{} is never given addresses and telephone numbers", consumer.name))
                .hint("leave `--include-contact` out"));
        }
        if request.to.as_deref().is_some_and(|to| is_inside(to, out.root())) {
            return Err(Error::usage("`--to` is inside the output folder, which is for runs and exports alone")
                .hint("name a folder elsewhere"));
        }
        let stream = match consumer.of_any_table {
            true => {
                format!("{}-{}", consumer.name, request.options.table.as_deref().unwrap_or(super::any_table::DEFAULT))
            }
            false => consumer.name.to_owned(),
        };
        let manifest = run.manifest()?;
        let files = manifest.tables.into_iter().filter_map(|table| Some((table.name, table.file?)));
        let tables = files.map(|(name, file)| (name, run.path.join(file))).collect();
        Ok(Begun { run, request, stream, source: Source::new(consumer.name, &run.id.to_string(), tables) })
    }

    /// Whether `export` is what is asked for.
    fn is_done_by(&self, export: &ExportRef) -> bool {
        let ExportManifest { run_id, options, tool_version, kind, .. } = &export.manifest;
        let same_options = serde_json::to_value(&self.request.options).is_ok_and(|wanted| wanted == *options);
        let kind_fits = !self.request.full || *kind == ExportKind::Full;
        *run_id == self.run.id && same_options && tool_version == VERSION && kind_fits
    }

    /// The name of the export: the run, and a hash of all else that decides its files.
    fn id(&self, base: Option<&ExportRef>) -> Result<ExportId> {
        let base = base.map_or_else(|| "full".to_owned(), |base| base.manifest.export_id.to_string());
        let options = serde_json::to_string(&self.request.options);
        let options = options.map_err(|error| Error::internal("could not write options as JSON").because(error))?;
        let content = format!("{}\n{base}\n{options}\n{VERSION}", self.stream);
        Ok(ExportId::new(&self.run.id, &blake3::hash(content.as_bytes())))
    }

    fn manifest(&self, export_id: ExportId, base: Option<&ExportRef>) -> Result<ExportManifest> {
        let options = serde_json::to_value(&self.request.options);
        Ok(ExportManifest {
            consumer: self.stream.clone(),
            export_id,
            run_id: self.run.id.clone(),
            kind: kind_of(base),
            since: base.map(|base| base.manifest.export_id.clone()),
            options: options.map_err(|error| Error::internal("could not write options as JSON").because(error))?,
            tool_version: VERSION.to_owned(),
            files: Vec::new(),
            left_out: BTreeMap::new(),
            given: BTreeMap::new(),
        })
    }

    /// Makes the datasets, and their files.
    fn make(&self, base: Option<&ExportRef>, cancel: &Cancel, sink: &mut files::Sink<'_>) -> Result<Made> {
        let consumer = self.request.consumer;
        let mut datasets = (consumer.build)(&self.source, &self.request.options)?;
        let read: Vec<String> = self.source.tables_read().iter().map(|table| table_place(table)).collect();
        verify_files(&self.run.path, &read).into_result()?;
        let mut changes = Vec::new();
        for dataset in &mut datasets {
            cancel.check()?;
            let old = match base.map(|base| base.given(&dataset.name)).transpose()?.flatten() {
                Some((packed, key)) => Some(given::unpack(&packed, key)?),
                // Of a dataset that is new, the consumer has nothing.
                None => base.and_then(|_| match &dataset.body {
                    Body::Records { records, .. } => Some(Records::new(records.fields().to_vec(), records.key())),
                    Body::Document { .. } => None,
                }),
            };
            let counts = files::write(consumer.name, dataset, old.as_ref(), sink)?;
            changes.push((dataset.name.clone(), counts));
        }
        Ok(Made { datasets, changes })
    }

    fn summary_of(&self, export: &ExportRef, exported: Exported, changes: Vec<(String, [u64; 3])>) -> Summary {
        let manifest = &export.manifest;
        let file =
            |file: &crate::publish::ExportFile| File { name: file.name.clone(), rows: file.rows, bytes: file.bytes };
        Summary {
            exported,
            run: manifest.run_id.clone(),
            kind: manifest.kind,
            since: manifest.since.clone(),
            folder: Some(self.request.to.clone().unwrap_or_else(|| export.path.clone())),
            files: manifest.files.iter().map(file).collect(),
            changes,
            left_out: manifest.left_out.clone(),
        }
    }
}

impl Made {
    fn left_out(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        let some = self.datasets.iter().filter(|dataset| !dataset.left_out.is_empty());
        some.map(|dataset| (dataset.name.clone(), dataset.left_out.iter().cloned().collect())).collect()
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether `path`, or the nearest folder above it that is there, is `root` or in it.
fn is_inside(path: &std::path::Path, root: &std::path::Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(there) = absolute.ancestors().find_map(|folder| folder.canonicalize().ok()) else { return false };
    root.canonicalize().is_ok_and(|root| there.starts_with(root))
}
