//! Staging one file: read, parsed in parallel, sorted in runs that fit in memory, kept as one cache entry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use serde::{Deserialize, Serialize};

use super::cache::{self, Entry, Growing};
use super::mapping::{Mapping, RECORD};
use super::order::{Chunk, Filter, Order, Tally};
use super::parts::Part;
use super::reject::{Reject, RejectReason};
use super::reject_file::RejectWriter;
use super::repair::{self, Repairs};
use super::report::{Counts, LineEnds};
use super::rows::BlockRows;
use super::source::{self, Source};
use super::{columnar, text_file};
use crate::config::{Format, InputConfig};
use crate::error::{Error, IoContext, Place, Result};
use crate::monitor::{Cancel, Event, Monitor};

/// What all files of an input share.
pub(super) struct Context<'a> {
    pub mapping: &'a Mapping,
    pub settings: &'a InputConfig,
    pub monitor: &'a dyn Monitor,
    pub cancel: &'a Cancel,
    /// Folder of the input's cache entries.
    pub cache: PathBuf,
    /// All that the staged rows depend on beside the file.
    pub fingerprint: String,
    /// Bytes of rows to hold before they are sorted and written.
    pub memory: usize,
    pub threads: usize,
    pub show_personal: bool,
}

/// What is known of a staged file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    pub bytes: u64,
    pub blake3: String,
    pub format: String,
    pub compression: String,
    pub encoding: String,
    pub line_ends: LineEnds,
    pub counts: Counts,
    pub min_ts_us: Option<i64>,
    pub max_ts_us: Option<i64>,
    pub reasons: BTreeMap<String, u64>,
    pub repairs: Repairs,
    pub unmapped: Vec<String>,
    /// Sorted runs, each in several files.
    pub runs: Vec<Vec<Part>>,
    /// Name and BLAKE3 of the rejects, if there are any.
    pub rejects: Option<(String, String)>,
}

impl Entry for FileEntry {
    fn files(&self) -> Vec<(&str, &str)> {
        let parts = self.runs.iter().flatten().map(|part| (part.name.as_str(), part.blake3.as_str()));
        parts.chain(self.rejects.iter().map(|(name, blake3)| (name.as_str(), blake3.as_str()))).collect()
    }
}

/// A staged file and where its rows are.
pub(super) struct StagedFile {
    /// Its path as it is reported.
    pub name: String,
    pub dir: PathBuf,
    pub entry: FileEntry,
    pub cached: bool,
}

/// What was found out about a file's text or schema.
pub(super) struct Description {
    pub format: &'static str,
    pub encoding: &'static str,
    pub line_ends: LineEnds,
    pub unmapped: BTreeSet<String>,
}

/// Stages the file at `path`, or finds it in the cache.
///
/// # Errors
/// [`ErrorKind::Input`](crate::error::ErrorKind::Input) when it cannot be read as a whole.
pub(super) fn stage(context: &Context, path: &Path, name: &str) -> Result<StagedFile> {
    let bytes = std::fs::metadata(path).reading(path)?.len();
    if bytes == 0 {
        return Err(empty(path));
    }
    if context.may_know(bytes) {
        let found = source::hash_file(path)?;
        let dir = context.entry_dir(path, found.bytes, &found.blake3);
        if let Some(entry) = cache::load::<FileEntry>(&dir) {
            return Ok(StagedFile { name: name.to_owned(), dir, entry, cached: true });
        }
    }
    let growing = Growing::create(&context.cache)?;
    let entry = read(context, path, name, growing.dir())?;
    let dir = context.entry_dir(path, entry.bytes, &entry.blake3);
    growing.keep(&entry, &dir)?;
    Ok(StagedFile { name: name.to_owned(), dir, entry, cached: false })
}

/// The error for a file without any content.
pub(super) fn empty(path: &Path) -> Error {
    Error::input("empty_input: the file is empty, it has not even a header")
        .at(Place::file(path))
        .hint("ask for the file again; an export of nothing still has a header")
}

impl Context<'_> {
    /// Whether the cache holds a file of that size at all, so that it is worth hashing it first.
    fn may_know(&self, bytes: u64) -> bool {
        let prefix = format!("{bytes}-");
        let Ok(entries) = std::fs::read_dir(&self.cache) else { return false };
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
    }

    fn entry_dir(&self, path: &Path, bytes: u64, blake3: &str) -> PathBuf {
        // The name can decide the format.
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let kind = name.trim_end_matches(".gz").trim_end_matches(".zst").rsplit('.').next().unwrap_or_default();
        self.cache.join(format!("{bytes}-{}", cache::key(&[&self.fingerprint, kind, blake3])))
    }

    fn warn(&self, message: String) {
        self.monitor.event(Event::Warning { message });
    }
}

