//! All files of an input to one sorted table: repetitions across files dropped, keys made unique, cut at `as_of`.
//!
//! A single sorted run with nothing to leave out is the table as it is. Otherwise the runs are read range by range of
//! the sort order, each range as large as memory allows, sorted together and written again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cache::{self, Entry, Growing};
use super::conflicts::{self, Conflicts};
use super::events;
use super::file::StagedFile;
use super::mapping::Mapping;
use super::order::{Chunk, Filter, Order, Outcome, Place, Written};
use super::parts::{self, Part};
use super::reject::Reject;
use super::reject_file;
use super::repair::{self, Repairs};
use super::report::{Counts, FileReport, InputReport};
use crate::error::{IoContext, Result};
use crate::monitor::Cancel;

/// What combining needs beside the files.
pub(super) struct Options<'a> {
    pub mapping: &'a Mapping,
    pub cancel: &'a Cancel,
    /// Folder of the input's combined tables.
    pub cache: PathBuf,
    pub fingerprint: &'a str,
    /// Start of the first day that is not read.
    pub before_us: Option<i64>,
    /// Bytes of rows to hold at once.
    pub memory: usize,
    pub show_personal: bool,
}

/// What is known of a combined input.
#[derive(Debug, Serialize, Deserialize)]
struct CombinedEntry {
    /// Whether the only file's parts are the table.
    direct: bool,
    parts: Vec<Part>,
    /// Counts of each file, in the order of their names.
    counts: Vec<Counts>,
    reasons: BTreeMap<String, u64>,
    line_types: BTreeMap<String, u64>,
    /// Repairs that only all events of a contact together call for.
    repairs: Repairs,
    /// Contacts by the state of their event stream.
    completeness: BTreeMap<String, u64>,
    rejects: Option<(String, String)>,
}

impl Entry for CombinedEntry {
    fn files(&self) -> Vec<(&str, &str)> {
        let parts = self.parts.iter().map(|part| (part.name.as_str(), part.blake3.as_str()));
        parts.chain(self.rejects.iter().map(|(name, blake3)| (name.as_str(), blake3.as_str()))).collect()
    }
}

/// A combined input: its sorted parts, what became of its rows, and its rejects.
pub(super) struct Combined {
    pub parts: Vec<PathBuf>,
    pub report: InputReport,
    pub rejects: Option<PathBuf>,
}

/// Combines the staged files of an input, which are in the order of their names.
pub(super) fn combine(options: &Options, files: &[StagedFile]) -> Result<Combined> {
    let dir = options.cache.join(entry_key(options, files));
    let entry = match cache::load::<CombinedEntry>(&dir) {
        Some(entry) => entry,
        None => {
            let growing = Growing::create(&options.cache)?;
            let entry = make(options, files, growing.dir())?;
            growing.keep(&entry, &dir)?;
            entry
        }
    };
    remove_others(&options.cache, &dir)?;
    let report = report(options.mapping, files, &entry)?;
    let parts = if entry.direct {
        files.iter().flat_map(|file| file.entry.runs.iter().flatten().map(|part| file.dir.join(&part.name))).collect()
    } else {
        entry.parts.iter().map(|part| dir.join(&part.name)).collect()
    };
    Ok(Combined { parts, report, rejects: entry.rejects.map(|(name, _)| dir.join(name)) })
}

