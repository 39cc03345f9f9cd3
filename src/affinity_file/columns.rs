//! Columns of results by their names, those of the tables `affinity_ptp` and `affinity_rules`.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, Schema};
use rayon::prelude::*;

use super::rules::NamedRule;
use crate::contract::Table;
use crate::error::{Error, Result};
use crate::models::affinity::{Level, PairCounts, PairRow, rule_id};

/// The columns of pairs that a basket file can fill.
pub const PAIR_COLUMNS: [&str; 33] = [
    "level",
    "granularity",
    "relation",
    "product_a",
    "product_b",
    "rank",
    "score",
    "score_name",
    "n_a",
    "n_b",
    "n_ab",
    "n_total",
    "support",
    "confidence",
    "confidence_reverse",
    "lift",
    "lift_lo",
    "leverage",
    "conviction",
    "conviction_infinite",
    "jaccard",
    "cosine",
    "npmi",
    "llr",
    "phi",
    "kulczynski",
    "imbalance",
    "certainty",
    "zhang",
    "chi_squared",
    "p_value",
    "q_value",
    "rule_id",
];

/// The columns of rules.
pub const RULE_COLUMNS: [&str; 19] = [
    "rule_id",
    "antecedent",
    "antecedents",
    "consequent",
    "level",
    "n_antecedent",
    "n_consequent",
    "n_both",
    "n_total",
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "conviction_infinite",
    "llr",
    "p_value",
    "q_value",
    "is_redundant",
];

/// What the complements of a bare file are.
pub const COMPLEMENT: &str = "complement";

/// What all rows of pairs share.
#[derive(Debug, Clone, Copy)]
pub struct PairNames<'a> {
    /// Products by number.
    pub names: &'a [String],
    /// What was counted.
    pub level: Level,
    /// What was paired.
    pub granularity: &'a str,
    /// The measure that ranks.
    pub score_name: &'a str,
}

impl PairNames<'_> {
    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// The stable name of a row.
    pub fn rule_id(&self, row: &PairRow) -> String {
        rule_id(self.level.name(), self.granularity, COMPLEMENT, self.name(row.a), self.name(row.b))
    }
}

/// A column of pairs.
///
/// # Errors
/// Internal, for a name that is no column of pairs.
pub fn pair_column(column: &str, rows: &[PairRow], of: &PairNames<'_>) -> Result<ArrayRef> {
    let all = |value: &str| text(rows, |_| value);
    Ok(match column {
        "level" => all(of.level.name()),
        "granularity" => all(of.granularity),
        "direction" => all("pair"),
        "relation" => all(COMPLEMENT),
        "product_a" => text(rows, |row| of.name(row.a)),
        "product_b" => text(rows, |row| of.name(row.b)),
        "rank" => integer(rows, |row| row.rank),
        "score" => double(rows, |row| row.score),
        "score_name" => all(of.score_name),
        "backed_off" => boolean(rows, |_| false),
        "related_eligible" => boolean(rows, |_| true),
        "p_value" => double(rows, |row| row.p_value),
        "q_value" => double(rows, |row| row.q_value),
        "rule_id" => {
            let ids: Vec<String> = rows.par_iter().map(|row| of.rule_id(row)).collect();
            Arc::new(StringArray::from_iter_values(ids))
        }
        _ => return measure(column, rows, |row| row.counts),
    })
}

/// A column of rules.
///
/// # Errors
/// Internal, for a name that is no column of rules.
pub fn rule_column(column: &str, rules: &[NamedRule], level: Level) -> Result<ArrayRef> {
    Ok(match column {
        "rule_id" => text(rules, |rule| &rule.rule_id),
        "antecedent" => text(rules, |rule| &rule.joined),
        "antecedents" => integer(rules, |rule| u32::try_from(rule.antecedent.len()).unwrap_or(u32::MAX)),
        "consequent" => text(rules, |rule| &rule.consequent),
        "level" => text(rules, |_| level.name()),
        "n_antecedent" => bigint(rules, |rule| rule.counts.n_a),
        "n_consequent" => bigint(rules, |rule| rule.counts.n_b),
        "n_both" => bigint(rules, |rule| rule.counts.n_ab),
        "p_value" => double(rules, |rule| rule.p_value),
        "q_value" => double(rules, |rule| rule.q_value),
        "is_redundant" => boolean(rules, |rule| rule.is_redundant),
        _ => return measure(column, rules, |rule| rule.counts),
    })
}

