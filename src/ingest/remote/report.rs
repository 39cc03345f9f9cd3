//! What became of every row of an input, by aggregate queries over its kept rows.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::fates::{self, CONFLICT, DUPLICATE, FATE, LATE, STAGED, SUPERSEDED};
use super::rows::{AMOUNT, FILE, HASH, Projection, REASON, SKIPPED};
use super::source::{Opened, RemoteFile, longs, optional_longs, texts};
use crate::engine::ExportReader;
use crate::error::{Error, Result};
use crate::ingest::mapping::Mapping;
use crate::ingest::report::{Counts, FileReport, InputReport, LineEnds};

/// What is known of one file's rows before their fates are.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct FileCounts {
    pub counts: Counts,
    pub min_ts_us: Option<i64>,
    pub max_ts_us: Option<i64>,
    /// The sum of its rows' hashes: the same in any order and number of files.
    pub content: i128,
}

/// What was read of an input, by the name of its file as it is reported.
pub(super) type Read = BTreeMap<String, FileCounts>;

/// Counts the rows of `rows` by file.
pub(super) fn read(reader: &dyn ExportReader, mapping: &Mapping, files: &[RemoteFile], rows: &str) -> Result<Read> {
    let kept = fates::kept();
    let time =
        mapping.time.map_or("CAST(NULL AS BIGINT)", |index| mapping.columns[index].contract.staged.name.as_ref());
    let anonymous = match mapping.customer {
        Some(index) => format!("{kept} AND {} IS NULL", mapping.columns[index].contract.staged.name),
        None => kept.clone(),
    };
    let answer = reader.ask(&format!(
        "SELECT {FILE}, COUNT(*), COUNT_IF({SKIPPED}), COUNT_IF({REASON} IS NOT NULL), COUNT_IF({anonymous}), \
         CAST(SUM(CASE WHEN NOT {SKIPPED} THEN CAST({AMOUNT} AS DECIMAL(38,0)) END) AS STRING), \
         CAST(SUM(CASE WHEN {REASON} IS NOT NULL THEN CAST({AMOUNT} AS DECIMAL(38,0)) END) AS STRING), \
         MIN(CASE WHEN {kept} THEN {time} END), MAX(CASE WHEN {kept} THEN {time} END), \
         CAST(SUM(CAST(XXHASH64({HASH}) AS DECIMAL(38,0))) AS STRING) FROM {rows} GROUP BY {FILE}"
    ))?;
    let numbers =
        |column: usize| longs(&answer, column).map(|numbers| numbers.into_iter().map(|n| n as u64).collect::<Vec<_>>());
    let names = texts(&answer, 0)?;
    let (rows, skipped, rejected, anonymous) = (numbers(1)?, numbers(2)?, numbers(3)?, numbers(4)?);
    let (amounts, refused) = (sums(&answer, 5)?, sums(&answer, 6)?);
    let (min, max, content) = (optional_longs(&answer, 7)?, optional_longs(&answer, 8)?, sums(&answer, 9)?);
    let mut found = Read::new();
    for (row, url) in names.iter().enumerate() {
        let counts = Counts {
            read: rows[row],
            skipped: skipped[row],
            rejected: rejected[row],
            anonymous: anonymous[row],
            amount_read_e4: amounts[row],
            amount_rejected_e4: refused[row],
            ..Counts::default()
        };
        let file = FileCounts { counts, min_ts_us: min[row], max_ts_us: max[row], content: content[row] };
        found.insert(reported(files, url), file);
    }
    Ok(found)
}

/// A URL as the file is reported: as the pipeline file names it, where it does.
pub(super) fn reported(files: &[RemoteFile], url: &str) -> String {
    let plain = |url: &str| {
        let url = percent_decoded(url);
        url.strip_prefix("file:").map_or(url.clone(), |path| format!("/{}", path.trim_start_matches('/')))
    };
    let wanted = plain(url);
    files.iter().find(|file| file.url == url || plain(&file.url) == wanted).map_or(wanted, |file| file.name.clone())
}

