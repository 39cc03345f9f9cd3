//! Staging by an engine that reads the exports itself, for inputs that no single machine holds.
//!
//! ```text
//! export ──▶ source: raw text, what is wrong with a record, a hash of its fields   (columnar: where columns have types)
//!        ──▶ rows:   one projection: typed columns, and why a row is refused      (kept once: the export is read once)
//!        ──▶ fates:  repetitions, keys, `as_of`                                   (kept once, by what becomes of a row)
//!        ──▶ report: aggregate queries over the two
//! ```
//!
//! The statements are those of Apache Spark. What it does not read as [`stage`](super::stage) does is refused, or is
//! written down in `docs/spark.md`.

mod cell;
mod columnar;
mod decimals;
mod expressions;
mod fates;
mod moments;
mod report;
mod rows;
mod source;
mod sql;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use self::fates::{FATE, STAGED};
use self::report::Read;
use self::rows::Projection;
use self::source::{Opened, texts};
use self::sql::cut;
use super::mapping::Mapping;
use super::moment::Zone;
use super::reject::RejectReason;
use super::reject_file::{self, RemoteReject};
use super::stage::{as_of_day, check_inputs, not_given};
use super::{StageOptions, Staged, StagedInput};
use crate::config::InputConfig;
use crate::contract::{self, Input};
use crate::engine::ExportReader;
use crate::error::{Error, IoContext, Result};
use crate::monitor::{Cancel, Event, Monitor};

/// Rejects that are collected and written; of more, the first in their order.
const MOST_REJECTS: usize = 1_000_000;

/// The view of exchange rates.
const RATES: &str = "ingest_rates";

/// An input whose rows are typed and kept.
struct Typed {
    input: &'static Input,
    mapping: Mapping,
    opened: Opened,
    projection: Projection,
    read: Read,
    rows: String,
}

/// See [`super::stage_remote`].
pub(super) fn stage(
    options: &StageOptions,
    reader: &dyn ExportReader,
    monitor: &dyn Monitor,
    cancel: &Cancel,
) -> Result<Staged> {
    check_inputs(options.config)?;
    let zone = Arc::new(Zone::named(&options.config.project.time_zone)?);
    let stager = Stager { options, reader, monitor, cancel, zone: &zone };
    // A mistake in the pipeline file is told before hours of reading.
    for (input, settings) in stager.given() {
        source::refuse(settings, &stager.mapping(input, settings)?)?;
    }
    let mut typed = Vec::new();
    for (input, settings) in stager.given() {
        let of_input = stager.typed(input, settings)?;
        if input.name == "fx" {
            stager.rates(&of_input)?;
        }
        typed.push(of_input);
    }
    let newest = |input: &Input| {
        let files = typed.iter().filter(|of| of.input.name == input.name).flat_map(|of| of.read.values());
        files.filter_map(|file| file.max_ts_us).max()
    };
    let as_of_day = as_of_day(options, &zone, &newest)?;
    let before_us = zone.instant_us(as_of_day, 0);
    let mut inputs = Vec::new();
    for input in contract::inputs() {
        inputs.push(match typed.iter().find(|of| of.input.name == input.name) {
            Some(of) => stager.combine(of, before_us)?,
            None => not_given(input),
        });
    }
    let content_hash = content_hash(&typed);
    Ok(Staged { as_of_day, as_of_given: options.as_of.is_some(), inputs, content_hash })
}

struct Stager<'a> {
    options: &'a StageOptions<'a>,
    reader: &'a dyn ExportReader,
    monitor: &'a dyn Monitor,
    cancel: &'a Cancel,
    zone: &'a Arc<Zone>,
}

