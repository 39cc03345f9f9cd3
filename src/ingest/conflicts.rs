//! Rows that share a key but not their content: the strictly newest wins, or all are rejected.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::array_value_to_string;
use rayon::prelude::*;

use super::file::StagedFile;
use super::mapping::{HASH, KEY, LINE, Mapping, OFFSET, RECORD};
use super::order::Fate;
use super::parts;
use super::reject::{Reject, RejectReason, kept_value};
use crate::error::{Error, Result};

/// Keys that are compared at once: sixteen bytes each.
const KEYS_AT_ONCE: u64 = 8 << 20;

/// Rows that must not be staged because of their key, and the rejects among them by file.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    pub fates: HashMap<(usize, i64), Fate>,
    pub rejects: BTreeMap<usize, Vec<Reject>>,
}

/// A row whose key occurs with several contents.
struct Candidate {
    file: usize,
    record: i64,
    line: i64,
    offset: Option<i64>,
    updated_us: Option<i64>,
    content: Box<[u8]>,
    hash: i64,
}

/// Finds the conflicts among the rows of all files before `before_us`.
pub(super) fn find(
    mapping: &Mapping,
    files: &[StagedFile],
    before_us: Option<i64>,
    show_personal: bool,
) -> Result<Conflicts> {
    if mapping.key.is_empty() {
        return Ok(Conflicts::default());
    }
    let suspects = suspects(files)?;
    if suspects.is_empty() {
        return Ok(Conflicts::default());
    }
    let mut conflicts = Conflicts::default();
    for (key, rows) in candidates(mapping, files, &suspects, before_us)? {
        decide(mapping, &key, rows, show_personal, &mut conflicts);
    }
    for rejects in conflicts.rejects.values_mut() {
        rejects.sort_by_key(|reject| reject.record);
    }
    Ok(conflicts)
}

/// Hashes of keys that occur with more than one hash of content.
fn suspects(files: &[StagedFile]) -> Result<HashSet<i64>> {
    let rows: u64 = files.iter().map(|file| file.entry.counts.staged).sum();
    let passes = rows.div_ceil(KEYS_AT_ONCE).max(1);
    let parts: Vec<_> = paths(files).collect();
    let mut suspects = HashSet::new();
    for pass in 0..passes {
        let pairs: Vec<Vec<(i64, i64)>> = parts
            .par_iter()
            .map(|(_, path)| {
                let mut pairs = Vec::new();
                for batch in parts::read(path, None, Some(&[KEY, HASH]))? {
                    let (keys, hashes) = (long(&batch, KEY)?, long(&batch, HASH)?);
                    let both = keys.iter().zip(hashes.values());
                    let both = both.filter_map(|(key, hash)| key.map(|key| (key, *hash)));
                    pairs.extend(both.filter(|(key, _)| key.cast_unsigned() % passes == pass));
                }
                Ok(pairs)
            })
            .collect::<Result<_>>()?;
        let mut pairs: Vec<(i64, i64)> = pairs.into_iter().flatten().collect();
        pairs.par_sort_unstable();
        let differ = pairs.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
        suspects.extend(differ.map(|pair| pair[0].0));
    }
    Ok(suspects)
}

fn paths(files: &[StagedFile]) -> impl Iterator<Item = (usize, std::path::PathBuf)> {
    files
        .iter()
        .enumerate()
        .flat_map(|(index, file)| file.entry.runs.iter().flatten().map(move |part| (index, file.dir.join(&part.name))))
}

fn long<'b>(batch: &'b RecordBatch, name: &str) -> Result<&'b Int64Array> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.ok_or_else(|| Error::internal(format!("a staged file lacks `{name}`")))
}

