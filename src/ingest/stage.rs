//! All inputs of a pipeline file, one after the other: files in parallel, the exchange rates first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Int32Type, Int64Type};
use rayon::prelude::*;

use super::combine::{self, combine};
use super::exchange::Rates;
use super::file::{self, Context, StagedFile};
use super::mapping::Mapping;
use super::moment::{INSTANT_DAYS, Zone};
use super::{InputReport, StageOptions, Staged, StagedInput, cache, parts};
use crate::config::{Config, InputConfig};
use crate::contract::{self, Input, LEADING};
use crate::error::{Error, Place, Result};
use crate::monitor::{Cancel, Event, Monitor};
use crate::names::nearest;

/// Memory when none is given, in bytes. Of it, half is for rows that wait to be sorted.
const DEFAULT_MEMORY: u64 = 2 << 30;

/// Files below this size are read side by side; larger ones one after the other, each in parallel.
const SMALL_FILE_BYTES: u64 = 2 << 20;

/// An input whose files are staged and not yet combined.
struct Files {
    input: &'static Input,
    mapping: Mapping,
    fingerprint: String,
    staged: Vec<StagedFile>,
}

/// See [`super::stage`].
pub(super) fn stage(options: &StageOptions, monitor: &dyn Monitor, cancel: &Cancel) -> Result<Staged> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.max(1)).build();
    let pool = pool.map_err(|error| Error::internal("no threads could be started").because(error))?;
    pool.install(|| Stager { options, monitor, cancel }.stage())
}

struct Stager<'a> {
    options: &'a StageOptions<'a>,
    monitor: &'a dyn Monitor,
    cancel: &'a Cancel,
}

impl<'a> Stager<'a> {
    fn stage(&self) -> Result<Staged> {
        check_inputs(self.options.config)?;
        let zone = Arc::new(Zone::named(&self.options.config.project.time_zone)?);
        let mut rates = None;
        let mut given = Vec::new();
        for input in contract::inputs() {
            let Some(settings) = self.options.config.inputs.get(input.name) else { continue };
            let files = self.stage_input(input, settings, &zone, rates.clone())?;
            if input.name == "fx" {
                rates = Some(Arc::new(read_rates(&self.combine(&files, None)?)?));
            }
            given.push(files);
        }
        let newest = |input: &Input| {
            let files = given.iter().filter(|files| files.input.name == input.name).flat_map(|files| &files.staged);
            files.filter_map(|file| file.entry.max_ts_us).max()
        };
        let as_of_day = as_of_day(self.options, &zone, &newest)?;
        let before_us = zone.instant_us(as_of_day, 0);
        let mut inputs = Vec::new();
        for input in contract::inputs() {
            inputs.push(match given.iter().find(|files| files.input.name == input.name) {
                Some(files) => self.combine(files, Some(before_us))?,
                None => not_given(input),
            });
        }
        let content_hash = content_hash(&inputs);
        Ok(Staged { as_of_day, as_of_given: self.options.as_of.is_some(), inputs, content_hash })
    }

    fn rows_memory(&self) -> usize {
        usize::try_from(self.options.memory.unwrap_or(DEFAULT_MEMORY) / 2).unwrap_or(usize::MAX)
    }

