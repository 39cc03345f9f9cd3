//! `affinity_rules` and `affinity_rule_products`: baskets with all of these have that one too.

use super::super::Rows;
use super::super::affinity::{Itemsets, Level, Mining, PairCounts, Rule, RuleOptions, Tamed, mine, rule_id, rules};
use super::arrays::{bigint, boolean, double, integer, maybe, text};
use super::figures::Figures;
use super::read::Catalogue;
use super::settings::Settings;

/// Frequent sets beyond which sets have to be in more baskets.
const MOST_SETS: usize = 1_000_000;

/// A rule under names that last.
#[derive(Debug)]
pub struct Row {
    rule_id: String,
    antecedent: Vec<u32>,
    joined: String,
    consequent: u32,
    counts: PairCounts,
    p_value: f64,
    q_value: f64,
    is_redundant: bool,
}

/// Rules of the baskets.
pub fn find(baskets: &Tamed<'_>, catalogue: &Catalogue<'_>, settings: &Settings, figures: &mut Figures) -> Vec<Row> {
    let asked = settings.rule_min_support.count_of(baskets.n_total).max(u64::from(settings.min_count));
    let (least, itemsets) = frequent(baskets, asked, settings.rule_max_length);
    let options = RuleOptions {
        min_confidence: settings.rule_min_confidence,
        empty_antecedent: false,
        max_q: None,
        drop_redundant: false,
        max_rules: settings.max_rules,
    };
    // A basket has a 32-bit number.
    let found = rules(&itemsets, u32::try_from(baskets.n_total).unwrap_or(u32::MAX), &options);
    let limits = itemsets.limits();
    figures.count("rule", "min_count", least, "fewest baskets with all products of a rule");
    figures.count("rule", "sets", itemsets.len() as u64, "sets of products in enough baskets");
    figures.count("rule", "tests", found.tested as u64, "rules of the asked confidence");
    figures.count("rule", "redundant", found.redundant as u64, "rules that a shorter one makes needless");
    let longer = "length more than [affinity] rule_max_length: there are such sets, which make no rules";
    figures.limit("rule", "max_length_bound", u64::from(limits.max_length_bound), longer);
    let fewer =
        format!("baskets more than [affinity] rule_min_support asks for: with it there are over {MOST_SETS} sets");
    figures.limit("rule", "min_count_raised", least - asked, &fewer);
    let over = "rules beyond [affinity] max_rules, those with the weakest evidence, which were left out";
    figures.limit("rule", "rules_left_out", found.over_limit as u64, over);
    found.rules.into_iter().map(|rule| named(rule, catalogue)).collect()
}

/// Sets in at least `asked` baskets or, when there are too many of them, in as many more as it takes: the strongest sets of
/// every length say more than all pairs and nothing longer.
fn frequent(baskets: &Tamed<'_>, asked: u64, max_length: usize) -> (u64, Itemsets) {
    let mut least = asked;
    loop {
        let min_count = u32::try_from(least).unwrap_or(u32::MAX);
        let itemsets =
            mine(&baskets.incidence, &Mining { min_count, max_length: Some(max_length), max_sets: MOST_SETS });
        // No basket count is that large, so that it ends.
        if itemsets.limits().left_out_at_least == 0 || min_count == u32::MAX {
            return (least, itemsets);
        }
        least += least / 2 + 1;
    }
}

/// `affinity_rules` and `affinity_rule_products`.
pub fn tables(rows: &[Row], catalogue: &Catalogue<'_>) -> (Rows, Rows) {
    (rules_table(rows, catalogue), products(rows, catalogue))
}

fn named(rule: Rule, catalogue: &Catalogue<'_>) -> Row {
    let Rule { antecedent, consequent, counts, p_value, q_value, is_redundant } = rule;
    // Numbers are in the order of ids, and so the ids are sorted.
    let ids: Vec<&str> = antecedent.iter().map(|product| catalogue.ids[*product as usize]).collect();
    // What joins the hashed ids is in none of them that anybody types; blanks are in many.
    let rule_id =
        rule_id(Level::Basket.name(), "product", "rule", &ids.join("\u{1f}"), catalogue.ids[consequent as usize]);
    Row { rule_id, joined: ids.join(" "), antecedent, consequent, counts, p_value, q_value, is_redundant }
}

fn rules_table(rows: &[Row], catalogue: &Catalogue<'_>) -> Rows {
    vec![
        text(rows, |row| &row.rule_id),
        text(rows, |row| &row.joined),
        integer(rows, |row| u32::try_from(row.antecedent.len()).unwrap_or(u32::MAX)),
        text(rows, |row| catalogue.ids[row.consequent as usize]),
        text(rows, |_| Level::Basket.name()),
        bigint(rows, |row| row.counts.n_a),
        bigint(rows, |row| row.counts.n_b),
        bigint(rows, |row| row.counts.n_ab),
        bigint(rows, |row| row.counts.n_total),
        double(rows, |row| row.counts.support()),
        double(rows, |row| row.counts.confidence()),
        double(rows, |row| row.counts.lift()),
        double(rows, |row| row.counts.leverage()),
        maybe(rows, |row| row.counts.conviction()),
        boolean(rows, |row| row.counts.conviction_infinite()),
        double(rows, |row| row.counts.log_likelihood_ratio()),
        double(rows, |row| row.p_value),
        double(rows, |row| row.q_value),
        boolean(rows, |row| row.is_redundant),
    ]
}

fn products(rows: &[Row], catalogue: &Catalogue<'_>) -> Rows {
    let of_row =
        |row: &'_ Row| row.antecedent.iter().map(|product| (row.rule_id.clone(), *product)).collect::<Vec<_>>();
    let parts: Vec<(String, u32)> = rows.iter().flat_map(of_row).collect();
    vec![text(&parts, |part| &part.0), text(&parts, |part| catalogue.ids[part.1 as usize])]
}
