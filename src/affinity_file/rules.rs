//! Rules of a basket file: frequent sets, and what follows from them, as rows of `affinity_rules`.

use std::time::Instant;

use super::{Source, Units, counted, finished, on_threads, warn};
use crate::error::Result;
use crate::models::affinity::{
    Itemsets, Level, Limits, Mining, PairCounts, Ratio, Rule, RuleOptions, mine, rule_id, rules as find,
};
use crate::monitor::Monitor;
use crate::rule_files::{self, Choice, PairRule};

/// Which rules are wanted.
#[derive(Debug, Clone)]
pub struct RulesOptions {
    /// The least share of all units that have all products of a rule.
    pub min_support: Ratio,
    /// And their fewest number.
    pub min_count: u32,
    /// The least confidence.
    pub min_confidence: Ratio,
    /// Most products of a rule.
    pub max_length: usize,
    /// Most frequent sets.
    pub max_sets: usize,
    /// Most rules.
    pub max_rules: usize,
    /// The largest q-value.
    pub max_q: Option<f64>,
    /// Leaves out rules that a shorter one makes needless.
    pub drop_redundant: bool,
}

/// A rule under the names of its products.
#[derive(Debug, Clone)]
pub struct NamedRule {
    /// Stable name.
    pub rule_id: String,
    /// Products on the left, in the order of their ids.
    pub antecedent: Vec<String>,
    /// The same, separated by blanks.
    pub joined: String,
    /// The product on the right.
    pub consequent: String,
    /// `n_a` is of the left, `n_b` of the right.
    pub counts: PairCounts,
    /// Fisher's test.
    pub p_value: f64,
    /// After Benjamini and Hochberg.
    pub q_value: f64,
    /// A shorter rule is as confident.
    pub is_redundant: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct RuleResult {
    /// What was counted.
    pub units: Units,
    /// The fewest units of a set.
    pub least: u64,
    /// Frequent sets by length, from 1.
    pub by_length: Vec<usize>,
    /// Closed ones of them.
    pub closed: usize,
    /// Maximal ones of them.
    pub maximal: usize,
    /// What was not looked at.
    pub limits: Limits,
    /// Rules that reach the confidence.
    pub tested: usize,
    /// Redundant ones of them.
    pub redundant: usize,
    /// Rules beyond `max_rules`.
    pub over_limit: usize,
    /// The rules, those with the most evidence first.
    pub rules: Vec<NamedRule>,
}

/// How many rules the files for rule engines have, and how many were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleFileCounts {
    /// Rules in each file.
    pub rules: usize,
    /// Rules of one product on the left that are not.
    pub left_out: usize,
}

/// Reads, mines, derives.
///
/// # Errors
/// Input, when nothing can be used.
pub fn rules(source: &Source, options: &RulesOptions, monitor: &dyn Monitor) -> Result<RuleResult> {
    on_threads(source.threads, || {
        let units = source.units(monitor)?;
        let least = options.min_support.count_of(units.n_total).max(u64::from(options.min_count));
        let started = Instant::now();
        let mining = Mining {
            min_count: u32::try_from(least).unwrap_or(u32::MAX),
            max_length: Some(options.max_length),
            max_sets: options.max_sets,
        };
        let itemsets = mine(&units.incidence, &mining);
        let (by_length, limits) = (itemsets.by_length(), itemsets.limits());
        let (closed, maximal) = (itemsets.closed(), itemsets.maximal());
        let lengths: Vec<String> = by_length.iter().map(usize::to_string).collect();
        let summary = format!(
            "{} in {least} or more of {}; by number of products {}; {closed} closed, {maximal} maximal",
            itemsets.len(),
            counted(units.n_total, source.level.name()),
            if lengths.is_empty() { "none".to_owned() } else { lengths.join(", ") }
        );
        finished(monitor, "sets", started, summary);
        let started = Instant::now();
        let found = find(&itemsets, u32::try_from(units.n_total).unwrap_or(u32::MAX), &rule_options(options));
        let summary = format!("{} of the asked confidence, {} of them redundant", found.tested, found.redundant);
        finished(monitor, "rules", started, summary);
        tell(&itemsets, found.over_limit, options, monitor);
        let rules = found.rules.into_iter().map(|rule| named(rule, &units, source.level)).collect();
        Ok(RuleResult {
            least,
            by_length,
            closed,
            maximal,
            limits,
            tested: found.tested,
            redundant: found.redundant,
            over_limit: found.over_limit,
            rules,
            units,
        })
    })
}