fn read(context: &Context, path: &Path, name: &str, dir: &Path) -> Result<FileEntry> {
    let mut source = Source::open(path, context.settings.max_expansion)?;
    if source.head.is_empty() {
        return Err(empty(path));
    }
    let format = source::format_of(path, &source.head, context.settings.format)?;
    warn_of_name(context, path, name, &source);
    let mut collector = Collector::new(context, path, dir)?;
    let compression = source.compression.name();
    let (description, finished) = if format == Format::Parquet {
        if source.compression != source::Compression::None {
            return Err(Error::input("a packed Parquet file")
                .at(Place::file(path))
                .hint("unpack it: Parquet is packed inside"));
        }
        let finished = source::hash_file(path)?;
        (columnar::read(context, path, &mut collector)?, finished)
    } else {
        let description = text_file::read(context, path, format, &mut source, &mut collector)?;
        (description, source.finish(path)?)
    };
    if format == Format::Parquet && source::hash_file(path)?.blake3 != finished.blake3 {
        return Err(Error::input("the file changed while it was read").at(Place::file(path)));
    }
    collector.finish(description, compression, finished)
}

fn warn_of_name(context: &Context, path: &Path, name: &str, source: &Source) {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let promised = match extension.as_deref() {
        Some("gz") => source::Compression::Gzip,
        Some("zst") => source::Compression::Zstd,
        _ => source::Compression::None,
    };
    if promised != source.compression {
        let found = source.compression.name();
        context.warn(format!("`{name}` is packed with {found}, whatever its name says"));
    }
}

/// A parsed block and what it says of the file.
pub(super) struct Parsed {
    pub rows: BlockRows,
    /// Names of columns that it has, in formats where each record names them.
    pub names: BTreeSet<String>,
}

/// Gathers parsed blocks in their order, and writes a sorted run whenever enough are there.
pub(super) struct Collector<'a> {
    context: &'a Context<'a>,
    path: &'a Path,
    order: Order<'a>,
    dir: &'a Path,
    chunks: Vec<Chunk>,
    held: usize,
    rejects: RejectWriter,
    counts: Counts,
    min_ts_us: Option<i64>,
    max_ts_us: Option<i64>,
    reasons: BTreeMap<String, u64>,
    repairs: Repairs,
    first_ambiguous: Option<Reject>,
    runs: Vec<Vec<Part>>,
    /// Names of columns seen so far, in formats where each record names them.
    pub names: BTreeSet<String>,
}

impl<'a> Collector<'a> {
    fn new(context: &'a Context<'a>, path: &'a Path, dir: &'a Path) -> Result<Self> {
        Ok(Collector {
            order: Order::new(context.mapping)?,
            context,
            path,
            dir,
            chunks: Vec::new(),
            held: 0,
            rejects: RejectWriter::new(dir.join("rejects.parquet")),
            counts: Counts::default(),
            min_ts_us: None,
            max_ts_us: None,
            reasons: BTreeMap::new(),
            repairs: Repairs::new(),
            first_ambiguous: None,
            runs: Vec::new(),
            names: BTreeSet::new(),
        })
    }

