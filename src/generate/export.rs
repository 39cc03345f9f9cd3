//! Exports that are sorted though nobody ever holds one in memory.
//!
//! Rows arrive in any order from any thread with a key of two numbers. They are kept in buckets, each a range of the
//! first number, and spilled to disk; at the end one bucket after the other is sorted and written. Keys are unique, so
//! the bytes do not depend on the order of arrival. Memory is a few buckets, whatever the size of the export.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use rayon::prelude::*;

use super::dirt::Faults;
use crate::error::{Error, IoContext, Result};
use crate::monitor::Cancel;

/// Bytes that a bucket should hold: sorting one takes about three times that, on each thread.
const BUCKET_BYTES: u64 = 4 << 20;
/// Bytes of all buckets of an export that may wait in memory before they are spilled.
const WAITING_BYTES: usize = 12 << 20;

/// One export under construction.
pub(super) struct Export {
    header: &'static str,
    files: Vec<PathBuf>,
    buckets: Vec<Bucket>,
    gzip: bool,
    waiting_bytes: usize,
}

/// The rows of one range of keys.
struct Bucket {
    /// Smallest first number of a key.
    start: u64,
    /// Index of the file.
    file: usize,
    spill: PathBuf,
    state: Mutex<Spill>,
}

#[derive(Default)]
struct Spill {
    /// Records that are not on disk yet: key, length, row.
    waiting: Vec<u8>,
    rows: u64,
    spilled: bool,
}

/// Where a bucket begins, and which file it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// Smallest first number of a key.
    pub(super) start: u64,
    /// Index of the file.
    pub(super) file: usize,
}

/// Cuts `0..keys` into buckets of about [`BUCKET_BYTES`], for an export of about `bytes`, without crossing one of
/// `borders` (ascending, the first one 0), each of which begins a file. Buckets begin at multiples of `unit`.
pub(super) fn ranges(keys: u64, bytes: u64, unit: u64, borders: &[u64]) -> Vec<Range> {
    let wanted = (bytes / BUCKET_BYTES).max(1);
    let width = (keys / wanted).max(1).div_ceil(unit) * unit;
    let mut ranges = Vec::new();
    for (file, &border) in borders.iter().enumerate() {
        let end = borders.get(file + 1).copied().unwrap_or(keys).max(border + 1);
        let mut start = border;
        while start < end {
            ranges.push(Range { start, file });
            start += width;
        }
    }
    ranges
}

/// What one export came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Rows, without headers and planted faults.
    pub(super) rows: u64,
    /// Bytes on disk.
    pub(super) bytes: u64,
}

impl Export {
    /// An export into `files` (in the order of `ranges`), with its spills at `spills` and a number behind.
    pub(super) fn new(
        header: &'static str,
        files: Vec<PathBuf>,
        ranges: Vec<Range>,
        spills: &Path,
        gzip: bool,
    ) -> Self {
        let waiting_bytes = WAITING_BYTES / ranges.len().max(1);
        let buckets = ranges
            .into_iter()
            .enumerate()
            .map(|(index, Range { start, file })| Bucket {
                start,
                file,
                spill: spills.with_extension(index.to_string()),
                state: Mutex::default(),
            })
            .collect();
        Export { header, files, buckets, gzip, waiting_bytes }
    }

    /// A place to put rows, one for each thread.
    pub(super) fn sink(&self) -> Sink<'_> {
        Sink { export: self, records: vec![(Vec::new(), 0); self.buckets.len()] }
    }

    /// Rows that arrived so far.
    pub(super) fn rows(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.state().rows).sum()
    }

    /// Sorts and writes everything, a few buckets at a time, with `faults` planted; at most `threads` at once.
    ///
    /// # Errors
    /// Output, when the disk fails; a signal.
    pub(super) fn finish(self, faults: &Faults, threads: usize, cancel: &Cancel) -> Result<Written> {
        let mut written = Written { rows: self.rows(), bytes: 0 };
        let mut before = 0;
        let firsts: Vec<(usize, u64)> = self
            .buckets
            .iter()
            .enumerate()
            .map(|(index, bucket)| {
                let first = (index, before);
                before += bucket.state().rows;
                first
            })
            .collect();
        let mut file: Option<(usize, File)> = None;
        for some in firsts.chunks(threads.max(1)) {
            cancel.check()?;
            let texts = some
                .par_iter()
                .map(|&(index, first_row)| self.sorted(index, first_row, faults))
                .collect::<Result<Vec<_>>>()?;
            for (&(index, _), text) in some.iter().zip(texts) {
                let number = self.buckets[index].file;
                let path = &self.files[number];
                if file.as_ref().is_none_or(|&(open, _)| open != number) {
                    file = Some((number, File::create_new(path).writing(path)?));
                }
                if let Some((_, file)) = &mut file {
                    file.write_all(&text).writing(path)?;
                }
                written.bytes += text.len() as u64;
            }
        }
        Ok(written)
    }

    /// The text of one bucket, with the header where it begins a file, compressed where that is wanted.
    fn sorted(&self, index: usize, first_row: u64, faults: &Faults) -> Result<Vec<u8>> {
        let bucket = &self.buckets[index];
        let records = bucket.take()?;
        let mut rows = split(&records)?;
        rows.sort_unstable_by_key(|row| row.0);
        let mut text = Vec::with_capacity(records.len());
        if index == 0 || self.buckets[index - 1].file != bucket.file {
            text.extend_from_slice(self.header.as_bytes());
            text.push(b'\n');
        }
        let mut faults = faults.of(first_row..first_row + rows.len() as u64, self.header);
        for (row, number) in rows.iter().zip(first_row..) {
            faults.write(number, row.1, &mut text);
        }
        faults.finish(&mut text);
        if !self.gzip {
            return Ok(text);
        }
        compress(&text).writing(&self.files[bucket.file])
    }
}