/// The rows of suspect keys, by the values of the key.
fn candidates(
    mapping: &Mapping,
    files: &[StagedFile],
    suspects: &HashSet<i64>,
    before_us: Option<i64>,
) -> Result<BTreeMap<Vec<String>, Vec<Candidate>>> {
    let failed = |error: arrow::error::ArrowError| Error::internal("rows could not be compared").because(error);
    let mut by_key: BTreeMap<Vec<String>, Vec<Candidate>> = BTreeMap::new();
    for (file, path) in paths(files) {
        for batch in parts::read(&path, None, None)? {
            let keys = long(&batch, KEY)?;
            let rows: Vec<usize> = (0..batch.num_rows())
                .filter(|&row| !keys.is_null(row) && suspects.contains(&keys.value(row)))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let staged = &batch.columns()[..mapping.slots.len()];
            let fields = staged.iter().map(|column| SortField::new(column.data_type().clone())).collect();
            let contents = RowConverter::new(fields).and_then(|converter| converter.convert_columns(staged));
            let contents = contents.map_err(failed)?;
            let time = mapping.input.time.and_then(|name| batch.column_by_name(name));
            let time = time.map(|time| time.as_primitive::<Int64Type>());
            let updated = batch.column_by_name("updated_at_us").map(|updated| updated.as_primitive::<Int64Type>());
            let offsets = long(&batch, OFFSET)?;
            for row in rows {
                if before_us.zip(time).is_some_and(|(before, time)| time.value(row) >= before) {
                    continue;
                }
                let mut key = Vec::new();
                for &column in &mapping.key {
                    let name = &mapping.columns[column].contract.staged.name;
                    let column =
                        batch.column_by_name(name).ok_or_else(|| Error::internal("a key column is missing"))?;
                    key.push(array_value_to_string(column, row).map_err(failed)?);
                }
                by_key.entry(key).or_default().push(Candidate {
                    file,
                    record: long(&batch, RECORD)?.value(row),
                    line: long(&batch, LINE)?.value(row),
                    offset: (!offsets.is_null(row)).then(|| offsets.value(row)),
                    updated_us: updated.filter(|updated| !updated.is_null(row)).map(|updated| updated.value(row)),
                    content: contents.row(row).as_ref().into(),
                    hash: long(&batch, HASH)?.value(row),
                });
            }
        }
    }
    Ok(by_key)
}

/// Decides what becomes of the rows of one key.
fn decide(mapping: &Mapping, key: &[String], mut rows: Vec<Candidate>, show_personal: bool, into: &mut Conflicts) {
    rows.sort_by_key(|row| (row.file, row.record));
    if !mapping.keep_duplicates {
        // Exact repetitions are dropped as such, and only the first can be in conflict with others.
        let mut seen = HashSet::new();
        rows.retain(|row| seen.insert(row.hash));
    }
    let newest = rows.iter().filter_map(|row| row.updated_us).max();
    let contents: HashSet<&[u8]> = rows.iter().map(|row| &*row.content).collect();
    let winners: HashSet<&[u8]> =
        rows.iter().filter(|row| newest.is_some() && row.updated_us == newest).map(|row| &*row.content).collect();
    let winner = match (contents.len(), winners.len()) {
        // What differs is not staged: the rows say the same.
        (0 | 1, _) => rows.first().map(|row| row.content.clone()),
        (_, 1) => winners.into_iter().next().map(Into::into),
        _ => None,
    };
    let mut won = false;
    for row in rows {
        let place = (row.file, row.record);
        match &winner {
            Some(winner) if *winner == row.content && (!won || mapping.keep_duplicates) => won = true,
            Some(_) => {
                into.fates.insert(place, Fate::Superseded);
            }
            None => {
                into.fates.insert(place, Fate::Conflict);
                into.rejects.entry(row.file).or_default().push(reject(mapping, key, &row, show_personal));
            }
        }
    }
}

fn reject(mapping: &Mapping, key: &[String], row: &Candidate, show_personal: bool) -> Reject {
    let masked = !show_personal && mapping.key.iter().any(|&column| mapping.columns[column].masked);
    Reject {
        record: row.record as u64,
        line: row.line as u64,
        byte_offset: row.offset.map(|at| at as u64),
        column: Some(mapping.input.key.join(",")),
        value: Some(kept_value(&key.join(","), masked)),
        reason: RejectReason::KeyConflict,
    }
}