    /// Parses all blocks that `next` gives, in parallel, with at most a few of them in memory beside the rows held.
    pub fn parse_all<B: Send>(
        &mut self,
        mut next: impl FnMut() -> Result<Option<B>>,
        parse: impl Fn(B) -> Result<Parsed> + Sync,
    ) -> Result<()> {
        let mut ended = false;
        while !ended {
            let results: Mutex<Vec<(usize, Result<Parsed>)>> = Mutex::new(Vec::new());
            let (waiting, new, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
            let most_waiting = 2 * self.context.threads;
            let work = |index: usize, block: B| {
                let result = parse(block);
                match &result {
                    Ok(parsed) => new.fetch_add(held_bytes(&parsed.rows), Ordering::Relaxed),
                    Err(_) => usize::from(failed.swap(true, Ordering::Relaxed)),
                };
                results.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
            };
            ended = rayon::in_place_scope(|scope| {
                for index in 0.. {
                    self.context.cancel.check()?;
                    if failed.load(Ordering::Relaxed) {
                        return Ok(true);
                    }
                    if self.held + new.load(Ordering::Relaxed) > self.context.memory {
                        return Ok(false);
                    }
                    let Some(block) = next()? else { return Ok(true) };
                    // Whoever reads helps parsing when the others do not keep up: so memory stays bounded.
                    if waiting.load(Ordering::Relaxed) >= most_waiting {
                        work(index, block);
                        continue;
                    }
                    waiting.fetch_add(1, Ordering::Relaxed);
                    let (work, waiting) = (&work, &waiting);
                    scope.spawn(move |_| {
                        work(index, block);
                        waiting.fetch_sub(1, Ordering::Relaxed);
                    });
                }
                Ok::<bool, Error>(true)
            })?;
            let mut parsed = results.into_inner().unwrap_or_else(PoisonError::into_inner);
            parsed.sort_unstable_by_key(|(index, _)| *index);
            for (_, result) in parsed {
                self.add(result?)?;
            }
            if !ended {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Takes the next block, and gives its rows their place in the file.
    fn add(&mut self, parsed: Parsed) -> Result<()> {
        let base = self.counts.read;
        let mut rows = parsed.rows;
        self.names.extend(parsed.names);
        self.held += held_bytes(&rows);
        for reject in &mut rows.rejects {
            reject.record += base;
            *self.reasons.entry(reject.reason.code().to_owned()).or_default() += 1;
            if reject.reason == RejectReason::AmbiguousDate && self.first_ambiguous.is_none() {
                self.first_ambiguous = Some(reject.clone());
            }
        }
        self.rejects.write(&rows.rejects)?;
        repair::add(&mut self.repairs, &rows.repairs);
        self.counts.read += rows.read;
        self.counts.skipped += rows.skipped;
        self.counts.rejected += rows.rejects.len() as u64;
        self.counts.anonymous += rows.anonymous;
        self.counts.amount_read_e4 += rows.amount_read_e4;
        self.counts.amount_rejected_e4 += rows.amount_rejected_e4;
        self.min_ts_us = [self.min_ts_us, rows.min_ts_us].into_iter().flatten().min();
        self.max_ts_us = self.max_ts_us.max(rows.max_ts_us);
        if rows.batch.num_rows() > 0 {
            self.chunks.push(Chunk { batch: moved_records(rows.batch, base)?, file: 0 });
        }
        Ok(())
    }

    /// Sorts and writes what is held, as one run.
    fn flush(&mut self) -> Result<()> {
        let first_part = self.runs.iter().map(Vec::len).sum();
        let chunks = std::mem::take(&mut self.chunks);
        self.held = 0;
        if chunks.is_empty() {
            return Ok(());
        }
        let written = self.order.write(&chunks, &Filter::default(), self.dir, first_part, self.context.cancel)?;
        for outcome in written.outcomes.values() {
            let Tally { rows, amount_e4 } = outcome.staged;
            self.counts.staged += rows;
            self.counts.amount_staged_e4 += amount_e4;
            self.counts.duplicate += outcome.duplicate.rows;
            self.counts.amount_duplicate_e4 += outcome.duplicate.amount_e4;
        }
        self.runs.push(written.parts);
        Ok(())
    }

    fn finish(mut self, description: Description, compression: &str, finished: source::Finished) -> Result<FileEntry> {
        self.check_dates()?;
        self.warn_of_encoding(description.encoding);
        self.flush()?;
        let rejects = self.rejects.finish()?.map(|blake3| ("rejects.parquet".to_owned(), blake3));
        self.counts.check(&format!("`{}`", self.path.display()))?;
        Ok(FileEntry {
            bytes: finished.bytes,
            blake3: finished.blake3,
            format: description.format.to_owned(),
            compression: compression.to_owned(),
            encoding: description.encoding.to_owned(),
            line_ends: description.line_ends,
            counts: self.counts,
            min_ts_us: self.min_ts_us,
            max_ts_us: self.max_ts_us,
            reasons: self.reasons,
            repairs: self.repairs,
            unmapped: description.unmapped.into_iter().collect(),
            runs: self.runs,
            rejects,
        })
    }

    /// A few bad bytes are an accident, many are another encoding.
    fn warn_of_encoding(&self, encoding: &str) {
        let invalid = self.reasons.get(RejectReason::InvalidUtf8.code()).copied().unwrap_or(0);
        if invalid * 100 > self.counts.read {
            let path = self.path.display();
            self.context.warn(format!(
                "{invalid} of {} rows of `{path}` are not {encoding}: set the input's `encoding` to `latin-1` or `gb18030`",
                self.counts.read
            ));
        }
    }

    /// A file most of whose dates read like `03/04/2011` has a format that nobody named.
    fn check_dates(&self) -> Result<()> {
        let ambiguous = self.reasons.get(RejectReason::AmbiguousDate.code()).copied().unwrap_or(0);
        let Some(first) = self.first_ambiguous.as_ref().filter(|_| ambiguous * 2 > self.counts.read) else {
            return Ok(());
        };
        let column = first.column.as_deref().unwrap_or_default();
        let input = self.context.mapping.input.name;
        Err(Error::config(format!(
            "day and month of `inputs.{input}.columns.{column}` are ambiguous without a `format`"
        ))
        .at(Place::file(self.path).at_line(first.line))
        .hint(format!(
            "set `{column} = {{ column = \"...\", format = \"%d/%m/%Y\" }}` if the day comes first, or \
                 \"%m/%d/%Y\" if the month does, with `%H:%M:%S` behind if there is a time"
        )))
    }
}

/// Bytes that a parsed block holds on to.
fn held_bytes(rows: &BlockRows) -> usize {
    rows.batch.get_array_memory_size()
}

/// The batch with its record numbers counted from the start of the file.
fn moved_records(batch: RecordBatch, base: u64) -> Result<RecordBatch> {
    let failed = |error| Error::internal("records could not be numbered").because(error);
    let index = batch.schema().index_of(RECORD).map_err(failed)?;
    let moved: Int64Array = batch.column(index).as_primitive::<Int64Type>().unary(|record| record + base as i64);
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[index] = Arc::new(moved);
    RecordBatch::try_new(batch.schema(), columns).map_err(failed)
}