/// One gzip member.
///
/// # Errors
/// None in practice: it is written to memory.
pub(super) fn compress(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

/// One record: its key and its row.
type Record<'a> = ((u64, u64), &'a [u8]);

const KEY_BYTES: usize = 16;
const HEAD_BYTES: usize = KEY_BYTES + 4;

fn split(mut records: &[u8]) -> Result<Vec<Record<'_>>> {
    let broken = || Error::internal("a spilled bucket of the generator is cut short");
    let mut rows = Vec::new();
    while !records.is_empty() {
        let (head, rest) = records.split_first_chunk::<HEAD_BYTES>().ok_or_else(broken)?;
        let number = |range: std::ops::Range<usize>| {
            head[range].iter().rev().fold(0_u64, |number, &byte| number << 8 | u64::from(byte))
        };
        let (row, rest) = rest.split_at_checked(number(KEY_BYTES..HEAD_BYTES) as usize).ok_or_else(broken)?;
        rows.push(((number(0..8), number(8..16)), row));
        records = rest;
    }
    Ok(rows)
}

impl Bucket {
    fn state(&self) -> std::sync::MutexGuard<'_, Spill> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, records: &[u8], rows: u64, waiting_bytes: usize) -> Result<()> {
        let mut state = self.state();
        state.waiting.extend_from_slice(records);
        state.rows += rows;
        if state.waiting.len() > waiting_bytes {
            // Opened for each spill, so that many buckets need few file handles.
            let mut file = OpenOptions::new().append(true).create(true).open(&self.spill).writing(&self.spill)?;
            file.write_all(&state.waiting).writing(&self.spill)?;
            state.waiting.clear();
            state.spilled = true;
        }
        Ok(())
    }

    /// All records, from disk and memory; the spill is removed.
    fn take(&self) -> Result<Vec<u8>> {
        let mut state = self.state();
        let mut records = Vec::new();
        if state.spilled {
            File::open(&self.spill).and_then(|mut file| file.read_to_end(&mut records)).reading(&self.spill)?;
            fs::remove_file(&self.spill).writing(&self.spill)?;
        }
        records.append(&mut state.waiting);
        state.waiting = Vec::new();
        Ok(records)
    }
}

/// Rows on their way into an [`Export`], from one thread.
pub(super) struct Sink<'a> {
    export: &'a Export,
    records: Vec<(Vec<u8>, u64)>,
}

impl Sink<'_> {
    /// Adds a row without its line end. Keys are unique within an export.
    pub(super) fn push(&mut self, key: (u64, u64), row: &[u8]) {
        let later = self.export.buckets.partition_point(|bucket| bucket.start <= key.0);
        let (records, rows) = &mut self.records[later.max(1) - 1];
        records.extend_from_slice(&key.0.to_le_bytes());
        records.extend_from_slice(&key.1.to_le_bytes());
        records.extend_from_slice(&(row.len() as u32).to_le_bytes());
        records.extend_from_slice(row);
        *rows += 1;
    }

    /// Hands everything over; the buffers stay for the next rows.
    ///
    /// # Errors
    /// Output, when the disk fails.
    pub(super) fn flush(&mut self) -> Result<()> {
        for ((records, rows), bucket) in self.records.iter_mut().zip(&self.export.buckets) {
            if *rows > 0 {
                bucket.add(records, *rows, self.export.waiting_bytes)?;
                records.clear();
                *rows = 0;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::dirt::Faults;
    use crate::generate::streams::Streams;

    #[test]
    fn ranges_cover_all_keys_and_stop_at_file_borders() {
        let range = |start, file| Range { start, file };
        assert_eq!(ranges(100, 0, 1, &[0]), [range(0, 0)]);
        assert_eq!(ranges(100, 3 * BUCKET_BYTES, 10, &[0]), [range(0, 0), range(40, 0), range(80, 0)]);
        assert_eq!(
            ranges(100, 3 * BUCKET_BYTES, 10, &[0, 50]),
            [range(0, 0), range(40, 0), range(50, 1), range(90, 1)]
        );
    }

    #[test]
    fn rows_come_out_sorted_from_disk_and_memory_with_a_header_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let files = vec![dir.path().join("a.csv"), dir.path().join("b.csv")];
        let cuts = ranges(100, 5 * BUCKET_BYTES, 10, &[0, 50]);
        let mut export = Export::new("key", files.clone(), cuts, &dir.path().join("spill"), false);
        export.waiting_bytes = 60;
        let mut sink = export.sink();
        for number in 0..200_u64 {
            let key = (number * 37 % 100, number / 100);
            sink.push(key, format!("{}-{}", key.0, key.1).as_bytes());
            if number % 3 == 0 {
                sink.flush().unwrap();
            }
        }
        sink.flush().unwrap();
        assert!(dir.path().join("spill.0").exists());
        let streams = Streams::new(1);
        let written = export.finish(&Faults::none(&streams), 2, &Cancel::new()).unwrap();
        let file = |keys: std::ops::Range<u64>| {
            let rows: String = keys.map(|key| format!("{key}-0\n{key}-1\n")).collect();
            format!("key\n{rows}")
        };
        assert_eq!(fs::read_to_string(&files[0]).unwrap(), file(0..50));
        assert_eq!(fs::read_to_string(&files[1]).unwrap(), file(50..100));
        assert_eq!(written.rows, 200);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