fn entry_key(options: &Options, files: &[StagedFile]) -> String {
    let before = format!("{:?}", options.before_us.filter(|_| cuts(options, files)));
    let mut texts = vec![options.fingerprint.to_owned(), before];
    for file in files {
        texts.push(file.name.clone());
        texts.push(file.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    }
    cache::key(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether any row is out of window.
fn cuts(options: &Options, files: &[StagedFile]) -> bool {
    let newest = files.iter().filter_map(|file| file.entry.max_ts_us).max();
    options.before_us.zip(newest).is_some_and(|(before, newest)| newest >= before)
}

/// Combined tables of other nights are of no more use.
fn remove_others(parent: &Path, kept: &Path) -> Result<()> {
    for entry in std::fs::read_dir(parent).reading(parent)?.flatten() {
        if entry.path() != kept {
            std::fs::remove_dir_all(entry.path()).writing(&entry.path())?;
        }
    }
    Ok(())
}

fn make(options: &Options, files: &[StagedFile], dir: &Path) -> Result<CombinedEntry> {
    let mut entry = CombinedEntry {
        direct: false,
        parts: Vec::new(),
        counts: files.iter().map(|file| file.entry.counts).collect(),
        reasons: BTreeMap::new(),
        line_types: BTreeMap::new(),
        repairs: Repairs::new(),
        completeness: BTreeMap::new(),
        rejects: None,
    };
    let mut found = BTreeMap::new();
    if options.mapping.folding.is_some() {
        let (parts, folded) = events::fold(options, files, dir)?;
        events::settle(&mut entry.counts, &folded.outcomes);
        (entry.parts, entry.repairs, entry.completeness) = (parts, folded.repairs, folded.completeness);
    } else {
        let conflicts = conflicts::find(options.mapping, files, options.before_us, options.show_personal)?;
        found = gather(options, files, conflicts, dir, &mut entry)?;
    }
    let staged = files.iter().flat_map(|file| file.entry.runs.iter().flatten());
    let staged: Vec<&Part> = if entry.direct { staged.collect() } else { entry.parts.iter().collect() };
    for (line_type, count) in staged.into_iter().flat_map(|part| &part.line_types) {
        *entry.line_types.entry(line_type.clone()).or_default() += count;
    }
    let rejects: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let stored = file.entry.rejects.as_ref().map(|(name, _)| file.dir.join(name));
            (file.name.as_str(), stored, found.remove(&index).unwrap_or_default())
        })
        .collect();
    let blake3 = reject_file::write_input(&dir.join("rejects.parquet"), &rejects)?;
    entry.rejects = blake3.map(|blake3| ("rejects.parquet".to_owned(), blake3));
    Ok(entry)
}

/// Merges the files' runs, unless they are the table as they are. Gives the rejects of conflicts, by file.
fn gather(
    options: &Options,
    files: &[StagedFile],
    conflicts: Conflicts,
    dir: &Path,
    entry: &mut CombinedEntry,
) -> Result<BTreeMap<usize, Vec<Reject>>> {
    let runs: usize = files.iter().map(|file| file.entry.runs.len()).sum();
    entry.direct = runs <= 1 && conflicts.fates.is_empty() && !cuts(options, files);
    if !entry.direct {
        let filter = Filter { before_us: options.before_us, fates: conflicts.fates };
        let written = merge(options, &groups(files), &filter, dir)?;
        for (file, outcome) in &written.outcomes {
            settle(&mut entry.counts[*file], outcome);
            for (reason, tally) in [("superseded", outcome.superseded), ("key_conflict", outcome.conflict)] {
                if tally.rows > 0 {
                    *entry.reasons.entry(reason.to_owned()).or_default() += tally.rows;
                }
            }
        }
        entry.parts = written.parts;
    }
    Ok(conflicts.rejects)
}

/// Moves rows of a file from staged to what became of them.
fn settle(counts: &mut Counts, outcome: &Outcome) {
    counts.staged = outcome.staged.rows;
    counts.amount_staged_e4 = outcome.staged.amount_e4;
    for dropped in [outcome.duplicate, outcome.superseded] {
        counts.duplicate += dropped.rows;
        counts.amount_duplicate_e4 += dropped.amount_e4;
    }
    counts.rejected += outcome.conflict.rows;
    counts.amount_rejected_e4 += outcome.conflict.amount_e4;
    counts.out_of_window += outcome.out_of_window.rows;
    counts.amount_out_of_window_e4 += outcome.out_of_window.amount_e4;
}

/// Row groups of a part, with what they span.
pub(super) struct Group<'a> {
    pub file: usize,
    pub path: PathBuf,
    pub part: &'a Part,
}

/// The parts of all files.
pub(super) fn groups(files: &[StagedFile]) -> Vec<Group<'_>> {
    files
        .iter()
        .enumerate()
        .flat_map(|(index, file)| {
            let parts = file.entry.runs.iter().flatten();
            parts.map(move |part| Group { file: index, path: file.dir.join(&part.name), part })
        })
        .collect()
}

