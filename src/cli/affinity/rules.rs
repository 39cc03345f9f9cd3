//! `patronage affinity rules`: who has all of these also has that.

use super::source::{CountingArgs, SourceArgs, rate};
use super::{OutputArgs, percent, small};
use crate::affinity_file::{NamedRule, RULE_COLUMNS, RuleResult, RulesOptions, batch, rule_column, rules, write_rules};
use crate::cli::args::GlobalArgs;
use crate::cli::escape::escape;
use crate::cli::progress;
use crate::cli::render::RowFormat;
use crate::error::Result;
use crate::models::affinity::Ratio;

const EXAMPLES: &str = "\
Examples:
  patronage affinity rules groceries.csv --min-support 0.001 --min-confidence 0.8
  patronage affinity rules orders.parquet --min-support 0.1% --drop-redundant --max-q 0.05 --out rules
  patronage affinity rules baskets.txt --layout lines --min-support 0.01 --format csv > rules.csv";

const NOTES: &str = "\
A rule says: baskets with all of these products have that one too. The sets of products that it comes from are counted on \
stderr: by their number of products, closed ones (no larger set is in as many baskets) and maximal ones (no larger set is \
in enough).

Shares are exact: 16 of 20 reaches 0.8. They may be written as 0.05, 5% or 1/20.

Nothing is cut in silence: when a limit (`--max-length`, `--max-sets`, `--max-rules`) takes something away, stderr and \
report.json say so.

A rule is redundant when one with fewer products on the left is as confident or more.

DIR gets affinity_rules.parquet, report.json, and for rule engines the best rules of one product each as \
affinity_rules.jdm.json (GoRules ZEN), affinity_rules.json (json-rules-engine) and affinity_rules.csv (Drools): q up to \
0.05, three for a product, 1,000 products.";

/// Rules with several products on the left: who has all of these also has that
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
#[command(next_help_heading = "Rules")]
struct ChoiceArgs {
    /// Least share of all baskets that have all products of a rule
    #[arg(long, value_name = "SHARE", default_value = "0.01")]
    min_support: Ratio,
    /// And their fewest number
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    min_count: u32,
    /// Least share of the baskets with the left side that have the right one
    #[arg(long, value_name = "SHARE", default_value = "0.5")]
    min_confidence: Ratio,
    /// Most products of a rule, both sides together
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = length)]
    max_length: usize,
    /// Most sets of products; beyond, the longest are not looked at
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    max_sets: usize,
    /// Most rules; beyond, those with the least evidence are left out
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    max_rules: usize,
    /// Largest q-value: the share of coincidences that the list may have
    #[arg(long, value_name = "RATE", value_parser = rate)]
    max_q: Option<f64>,
    /// Leave out rules that a shorter one makes needless
    #[arg(long)]
    drop_redundant: bool,
}

fn length(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 1 => Ok(number),
        _ => Err("write a whole number from 2".to_owned()),
    }
}

pub fn run(args: Args, global: &GlobalArgs) -> Result<()> {
    let Args { source, counting, choice, output } = args;
    output.check()?;
    let columns = output.wanted(&RULE_COLUMNS)?;
    let monitor = progress::monitor(global);
    let source = source.counted(counting, global);
    let options = RulesOptions {
        min_support: choice.min_support,
        min_count: choice.min_count,
        min_confidence: choice.min_confidence,
        max_length: choice.max_length,
        max_sets: choice.max_sets,
        max_rules: choice.max_rules,
        max_q: choice.max_q,
        drop_redundant: choice.drop_redundant,
    };
    let result = rules(&source, &options, monitor.as_ref())?;
    if let Some(out) = &output.out {
        write_rules(&result, &source, out)?;
    }
    if output.format == RowFormat::Table && output.columns.is_empty() {
        return show(&result, &output);
    }
    let most = if output.format == RowFormat::Table { output.most() } else { usize::MAX };
    let shown = &result.rules[..result.rules.len().min(most)];
    output.write_rows(batch(&columns, |column| rule_column(column, shown, source.level))?)
}

/// The rules with the most evidence, for people.
fn show(result: &RuleResult, output: &OutputArgs) -> Result<()> {
    let header = [
        ("who has", false),
        ("also has", false),
        ("baskets", true),
        ("confidence", true),
        ("lift", true),
        ("llr", true),
        ("q", true),
    ];
    let line = |rule: &NamedRule| {
        vec![
            escape(&rule.antecedent.join(" + ")).into_owned(),
            escape(&rule.consequent).into_owned(),
            rule.counts.n_ab.to_string(),
            percent(rule.counts.confidence()),
            format!("{:.2}", rule.counts.lift()),
            format!("{:.3}", rule.counts.log_likelihood_ratio()),
            small(rule.q_value),
        ]
    };
    output.write_table(&header, result.rules.iter().take(output.most()).map(line).collect())
}