/// A URL without its `%20` and the like.
fn percent_decoded(url: &str) -> String {
    let mut bytes = Vec::with_capacity(url.len());
    let mut rest = url.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sums that came as text, because they may not fit in 64 bits.
fn sums(answer: &RecordBatch, column: usize) -> Result<Vec<i128>> {
    let parse = |text: String| if text.is_empty() { Ok(0) } else { text.parse() };
    let sums: Result<Vec<i128>, _> = texts(answer, column)?.into_iter().map(parse).collect();
    sums.map_err(|error| Error::internal("a sum is not a whole number").because(error))
}

/// The report of an input whose rows are the view `rows` and whose fates are the view `fates`.
pub(super) fn report(
    reader: &dyn ExportReader,
    mapping: &Mapping,
    opened: &Opened,
    projection: &Projection,
    read: &Read,
    rows: &str,
    fates: &str,
) -> Result<InputReport> {
    let mut read = read.clone();
    let mut report = InputReport {
        input: mapping.input.name.to_owned(),
        absent: mapping.absent(),
        unmapped: opened.unmapped.clone(),
        ..InputReport::default()
    };
    let answer =
        reader.ask(&format!("SELECT {REASON}, COUNT(*) FROM {rows} WHERE {REASON} IS NOT NULL GROUP BY {REASON}"))?;
    report.reasons.extend(texts(&answer, 0)?.into_iter().zip(longs(&answer, 1)?.into_iter().map(|n| n as u64)));
    let answer = reader.ask(&format!(
        "SELECT {FILE}, {FATE}, COUNT(*), CAST(SUM(CAST({AMOUNT} AS DECIMAL(38,0))) AS STRING) FROM {fates} GROUP BY {FILE}, {FATE}"
    ))?;
    let (names, kinds, counts, amounts) =
        (texts(&answer, 0)?, texts(&answer, 1)?, longs(&answer, 2)?, sums(&answer, 3)?);
    for (row, url) in names.iter().enumerate() {
        let (rows, amount) = (counts[row] as u64, amounts[row]);
        let file = read.entry(reported(&opened.files, url)).or_default();
        settle(&mut file.counts, &kinds[row], rows, amount)?;
        if [SUPERSEDED, CONFLICT].contains(&kinds[row].as_str()) {
            *report.reasons.entry(kinds[row].clone()).or_default() += rows;
        }
    }
    if mapping.present().iter().any(|column| column == "line_type") {
        let answer = reader.ask(&format!(
            "SELECT COALESCE(line_type, ''), COUNT(*) FROM {fates} WHERE {FATE} = '{STAGED}' GROUP BY 1"
        ))?;
        report.line_types.extend(texts(&answer, 0)?.into_iter().zip(longs(&answer, 1)?.into_iter().map(|n| n as u64)));
    }
    if !projection.repairs.is_empty() {
        let sums: Vec<String> =
            projection.repairs.iter().map(|(name, ..)| format!("COUNT_IF({} AND {name})", fates::kept())).collect();
        let answer = reader.ask(&format!("SELECT {} FROM {rows}", sums.join(", ")))?;
        for (index, (_, repair, column)) in projection.repairs.iter().enumerate() {
            let rows = longs(&answer, index)?.first().copied().unwrap_or_default() as u64;
            if rows > 0 {
                *report.repairs.entry(*repair).or_default().entry((*column).to_owned()).or_default() += rows;
            }
        }
    }
    for file in &opened.files {
        read.entry(file.name.clone()).or_default();
    }
    for (path, found) in read {
        found.counts.check(&format!("`{path}`"))?;
        report.totals += found.counts;
        let bytes = opened.files.iter().find(|file| file.name == path).map_or(0, |file| file.bytes);
        report.files.push(FileReport {
            compression: if path.ends_with(".gz") {
                "gzip"
            } else if path.ends_with(".zst") {
                "zstd"
            } else {
                "none"
            }
            .into(),
            path,
            bytes,
            blake3: String::new(),
            format: opened.format.to_owned(),
            encoding: "utf-8".into(),
            line_ends: LineEnds::default(),
            counts: found.counts,
            cached: false,
            min_ts_us: found.min_ts_us,
            max_ts_us: found.max_ts_us,
        });
    }
    report.totals.check(&format!("the input `{}`", report.input))?;
    Ok(report)
}

fn settle(counts: &mut Counts, fate: &str, rows: u64, amount: i128) -> Result<()> {
    match fate {
        STAGED => (counts.staged, counts.amount_staged_e4) = (rows, amount),
        DUPLICATE | SUPERSEDED => {
            counts.duplicate += rows;
            counts.amount_duplicate_e4 += amount;
        }
        CONFLICT => {
            counts.rejected += rows;
            counts.amount_rejected_e4 += amount;
        }
        LATE => (counts.out_of_window, counts.amount_out_of_window_e4) = (rows, amount),
        other => return Err(Error::internal(format!("a row has the fate `{other}`"))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_reported_as_the_pipeline_file_names_it() {
        let file = |url: &str, name: &str| RemoteFile { url: url.into(), name: name.into(), bytes: 1 };
        let files = [file("file:/data/a b.csv", "../data/a b.csv"), file("s3a://x/y.csv", "s3a://x/y.csv")];
        assert_eq!(reported(&files, "file:/data/a%20b.csv"), "../data/a b.csv");
        assert_eq!(reported(&files, "file:///data/a%20b.csv"), "../data/a b.csv");
        assert_eq!(reported(&files, "s3a://x/y.csv"), "s3a://x/y.csv");
        assert_eq!(reported(&files, "sales.lines"), "sales.lines");
    }
}