    fn stage_input(
        &self,
        input: &'static Input,
        settings: &'a InputConfig,
        zone: &Arc<Zone>,
        rates: Option<Arc<Rates>>,
    ) -> Result<Files> {
        let started = Instant::now();
        let mapping = Mapping::new(input, self.options.config, settings, zone, rates.clone())?;
        let paths = find(self.options.dir, input, settings)?;
        let sizes: Vec<u64> = paths.iter().map(|(path, _)| path.metadata().map_or(0, |found| found.len())).collect();
        let stage = format!("ingest {}", input.name);
        self.monitor.event(Event::StageStarted {
            stage: stage.clone(),
            total: Some(sizes.iter().sum()),
            unit: "bytes",
        });
        let fingerprint = self.fingerprint(&mapping, settings);
        let cache = self.options.cache.join(input.name);
        cache::remove_left_over(&cache)?;
        let context = |threads: usize, memory: usize| Context {
            mapping: &mapping,
            settings,
            monitor: self.monitor,
            cancel: self.cancel,
            cache: cache.clone(),
            fingerprint: fingerprint.clone(),
            memory,
            threads,
            show_personal: self.options.keep_raw_rejects,
        };
        let one = |context: &Context, index: usize| {
            let (path, name) = &paths[index];
            let staged = file::stage(context, path, name)?;
            self.monitor.event(Event::StageAdvanced { stage: stage.clone(), done: sizes[index] });
            Ok::<_, Error>((index, staged))
        };
        let threads = self.options.threads.max(1);
        let (small, large): (Vec<usize>, Vec<usize>) =
            (0..paths.len()).partition(|&index| sizes[index] < SMALL_FILE_BYTES);
        let beside = context(1, self.rows_memory() / threads);
        let mut staged: Vec<(usize, StagedFile)> =
            small.into_par_iter().map(|index| one(&beside, index)).collect::<Result<_>>()?;
        let alone = context(threads, self.rows_memory());
        for index in large {
            staged.push(one(&alone, index)?);
        }
        staged.sort_by_key(|(index, _)| *index);
        let staged: Vec<StagedFile> = staged.into_iter().map(|(_, file)| file).collect();
        let rows: u64 = staged.iter().map(|file| file.entry.counts.read).sum();
        if rows == 0 {
            self.warn(format!("the files of `inputs.{}` have no rows", input.name));
        }
        let summary =
            format!("{rows} rows from {} files, {} cached", staged.len(), staged.iter().filter(|f| f.cached).count());
        self.monitor.event(Event::StageFinished { stage, summary, elapsed: started.elapsed() });
        drop((beside, alone));
        Ok(Files { input, fingerprint, staged, mapping })
    }

    /// All that an input's staged rows depend on, beside its files.
    fn fingerprint(&self, mapping: &Mapping, settings: &InputConfig) -> String {
        let project = &self.options.config.project;
        let settings = InputConfig { files: Vec::new(), ..settings.clone() };
        let rates = mapping.currency.and(mapping.rates.as_ref());
        cache::key(&[
            &cache::FORMAT_VERSION.to_string(),
            &contract::SCHEMA_VERSION.to_string(),
            mapping.input.name,
            &format!("{settings:?}"),
            &project.time_zone,
            &project.currency,
            &format!("{rates:?}"),
            &self.options.keep_raw_rejects.to_string(),
        ])
    }

    fn warn(&self, message: String) {
        self.monitor.event(Event::Warning { message });
    }

    fn combine(&self, files: &Files, before_us: Option<i64>) -> Result<StagedInput> {
        let options = combine::Options {
            mapping: &files.mapping,
            cancel: self.cancel,
            cache: self.options.cache.join("combined").join(files.input.name),
            fingerprint: &files.fingerprint,
            before_us: before_us.filter(|_| files.input.time.is_some()),
            memory: self.rows_memory(),
            show_personal: self.options.keep_raw_rejects,
        };
        let combined = combine(&options, &files.staged)?;
        Ok(StagedInput {
            input: files.input,
            given: true,
            parts: combined.parts,
            present: files.mapping.present(),
            report: combined.report,
            rejects: combined.rejects,
        })
    }
}

