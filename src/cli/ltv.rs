//! `patronage ltv`: lifetime value of a summary file, for the analyst.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Schema};
use clap::ValueEnum;
use jiff::civil::Date;

use super::args::GlobalArgs;
use super::output::{deliver, writing};
use super::progress;
use super::render::{self, RowFormat, Rows, Style, align};
use crate::error::{Error, IoContext, Place, Result};
use crate::lifetime_summary::{self, Analysis, CANDIDATES, Columns, Options, SpendPurchases};
use crate::models::lifetime_value::frozen::Frozen;
use crate::monitor::{Event, Monitor};

const EXAMPLES: &str = "\
Examples:
  patronage ltv cdnow.csv --unit week --horizon 39 --out ltv \\
      --columns customer_id=cust,x=x,t_x=t.x,age=T.cal,value=m.x,holdout=x.star
  patronage ltv may.csv --horizon 365 --as-of 2026-06-01 --save-model model.json --out may
  patronage ltv june.csv --horizon 365 --as-of 2026-07-01 --model model.json --out june";

const NOTES: &str = "\
A row of SUMMARY is a customer: the repeat purchases (x, all but the first), the time from the first purchase to the last \
(t_x: the recency of these models, which is not that of RFM), and from the first purchase to the end of observation (age).

More names for --columns:
  value            mean value of the repeat purchases (of all, with --spend-purchases x+1)
  spend_purchases  how many purchases the value is the mean of, where that differs
  holdout          purchases within the horizon after the end: models are judged and chosen by them
  ln_gaps          sum of the logarithms of the times between purchases: models of regular timing need it to be compared \
without a holdout

Where tools differ:
  - alpha and beta are in the unit of the file; the rate of discount is always that of a year
  - log-likelihoods are sums over customers in the convention of Fader, Hardie and Lee; `lifetimes` shows means of \
rescaled ones, from which no AIC follows
  - a file with rounded times has other parameters from the fifth digit on
  - some parameters in print are of searches that stopped early: see `gradient_norm` and `termination`

DIR gets customer_ltv, ltv_models, ltv_parameters, ltv_calibration and ltv_totals as Parquet, as a run has them, and \
rejects.csv with the rows that are impossible.";

/// Lifetime value of a summary file: every model fitted, the best one chosen, each customer scored
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub struct Args {
    /// The file: CSV with a header and a row a customer, or the same as `.gz`
    #[arg(value_name = "SUMMARY")]
    summary: PathBuf,
    /// Which column is what, as `name=column,...`: customer_id, x, t_x, age, value, holdout [default: the first four by these
    /// names]
    #[arg(long, value_name = "NAMES")]
    columns: Option<Columns>,
    /// How long the future is, in the unit of the file
    #[arg(long, value_name = "TIME", value_parser = positive)]
    horizon: f64,
    /// The unit of the times in the file [default: day]
    #[arg(long, value_name = "UNIT")]
    unit: Option<Unit>,
    /// Days in that unit, for others
    #[arg(long, value_name = "DAYS", value_parser = positive, conflicts_with = "unit")]
    unit_days: Option<f64>,
    /// What a year discounts
    #[arg(long, value_name = "RATE", value_parser = rate, default_value = "0.10")]
    annual_discount_rate: f64,
    /// The day after the last that the file covers: dates of next purchases need it
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Models to fit; a single one is used whatever it is worth [default: all]
    #[arg(long, value_name = "MODELS", value_delimiter = ',', value_parser = CANDIDATES)]
    models: Vec<String>,
    /// Which purchases the value is the mean of
    #[arg(long, value_name = "COUNT", default_value = "x")]
    spend_purchases: Counted,
    /// Fewest customers for a fit
    #[arg(long, value_name = "N", default_value_t = 200)]
    min_customers: u32,
    /// Fewest customers who bought again for a fit
    #[arg(long, value_name = "N", default_value_t = 50)]
    min_repeaters: u32,
    /// Draws of the parameters for the intervals of totals
    #[arg(long, value_name = "N", default_value_t = 100)]
    draws: u32,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Keep the chosen model, to score other customers or later days with
    #[arg(long, value_name = "FILE", requires = "as_of", conflicts_with = "model")]
    save_model: Option<PathBuf>,
    /// Score with a model that was kept, and tell whether it still holds; nothing is fitted
    #[arg(long, value_name = "FILE", conflicts_with_all = ["models", "min_customers", "min_repeaters"])]
    model: Option<PathBuf>,
    /// The folder for the tables
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How the list of models is written to stdout
    #[arg(long, value_name = "FORMAT", env = "PATRONAGE_FORMAT", default_value = "table")]
    format: RowFormat,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    /// Days.
    Day,
    /// Weeks of seven days.
    Week,
    /// Twelfths of a year.
    Month,
    /// Years of 365.25 days.
    Year,
}

impl Unit {
    fn days(self) -> f64 {
        match self {
            Unit::Day => 1.0,
            Unit::Week => 7.0,
            Unit::Month => 365.25 / 12.0,
            Unit::Year => 365.25,
        }
    }
}