impl Stager<'_> {
    fn given(&self) -> impl Iterator<Item = (&'static Input, &InputConfig)> {
        contract::inputs().iter().filter_map(|input| Some((input, self.options.config.inputs.get(input.name)?)))
    }

    fn mapping(&self, input: &'static Input, settings: &InputConfig) -> Result<Mapping> {
        // Rates are joined by the engine.
        Mapping::new(input, self.options.config, settings, self.zone, None)
    }

    fn typed(&self, input: &'static Input, settings: &InputConfig) -> Result<Typed> {
        self.cancel.check()?;
        let started = Instant::now();
        let stage = format!("ingest {}", input.name);
        self.monitor.event(Event::StageStarted { stage: stage.clone(), total: None, unit: "rows" });
        let mapping = self.mapping(input, settings)?;
        let view = format!("ingest_{}", input.name);
        let opened = source::open(self.reader, self.options.dir, settings, &mapping, &view)?;
        let rates = self.options.config.inputs.contains_key("fx").then_some(RATES);
        let from = cut(&format!("({})", opened.sql), &view);
        let pieces = format!("{view}_piece");
        let projection = rows::projection(&mapping, &from, &pieces, rates, self.options.keep_raw_rejects)?;
        for (name, sql) in &projection.views {
            self.reader.view(name, sql)?;
        }
        let rows = format!("{view}_rows");
        self.reader.keep(&rows, &projection.sql, None)?;
        let read = report::read(self.reader, &mapping, &opened.files, &rows)?;
        let count: u64 = read.values().map(|file| file.counts.read).sum();
        if count == 0 {
            self.monitor
                .event(Event::Warning { message: format!("the files of `inputs.{}` have no rows", input.name) });
        }
        let summary = format!("{count} rows from {} files", opened.files.len());
        self.monitor.event(Event::StageFinished { stage, summary, elapsed: started.elapsed() });
        Ok(Typed { input, mapping, opened, projection, read, rows })
    }

    /// Makes the view of rates: each from its day on until the next one of its currency.
    fn rates(&self, fx: &Typed) -> Result<()> {
        let fates = fates::fates(&fx.mapping, &fx.rows, None);
        self.reader.view(
            RATES,
            &format!(
                "SELECT UPPER(currency) AS currency, rate_e12, date_day AS from_day, COALESCE(LEAD(date_day) OVER \
                 (PARTITION BY UPPER(currency) ORDER BY date_day, rate_e12), {}) AS to_day FROM ({fates}) WHERE {FATE} = '{STAGED}'",
                i32::MAX
            ),
        )
    }

    fn combine(&self, of: &Typed, before_us: i64) -> Result<StagedInput> {
        self.cancel.check()?;
        let fates = format!("ingest_{}_fates", of.input.name);
        let folder = self.reader.keep(&fates, &fates::fates(&of.mapping, &of.rows, Some(before_us)), Some(FATE))?;
        let report = report::report(self.reader, &of.mapping, &of.opened, &of.projection, &of.read, &of.rows, &fates)?;
        let staged = folder.join(format!("{FATE}={STAGED}"));
        let parts = if report.totals.staged > 0 { vec![staged] } else { Vec::new() };
        let rejects =
            if report.totals.rejected > 0 { Some(self.rejects(of, &fates, report.totals.rejected)?) } else { None };
        self.reader.forget(&of.rows);
        let present = of.mapping.present();
        Ok(StagedInput { input: of.input, given: true, parts, present, report, rejects })
    }

    /// Writes the rejects of an input as [`super::stage`] does, without what the engine does not know.
    fn rejects(&self, of: &Typed, fates: &str, rejected: u64) -> Result<std::path::PathBuf> {
        let show = self.options.keep_raw_rejects;
        if rejected > MOST_REJECTS as u64 {
            let message = format!("`inputs.{}`: {MOST_REJECTS} of {rejected} rejects are written", of.input.name);
            self.monitor.event(Event::Warning { message });
        }
        let answer = self.reader.ask(&fates::rejects(&of.mapping, &of.rows, fates, show, MOST_REJECTS))?;
        let column = |index: usize| optional_texts(&answer, index);
        let (files, columns, values, reasons) = (texts(&answer, 0)?, column(1)?, column(2)?, texts(&answer, 3)?);
        let mut rejects = Vec::new();
        for (row, reason) in reasons.iter().enumerate() {
            rejects.push(RemoteReject {
                file: report::reported(&of.opened.files, &files[row]),
                column: columns[row].clone(),
                value: values[row].clone(),
                reason: RejectReason::of_code(reason)
                    .ok_or_else(|| Error::internal(format!("`{reason}` is no reason to refuse a row")))?,
            });
        }
        let path = self.options.cache.join(format!("{}-rejects.parquet", of.input.name));
        std::fs::create_dir_all(self.options.cache).writing(self.options.cache)?;
        remove_old(&path)?;
        reject_file::write_remote(&path, &rejects)?;
        Ok(path)
    }
}

/// Takes away what an earlier run left at `path`.
fn remove_old(path: &Path) -> Result<()> {
    if path.exists() { std::fs::remove_file(path).writing(path) } else { Ok(()) }
}

fn optional_texts(answer: &arrow::array::RecordBatch, column: usize) -> Result<Vec<Option<String>>> {
    use arrow::array::{Array, AsArray};
    let array = answer.columns().get(column).and_then(|array| array.as_string_opt::<i32>());
    let array = array.ok_or_else(|| Error::internal("an answer lacks a text"))?;
    Ok((0..array.len()).map(|row| (!array.is_null(row)).then(|| array.value(row).to_owned())).collect())
}

/// The same for the same rows, whatever their order and however many files hold them.
fn content_hash(inputs: &[Typed]) -> String {
    let mut hasher = blake3::Hasher::new();
    for of in inputs {
        let rows: u64 = of.read.values().map(|file| file.counts.read).sum();
        let content: i128 = of.read.values().map(|file| file.content).sum();
        hasher.update(format!("{} {rows} {content}\n", of.input.name).as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
