//! `patronage affinity pairs`: which products go together.

use super::source::{CountingArgs, SourceArgs, rate};
use super::{OutputArgs, percent, small};
use crate::affinity_file::{
    PAIR_COLUMNS, PairNames, PairOptions, PairResult, batch, pair_column, pairs, strongest, write_pairs,
};
use crate::cli::args::GlobalArgs;
use crate::cli::escape::escape;
use crate::cli::progress;
use crate::cli::render::RowFormat;
use crate::error::Result;
use crate::models::affinity::{RankBy, Ratio};

const EXAMPLES: &str = "\
Examples:
  patronage affinity pairs orders.csv
  patronage affinity pairs orders.parquet --level customer --top-k 20 --out affinity
  patronage affinity pairs orders.csv --catalogue products.csv --by category
  patronage affinity pairs baskets.txt --layout lines --min-count 20 --format csv > pairs.csv";

const NOTES: &str = "\
A row is a product and one that goes with it; the other direction is a row of its own. What is counted are baskets (or \
customers), not pieces: a product that is twice in a basket is in one basket.

  n_ab         baskets with both
  confidence   how many of the baskets with the first have the second
  lift         how many times as often as if the two had nothing to do with each other
  score        what the rows are ranked by: the evidence that they go together (log-likelihood ratio), if not asked otherwise
  q            at most this share of the pairs up to here would be there by chance

Ranking by lift lists coincidences: two products that were bought five times each, once together, have a lift of thousands. \
That is why the default ranks by evidence, and why pairs that came fewer than five times are left out.

Shares (`--min-support`, `--min-confidence`) are exact: 16 of 20 reaches 0.8. They may be written as 0.05, 5% or 1/20.

Left out, and counted on stderr: rows without a basket or product, returns (a quantity of 0 or less), huge baskets. A return \
does not take back the purchase that it belongs to; the pipeline does that (`patronage run`).

DIR gets affinity_ptp.parquet, as a run has it, and report.json.";

/// Which products go together: for each product its best partners, with counts, measures and tests
#[derive(Debug, clap::Args)]
#[command(before_long_help = EXAMPLES, after_long_help = NOTES)]
pub struct Args {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    counting: CountingArgs,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pairs")]
struct ChoiceArgs {
    /// Fewest baskets of a product, and of a pair
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    min_count: u32,
    /// Most partners of a product
    #[arg(long, value_name = "K", default_value_t = 50, value_parser = at_least_one)]
    top_k: usize,
    /// What partners are ranked by
    #[arg(long, value_name = "MEASURE", default_value = "llr", value_parser = measures())]
    rank_by: String,
    /// Least share of all baskets that have both
    #[arg(long, value_name = "SHARE")]
    min_support: Option<Ratio>,
    /// Least share of the first product's baskets that have the second
    #[arg(long, value_name = "SHARE")]
    min_confidence: Option<Ratio>,
    /// Least lift; pairs of a lift of 1 or less are never listed
    #[arg(long, value_name = "TIMES")]
    min_lift: Option<Ratio>,
    /// Largest q-value: the share of coincidences that the list may have
    #[arg(long, value_name = "RATE", value_parser = rate)]
    max_q: Option<f64>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("write a whole number from 1".to_owned()),
    }
}

fn measures() -> clap::builder::PossibleValuesParser {
    RankBy::ALL.iter().map(|measure| measure.name()).collect::<Vec<_>>().into()
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let Args { source, counting, choice, output } = args;
    output.check()?;
    let columns = output.wanted(&PAIR_COLUMNS)?;
    let monitor = progress::monitor(global);
    let source = source.counted(counting, global);
    let options = PairOptions {
        min_count: choice.min_count,
        min_support: choice.min_support,
        min_confidence: choice.min_confidence,
        min_lift: choice.min_lift,
        max_q: choice.max_q,
        top: choice.top_k,
        rank_by: choice.rank_by.parse().map_err(crate::error::Error::usage)?,
        tests: output.out.is_some() || columns.iter().any(|column| ["p_value", "q_value"].contains(column)),
    };
    let result = pairs(&source, &options, monitor.as_ref())?;
    let names = PairNames {
        names: &result.units.names,
        level: source.level,
        granularity: &result.units.granularity,
        score_name: options.rank_by.name(),
    };
    if let Some(out) = &output.out {
        write_pairs(&result, &names, &source, out)?;
    }
    if output.format == RowFormat::Table && output.columns.is_empty() {
        return show(&result, &names, &output);
    }
    let mut rows = result.rows;
    if output.format == RowFormat::Table {
        rows = strongest(&rows, output.most());
    }
    output.write_rows(batch(&columns, |column| pair_column(column, &rows, &names))?)
}

/// The strongest pairs, for people.
fn show(result: &PairResult, names: &PairNames<'_>, output: &OutputArgs) -> Result<()> {
    let score = names.score_name;
    let mut header = vec![
        ("product", false),
        ("goes with", false),
        ("together", true),
        ("confidence", true),
        ("lift", true),
        ("q", true),
    ];
    let has_score = !matches!(score, "confidence" | "lift" | "count");
    if has_score {
        header.insert(5, (score, true));
    }
    let line = |row: &crate::models::affinity::PairRow| {
        let counts = row.counts;
        let name = |product: u32| escape(&names.names[product as usize]).into_owned();
        let mut line = vec![
            name(row.a),
            name(row.b),
            counts.n_ab.to_string(),
            percent(counts.confidence()),
            format!("{:.2}", counts.lift()),
            small(row.q_value),
        ];
        if has_score {
            line.insert(5, format!("{:.3}", row.score));
        }
        line
    };
    let rows = strongest(&result.rows, output.most());
    output.write_table(&header, rows.iter().map(line).collect())
}