fn rule_options(options: &RulesOptions) -> RuleOptions {
    RuleOptions {
        min_confidence: options.min_confidence,
        empty_antecedent: false,
        max_q: options.max_q,
        drop_redundant: options.drop_redundant,
        max_rules: options.max_rules,
    }
}

/// Whatever is missing is said: nothing is cut in silence.
fn tell(itemsets: &Itemsets, over_limit: usize, options: &RulesOptions, monitor: &dyn Monitor) {
    let limits = itemsets.limits();
    if limits.max_length_bound {
        let message =
            format!("longer sets than {} products exist and were not looked at (`--max-length`)", options.max_length);
        warn(monitor, message);
    }
    if limits.max_sets_bound {
        let message = format!(
            "there are more than {} sets: only those of up to {} products are known, {} or more are left out (`--max-sets`, or \
             a higher `--min-support`)",
            options.max_sets, limits.complete_length, limits.left_out_at_least
        );
        warn(monitor, message);
    }
    if over_limit > 0 {
        warn(monitor, format!("{over_limit} rules with the least evidence are left out (`--max-rules`)"));
    }
}

fn named(rule: Rule, units: &Units, level: Level) -> NamedRule {
    let name = |product: &u32| units.names[*product as usize].clone();
    // Numbers are in the order of ids, and so the ids are sorted.
    let antecedent: Vec<String> = rule.antecedent.iter().map(name).collect();
    let consequent = name(&rule.consequent);
    NamedRule {
        rule_id: rule_id(level.name(), &units.granularity, "rule", &antecedent.join("\u{1f}"), &consequent),
        joined: antecedent.join(" "),
        antecedent,
        consequent,
        counts: rule.counts,
        p_value: rule.p_value,
        q_value: rule.q_value,
        is_redundant: rule.is_redundant,
    }
}

/// The files for rule engines: the best rules with one product on the left. Names and contents.
pub fn engine_files(result: &RuleResult, level: Level) -> (Vec<(&'static str, String)>, RuleFileCounts) {
    let mut single: Vec<&NamedRule> =
        result.rules.iter().filter(|rule| rule.antecedent.len() == 1 && rule.counts.lift_above_one()).collect();
    // The sort keeps the order of evidence within a product.
    single.sort_by(|one, other| one.antecedent.cmp(&other.antecedent));
    let mut rows: Vec<PairRule<'_>> = Vec::with_capacity(single.len());
    for rule in &single {
        let rank = match rows.last() {
            Some(before) if before.product_a == rule.joined => before.rank + 1,
            _ => 1,
        };
        rows.push(PairRule {
            rule_id: &rule.rule_id,
            level: level.name(),
            product_a: &rule.joined,
            product_b: &rule.consequent,
            rank,
            n_a: rule.counts.n_a,
            n_ab: rule.counts.n_ab,
            confidence: rule.counts.confidence(),
            lift: rule.counts.lift(),
            llr: rule.counts.log_likelihood_ratio(),
            q_value: rule.q_value,
        });
    }
    let chosen = rule_files::choose(&rows, &Choice::default());
    let counts = RuleFileCounts { rules: chosen.rules.len(), left_out: rows.len() - chosen.rules.len() };
    let files = vec![
        ("affinity_rules.jdm.json", rule_files::jdm(&chosen.rules)),
        ("affinity_rules.json", rule_files::json_rules(&chosen.rules)),
        ("affinity_rules.csv", rule_files::drools_csv(&chosen.rules)),
    ];
    (files, counts)
}
