//! The events of all files of an input, folded: a share of the contacts at a time, each share as large as memory allows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Int64Type;
use rayon::prelude::*;

use super::combine::{Group, Options, groups, merge};
use super::file::StagedFile;
use super::fold::{self, Folded};
use super::mapping::KEY;
use super::order::{Chunk, Filter, Order};
use super::parts::{self, Part};
use super::report::Counts;
use crate::error::{Error, IoContext, Result};

/// Folds the events of `files` into sorted parts in `dir`. The counts of the result are of all contacts; it holds no rows.
///
/// # Errors
/// Those of [`fold::fold`], and of reading and writing parts.
pub(super) fn fold(options: &Options, files: &[StagedFile], dir: &Path) -> Result<(Vec<Part>, Folded)> {
    let order = Order::new(options.mapping)?;
    let events = groups(files);
    let bytes: u64 = events.iter().map(|group| group.part.memory_bytes).sum();
    let shares = bytes.div_ceil(options.memory.max(1) as u64).max(1);
    // One share is in order as it is written; several are merged.
    let runs_dir = if shares == 1 { dir.to_path_buf() } else { dir.join("shares") };
    std::fs::create_dir_all(&runs_dir).writing(&runs_dir)?;
    let mut counts = Folded::default();
    let mut runs: Vec<Part> = Vec::new();
    for share in 0..shares {
        options.cancel.check()?;
        let chunks: Vec<Vec<Chunk>> =
            events.par_iter().map(|group| read_share(group, share, shares)).collect::<Result<_>>()?;
        let chunks: Vec<Chunk> = chunks.into_iter().flatten().collect();
        let folded = fold::fold(options.mapping, &chunks, options.before_us)?;
        drop(chunks);
        counts.count(&folded);
        let written = order.write(&folded.chunks, &Filter::default(), &runs_dir, runs.len(), options.cancel)?;
        runs.extend(written.parts);
    }
    if shares == 1 {
        return Ok((runs, counts));
    }
    let path = |part: &Part| -> PathBuf { runs_dir.join(&part.name) };
    let groups: Vec<Group> = runs.iter().map(|part| Group { file: 0, path: path(part), part }).collect();
    let written = merge(options, &groups, &Filter::default(), dir)?;
    std::fs::remove_dir_all(&runs_dir).writing(&runs_dir)?;
    Ok((written.parts, counts))
}

/// The events of a part whose contacts belong to the share.
fn read_share(group: &Group, share: u64, shares: u64) -> Result<Vec<Chunk>> {
    let batches = parts::read(&group.path, None, None)?.into_iter();
    let chunks = batches.map(|batch| Ok(Chunk { batch: of_share(batch, share, shares)?, file: group.file }));
    chunks.filter(|chunk: &Result<Chunk>| chunk.as_ref().map_or(true, |chunk| chunk.batch.num_rows() > 0)).collect()
}

fn of_share(batch: RecordBatch, share: u64, shares: u64) -> Result<RecordBatch> {
    if shares == 1 {
        return Ok(batch);
    }
    let keys = batch.column_by_name(KEY).and_then(|keys| keys.as_primitive_opt::<Int64Type>());
    let keys = keys.ok_or_else(|| Error::internal("a staged file lacks its keys"))?;
    let wanted: BooleanArray = keys.values().iter().map(|key| Some(key.cast_unsigned() % shares == share)).collect();
    filter_record_batch(&batch, &wanted)
        .map_err(|error| Error::internal("events could not be shared out").because(error))
}

/// What became of the rows of each file, now that its events are folded.
pub(super) fn settle(counts: &mut [Counts], outcomes: &BTreeMap<usize, fold::Outcome>) {
    for (file, counts) in counts.iter_mut().enumerate() {
        let outcome = outcomes.get(&file).copied().unwrap_or_default();
        counts.staged = outcome.staged;
        counts.folded = outcome.folded;
        counts.duplicate += outcome.duplicate;
        counts.out_of_window += outcome.out_of_window;
        counts.anonymous = outcome.anonymous;
    }
}