/// Purchases that a value is the mean of.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Counted {
    /// The repeat purchases.
    #[value(name = "x")]
    Repeats,
    /// The first one too.
    #[value(name = "x+1")]
    All,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("write a number above 0".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("write a rate such as 0.10 for ten per cent".to_owned()),
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let monitor = progress::monitor(global);
    let frozen = args.model.as_deref().map(load).transpose()?;
    if args.unit.is_none() && args.unit_days.is_none() {
        let message = "times are taken to be in days; say with `--unit` when they are not".to_owned();
        monitor.event(Event::Note { message });
    }
    let options = Options {
        summary: args.summary,
        columns: args.columns.unwrap_or_default(),
        spend_purchases: match args.spend_purchases {
            Counted::Repeats => SpendPurchases::Repeats,
            Counted::All => SpendPurchases::All,
        },
        horizon: args.horizon,
        unit_days: args.unit_days.unwrap_or_else(|| args.unit.map_or(1.0, Unit::days)),
        annual_discount_rate: args.annual_discount_rate,
        as_of: args.as_of,
        models: args.models,
        min_customers: args.min_customers,
        min_repeaters: args.min_repeaters,
        draws: args.draws,
        seed: args.seed,
        frozen,
        out: args.out,
        threads: global.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
    };
    let analysis = lifetime_summary::run(&options, monitor.as_ref())?;
    if let Some(path) = &args.save_model {
        save(&analysis, path)?;
    }
    show(&analysis, args.format, monitor.as_ref())
}

fn load(path: &Path) -> Result<Frozen> {
    let text = fs::read_to_string(path).reading(path)?;
    Frozen::from_json(&text).map_err(|fault| {
        Error::input(fault.to_string()).at(Place::file(path)).hint("save the model again with `--save-model`")
    })
}

fn save(analysis: &Analysis, path: &Path) -> Result<()> {
    let Some(frozen) = &analysis.frozen else {
        return Err(Error::input(format!("there is nothing to save: {}", analysis.outcome))
            .hint("name the one model that you want with `--models`"));
    };
    let json = frozen.to_json().map_err(|fault| Error::internal(fault.to_string()))?;
    deliver(Some(path), |out| writing(out.write_all(json.as_bytes())))
}

/// What is shown of `ltv_models`, with the decimals of each number for people.
const SHOWN: [(&str, usize); 9] = [
    ("model", 0),
    ("log_likelihood", 4),
    ("aic", 1),
    ("termination", 0),
    ("collapses_to", 0),
    ("holdout_deviance", 4),
    ("holdout_bias", 4),
    ("grade", 0),
    ("chosen", 0),
];

fn show(analysis: &Analysis, format: RowFormat, monitor: &dyn Monitor) -> Result<()> {
    if format == RowFormat::Parquet && io::stdout().is_terminal() {
        return Err(Error::usage("Parquet is not for a terminal").hint("`ltv_models.parquet` has all of it"));
    }
    if let Some(drift) = &analysis.drift {
        let message = format!("the saved model is {}", drift.verdict.name());
        monitor.event(Event::Note { message });
    }
    let models = analysis.table("ltv_models").ok_or_else(|| Error::internal("there is no `ltv_models`"))?;
    let shown = models.schema().project(&places(models)?).and_then(|schema| projected(models, schema));
    let shown = shown.map_err(|error| Error::internal("cannot show the models").because(error))?;
    if format == RowFormat::Table {
        return deliver(None, |out| writing(out.write_all(in_words(&shown).as_bytes())));
    }
    let rows = Rows::from_batches(vec![shown]);
    deliver(None, |out| render::write(&rows, Style::of(format), out)).map(|_| ())
}

fn places(models: &RecordBatch) -> Result<Vec<usize>> {
    let place = |(name, _): &(&str, usize)| {
        models.schema().index_of(name).map_err(|error| Error::internal("`ltv_models` lacks a column").because(error))
    };
    SHOWN.iter().map(place).collect()
}

fn projected(models: &RecordBatch, schema: Schema) -> Result<RecordBatch, arrow::error::ArrowError> {
    let columns = schema.fields().iter().filter_map(|field| models.column_by_name(field.name()).cloned()).collect();
    RecordBatch::try_new(Arc::new(schema), columns)
}

fn in_words(models: &RecordBatch) -> String {
    let mut lines = vec![SHOWN.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>()];
    for row in 0..models.num_rows() {
        let cell = |(column, (_, decimals)): (&Arc<dyn Array>, &(&str, usize))| {
            if column.is_null(row) {
                String::new()
            } else if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
                format!("{:.decimals$}", numbers.value(row))
            } else if let Some(text) = column.as_string_opt::<i32>() {
                text.value(row).to_owned()
            } else {
                column.as_boolean_opt().filter(|chosen| chosen.value(row)).map_or("", |_| "yes").to_owned()
            }
        };
        lines.push(models.columns().iter().zip(&SHOWN).map(cell).collect());
    }
    align(&lines, &SHOWN.map(|(_, decimals)| decimals > 0))
}
