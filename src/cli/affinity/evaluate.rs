//! `patronage affinity evaluate`: which method foretells best what customers buy.

use jiff::civil::Date;

use super::source::SourceArgs;
use super::{OutputArgs, percent};
use crate::affinity_file::{
    EVALUATION_COLUMNS, Evaluation, batch, best_first, evaluate, evaluation_column, write_evaluation,
};
use crate::basket_file::epoch_day;
use crate::cli::args::GlobalArgs;
use crate::cli::progress;
use crate::cli::render::RowFormat;
use crate::error::Result;
use crate::models::affinity::recommend::{AlsOptions, EaseOptions, List, Method, Options};

const EXAMPLES: &str = "\
Examples:
  patronage affinity evaluate orders.csv
  patronage affinity evaluate orders.parquet --holdout-days 28 --methods popularity,customer_llr,ease
  patronage affinity evaluate orders.csv --format csv > methods.csv";

const NOTES: &str = "\
The last days are held back. Each method sees what was bought before and lists ten products for each customer; then it is \
counted who bought them in the days held back. The file needs a basket, a customer and a date in each row.

Three lists are judged, never as one score: `new` are products that the customer never bought, `again` those that they did, \
`all` both. In most shops about half of what is bought next was bought before, and no method of new things can find that.

  ndcg        how much of what was bought is in the list, and how high up; lo and hi are its 95 % interval
  hit rate    customers who bought at least one of the ten
  coverage    share of the products that are in anybody's list
  popularity  how popular the listed products are already: a method that only lists best-sellers is high here

Of methods whose difference may be chance, the simpler one is chosen. Products that fewer than `--min-buyers` customers bought \
before the cut are in no list.

DIR gets affinity_evaluation.parquet, as a run has it, and report.json.";

/// How long the list is that people are shown.
const SHOWN_K: usize = 10;

/// Which method foretells best what customers buy next: a back-test over the last days of the file
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    test: TestArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Back-test")]
struct TestArgs {
    /// The first day that is not known [default: the day after the last of the files]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Days that are held back
    #[arg(long, value_name = "DAYS", default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..))]
    holdout_days: u32,
    /// Methods that compete [default: all]
    #[arg(long, value_name = "METHODS", value_delimiter = ',', value_parser = methods())]
    methods: Vec<String>,
    /// Fewest customers who bought a product before the cut
    #[arg(long, value_name = "N", default_value_t = 5)]
    min_buyers: u32,
    /// Strongest neighbours that are kept of each product
    #[arg(long, value_name = "K", default_value_t = 20)]
    neighbours: usize,
    /// Days in which a purchase loses half its weight
    #[arg(long, value_name = "DAYS", default_value_t = 90.0)]
    half_life: f64,
    /// What EASE adds to the diagonal of its matrix: more of it trusts rare products less
    #[arg(long, value_name = "LAMBDA", default_value_t = 500.0)]
    ease_lambda: f64,
    /// Most popular products that EASE is solved for; its time grows with their cube
    #[arg(long, value_name = "N", default_value_t = 8_000)]
    ease_max_products: usize,
    /// Numbers that ALS keeps of each customer and product
    #[arg(long, value_name = "N", default_value_t = 64)]
    als_factors: usize,
    /// Seed of the first factors of ALS
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn methods() -> clap::builder::PossibleValuesParser {
    Method::ALL.iter().map(|method| method.name()).collect::<Vec<_>>().into()
}

impl TestArgs {
    fn options(self, memory: Option<u64>) -> Options {
        let defaults = Options::default();
        let named: Vec<Method> = self.methods.iter().filter_map(|name| Method::parse(name)).collect();
        Options {
            as_of_day: self.as_of.map_or(i32::MAX, epoch_day),
            holdout_days: self.holdout_days,
            min_buyers: self.min_buyers,
            methods: if named.is_empty() { defaults.methods.clone() } else { named },
            neighbours: self.neighbours,
            half_life_days: self.half_life,
            ease: EaseOptions {
                lambda: self.ease_lambda,
                max_products: self.ease_max_products,
                memory_bytes: memory.unwrap_or(defaults.ease.memory_bytes),
                ..defaults.ease
            },
            als: AlsOptions { factors: self.als_factors, seed: self.seed, ..defaults.als },
            ..defaults
        }
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let Args { source, test, output } = args;
    output.check()?;
    let columns = output.wanted(&EVALUATION_COLUMNS)?;
    let monitor = progress::monitor(global);
    let source = source.bare(global);
    let result = evaluate(&source, &test.options(global.memory), monitor.as_ref())?;
    if let Some(out) = &output.out {
        write_evaluation(&result, out)?;
    }
    if output.format == RowFormat::Table && output.columns.is_empty() {
        return show(&result, &output);
    }
    output.write_rows(batch(&columns, |column| evaluation_column(column, &result.tested.rows, &result))?)
}

/// The three lists at ten products, the best method first.
fn show(result: &Evaluation, output: &OutputArgs) -> Result<()> {
    let header = [
        ("list", false),
        ("method", false),
        ("ndcg", true),
        ("lo", true),
        ("hi", true),
        ("precision", true),
        ("recall", true),
        ("hit rate", true),
        ("coverage", true),
        ("popularity", true),
        ("customers", true),
        ("chosen", false),
    ];
    let mut lines = Vec::new();
    for list in List::ALL {
        for row in best_first(result, list, SHOWN_K) {
            lines.push(vec![
                list.name().to_owned(),
                row.method.name().to_owned(),
                format!("{:.4}", row.ndcg),
                format!("{:.4}", row.lo),
                format!("{:.4}", row.hi),
                format!("{:.4}", row.precision),
                format!("{:.4}", row.recall),
                percent(row.hit_rate),
                percent(row.coverage),
                percent(row.popularity),
                row.customers.to_string(),
                if row.chosen { "yes" } else { "" }.to_owned(),
            ]);
        }
    }
    output.write_table(&header, lines)
}