/// Merges sorted parts into sorted parts in `dir`.
pub(super) fn merge(options: &Options, parts: &[Group], filter: &Filter, dir: &Path) -> Result<Written> {
    let order = Order::new(options.mapping)?;
    let mut written = Written { parts: Vec::new(), outcomes: BTreeMap::new() };
    for (low, high) in ranges(parts, options.memory) {
        options.cancel.check()?;
        let chunks: Vec<Vec<Chunk>> =
            parts.par_iter().map(|group| read_range(&order, group, low, high)).collect::<Result<_>>()?;
        let chunks: Vec<Chunk> = chunks.into_iter().flatten().collect();
        let range = order.write(&chunks, filter, dir, written.parts.len(), options.cancel)?;
        written.parts.extend(range.parts);
        for (file, outcome) in range.outcomes {
            *written.outcomes.entry(file).or_default() += outcome;
        }
    }
    Ok(written)
}

/// Ranges of the sort order, from a place (included) to a place (excluded), each of about `memory` bytes.
fn ranges<'a>(parts: &[Group<'a>], memory: usize) -> Vec<(Option<&'a Place>, Option<&'a Place>)> {
    let bytes: u64 = parts.iter().map(|group| group.part.memory_bytes).sum();
    let count = bytes.div_ceil(memory.max(1) as u64).max(1) as usize;
    let mut places: Vec<&Place> = parts.iter().flat_map(|group| &group.part.groups).collect();
    places.sort_unstable();
    let mut borders: Vec<&Place> =
        (1..count).filter_map(|range| places.get(range * places.len() / count).copied()).collect();
    borders.dedup();
    let lows = std::iter::once(None).chain(borders.iter().copied().map(Some));
    let highs = borders.iter().copied().map(Some).chain([None]);
    lows.zip(highs).collect()
}

/// The rows of a part from `low` on and before `high`.
fn read_range(order: &Order, group: &Group, low: Option<&Place>, high: Option<&Place>) -> Result<Vec<Chunk>> {
    let part = group.part;
    let overlaps = |index: &usize| {
        let end = part.groups.get(index + 1).unwrap_or(&part.last);
        high.is_none_or(|high| part.groups[*index] < *high) && low.is_none_or(|low| end >= low)
    };
    let groups: Vec<usize> = (0..part.groups.len()).filter(overlaps).collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mut chunks = Vec::new();
    for batch in parts::read(&group.path, Some(groups), None)? {
        let from = low.map_or(0, |low| rows_before(order, &batch, low));
        let to = high.map_or(batch.num_rows(), |high| rows_before(order, &batch, high));
        if from < to {
            chunks.push(Chunk { batch: batch.slice(from, to - from), file: group.file });
        }
    }
    Ok(chunks)
}

/// How many rows of a sorted batch stand before `place`.
fn rows_before(order: &Order, batch: &RecordBatch, place: &Place) -> usize {
    let (mut low, mut high) = (0, batch.num_rows());
    while low < high {
        let middle = low + (high - low) / 2;
        if order.place(batch, middle) < *place { low = middle + 1 } else { high = middle }
    }
    low
}

fn report(mapping: &Mapping, files: &[StagedFile], entry: &CombinedEntry) -> Result<InputReport> {
    let mut report =
        InputReport { input: mapping.input.name.to_owned(), absent: mapping.absent(), ..Default::default() };
    report.reasons.clone_from(&entry.reasons);
    report.line_types.clone_from(&entry.line_types);
    report.repairs.clone_from(&entry.repairs);
    report.completeness.clone_from(&entry.completeness);
    for (file, counts) in files.iter().zip(&entry.counts) {
        counts.check(&format!("`{}`", file.name))?;
        report.totals += *counts;
        for (reason, count) in &file.entry.reasons {
            *report.reasons.entry(reason.clone()).or_default() += count;
        }
        repair::add(&mut report.repairs, &file.entry.repairs);
        report.unmapped.extend(file.entry.unmapped.iter().cloned());
        report.files.push(FileReport {
            path: file.name.clone(),
            bytes: file.entry.bytes,
            blake3: file.entry.blake3.clone(),
            format: file.entry.format.clone(),
            compression: file.entry.compression.clone(),
            encoding: file.entry.encoding.clone(),
            line_ends: file.entry.line_ends,
            counts: *counts,
            cached: file.cached,
            min_ts_us: file.entry.min_ts_us,
            max_ts_us: file.entry.max_ts_us,
        });
    }
    report.unmapped.sort();
    report.unmapped.dedup();
    report.totals.check(&format!("the input `{}`", report.input))?;
    Ok(report)
}