fn measure<T: Sync>(column: &str, rows: &[T], of: impl Fn(&T) -> PairCounts + Sync) -> Result<ArrayRef> {
    let ratio = |measure: fn(&PairCounts) -> f64| double(rows, |row| measure(&of(row)));
    Ok(match column {
        "n_a" => bigint(rows, |row| of(row).n_a),
        "n_b" => bigint(rows, |row| of(row).n_b),
        "n_ab" => bigint(rows, |row| of(row).n_ab),
        "n_total" => bigint(rows, |row| of(row).n_total),
        "support" => ratio(PairCounts::support),
        "confidence" => ratio(PairCounts::confidence),
        "confidence_reverse" => ratio(PairCounts::confidence_reverse),
        "lift" => ratio(PairCounts::lift),
        "lift_lo" => ratio(PairCounts::lift_lower),
        "leverage" => ratio(PairCounts::leverage),
        "conviction" => {
            let values: Vec<Option<f64>> = rows.par_iter().map(|row| of(row).conviction()).collect();
            Arc::new(Float64Array::from(values))
        }
        "conviction_infinite" => boolean(rows, |row| of(row).conviction_infinite()),
        "jaccard" => ratio(PairCounts::jaccard),
        "cosine" => ratio(PairCounts::cosine),
        "npmi" => ratio(PairCounts::npmi),
        "llr" => ratio(PairCounts::log_likelihood_ratio),
        "phi" => ratio(PairCounts::phi),
        "kulczynski" => ratio(PairCounts::kulczynski),
        "imbalance" => ratio(PairCounts::imbalance),
        "certainty" => ratio(PairCounts::certainty),
        "zhang" => ratio(PairCounts::zhang),
        "chi_squared" => ratio(PairCounts::chi_squared),
        _ => return Err(Error::internal(format!("nothing makes the column `{column}`"))),
    })
}

/// Named columns as rows.
///
/// # Errors
/// Internal, when one cannot be made.
pub fn batch(columns: &[&str], make: impl Fn(&str) -> Result<ArrayRef>) -> Result<RecordBatch> {
    let arrays = columns.iter().map(|column| make(column)).collect::<Result<Vec<_>>>()?;
    let field = |(column, array): (&&str, &ArrayRef)| Field::new(*column, array.data_type().clone(), true);
    let schema = Schema::new(columns.iter().zip(&arrays).map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays)
        .map_err(|error| Error::internal("columns of different lengths").because(error))
}

/// All columns of a contract; those in `unknown` are empty.
///
/// # Errors
/// Internal, when one cannot be made.
pub fn contracted(
    table: &Table,
    rows: usize,
    unknown: &[(&str, DataType)],
    make: impl Fn(&str) -> Result<ArrayRef>,
) -> Result<RecordBatch> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    batch(&columns, |column| match unknown.iter().find(|(name, _)| *name == column) {
        Some((_, data_type)) => Ok(new_null_array(data_type, rows)),
        None => make(column),
    })
}

fn text<'a, T>(rows: &'a [T], of: impl Fn(&'a T) -> &'a str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
}

fn integer<T>(rows: &[T], of: impl Fn(&T) -> u32) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| i32::try_from(of(row)).unwrap_or(i32::MAX))))
}

fn bigint<T>(rows: &[T], of: impl Fn(&T) -> u64) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| i64::try_from(of(row)).unwrap_or(i64::MAX))))
}

fn double<T: Sync>(rows: &[T], of: impl Fn(&T) -> f64 + Sync) -> ArrayRef {
    let values: Vec<f64> = rows.par_iter().map(&of).collect();
    Arc::new(Float64Array::from(values))
}

fn boolean<T>(rows: &[T], of: impl Fn(&T) -> bool) -> ArrayRef {
    Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(of(row)))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::affinity_file::folder::{UNKNOWN, contract};

    #[test]
    fn every_column_of_the_contracts_and_of_the_lists_is_made() {
        let names = ["a".to_owned(), "b".to_owned()];
        let of = PairNames { names: &names, level: Level::Basket, granularity: "product", score_name: "llr" };
        let counts = PairCounts { n_ab: 2, n_a: 3, n_b: 4, n_total: 9 };
        let rows = [PairRow { a: 0, b: 1, rank: 1, score: 1.0, counts, p_value: 0.5, q_value: 1.0 }];
        let table = contract("affinity_ptp").unwrap();
        let pairs = contracted(&table, 1, &UNKNOWN, |column| pair_column(column, &rows, &of)).unwrap();
        assert_eq!((pairs.num_rows(), pairs.num_columns()), (1, table.columns.len()));
        assert_eq!(batch(&PAIR_COLUMNS, |column| pair_column(column, &rows, &of)).unwrap().num_rows(), 1);
        let rule = NamedRule {
            rule_id: "0".to_owned(),
            antecedent: vec!["a".to_owned()],
            joined: "a".to_owned(),
            consequent: "b".to_owned(),
            counts,
            p_value: 0.5,
            q_value: 1.0,
            is_redundant: false,
        };
        let table = contract("affinity_rules").unwrap();
        let make = |column: &str| rule_column(column, std::slice::from_ref(&rule), Level::Basket);
        assert_eq!(contracted(&table, 1, &[], make).unwrap().num_columns(), table.columns.len());
        assert_eq!(batch(&RULE_COLUMNS, make).unwrap().num_rows(), 1);
    }
}