/// Refuses inputs that no contract knows, and a pipeline file without any that leads.
pub(super) fn check_inputs(config: &Config) -> Result<()> {
    for name in config.inputs.keys() {
        if contract::input(name).is_none() {
            let error = Error::config(format!("there is no input `{name}`"));
            return Err(match nearest(name, contract::inputs().iter().map(|input| input.name)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    if !LEADING.iter().any(|name| config.inputs.contains_key(*name)) {
        return Err(Error::config("the input `transactions` is missing").hint("add `[inputs.transactions]`"));
    }
    Ok(())
}

/// The given day, or the day after the newest transaction; without transactions, after the newest interaction. `newest`
/// gives the newest instant of an input.
pub(super) fn as_of_day(options: &StageOptions, zone: &Zone, newest: &dyn Fn(&Input) -> Option<i64>) -> Result<i32> {
    if let Some(date) = options.as_of {
        let days = date.since(jiff::civil::date(1970, 1, 1)).map(|span| span.get_days());
        let days = days.map_err(|error| Error::usage("the date of `as_of` is out of range").because(error))?;
        if !INSTANT_DAYS.contains(&days) {
            return Err(Error::usage(format!("`as_of` {date} is not between 1990 and 2100")));
        }
        return Ok(days);
    }
    let leading =
        LEADING.iter().filter(|name| options.config.inputs.contains_key(**name)).find_map(|name| contract::input(name));
    leading.and_then(newest).map(|newest| zone.day_of(newest) + 1).ok_or_else(|| {
        let name = leading.map_or(LEADING[0], |input| input.name);
        Error::input(format!("the {name} have no valid row, so that `as_of` cannot be derived from them"))
            .hint("look at the rejects with `patronage check`, or give `--as-of`")
    })
}

pub(super) fn not_given(input: &'static Input) -> StagedInput {
    let absent = input.columns.iter().map(|column| column.name.to_owned()).collect();
    let report = InputReport { input: input.name.to_owned(), absent, ..Default::default() };
    StagedInput { input, given: false, parts: Vec::new(), present: Vec::new(), report, rejects: None }
}

/// The files of an input and their names as they are reported, in the order of the names.
pub(super) fn find(dir: &Path, input: &Input, settings: &InputConfig) -> Result<Vec<(PathBuf, String)>> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let mut found = BTreeSet::new();
    for pattern in &settings.files {
        let absolute = if Path::new(pattern).is_absolute() {
            pattern.clone()
        } else {
            format!("{}/{pattern}", glob::Pattern::escape(&dir.to_string_lossy()))
        };
        let invalid = |message: &str| Error::config(format!("`inputs.{}.files`: `{pattern}` {message}", input.name));
        let matches = glob::glob_with(&absolute, options)
            .map_err(|error| invalid("is not a pattern").because(error))?
            .collect::<Result<Vec<PathBuf>, _>>()
            .map_err(|error| Error::input("a folder could not be read").at(Place::file(error.path())).because(error))?;
        if matches.is_empty() {
            return Err(Error::input(format!("no file matches `{pattern}` of `inputs.{}`", input.name))
                .at(Place::file(dir.join(pattern)))
                .hint("paths are relative to the pipeline file; has the export arrived?"));
        }
        for path in matches {
            let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
            found.insert((name, path));
        }
    }
    if found.is_empty() {
        return Err(Error::config(format!("`inputs.{}.files` is empty", input.name)));
    }
    Ok(found.into_iter().map(|(name, path)| (path, name)).collect())
}

fn read_rates(fx: &StagedInput) -> Result<Rates> {
    let mut rows = Vec::new();
    for path in &fx.parts {
        for batch in parts::read(path, None, None)? {
            let column = |name: &str| {
                batch.column_by_name(name).ok_or_else(|| Error::internal(format!("the staged rates lack `{name}`")))
            };
            let currencies = column("currency")?.as_string::<i32>();
            let days = column("date_day")?.as_primitive::<Int32Type>();
            let rates = column("rate_e12")?.as_primitive::<Int64Type>();
            for row in 0..currencies.len() {
                rows.push((currencies.value(row).to_owned(), days.value(row), rates.value(row)));
            }
        }
    }
    Ok(Rates::new(rows))
}

/// The same for the same contents, whatever the files are called.
fn content_hash(inputs: &[StagedInput]) -> String {
    let mut hasher = blake3::Hasher::new();
    for input in inputs.iter().filter(|input| input.given) {
        let mut contents: Vec<&str> = input.report.files.iter().map(|file| file.blake3.as_str()).collect();
        contents.sort_unstable();
        hasher.update(input.input.name.as_bytes());
        for content in contents {
            hasher.update(b"\n");
            hasher.update(content.as_bytes());
        }
        hasher.update(b"\n\n");
    }
    hasher.finalize().to_hex().to_string()
}
