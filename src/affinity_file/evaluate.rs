//! The back-test of a basket file: which method would have foretold best what customers bought last.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, StringArray};

use super::columns::contracted;
use super::folder::{contract, metadata_of, pretty, write};
use super::{Source, counted, finished, note, on_threads, warn};
use crate::basket_file::{self, Lines, Reason, Report, Wanted};
use crate::error::{Error, Result};
use crate::models::affinity::recommend::{
    AgainScore, BackTest, Baskets, EvaluationRow, List, Market, Method, Options, back_test,
};
use crate::models::affinity::{Purchase, ReplenishmentOptions, replenishment};
use crate::monitor::Monitor;

/// Its columns.
pub const EVALUATION_COLUMNS: [&str; 17] = [
    "list",
    "k",
    "method",
    "precision",
    "recall",
    "ndcg",
    "map",
    "hit_rate",
    "coverage",
    "popularity",
    "lo",
    "hi",
    "customers",
    "chosen",
    "cut_day",
    "horizon_days",
    "reason",
];

/// What came of it.
#[derive(Debug)]
pub struct Evaluation {
    /// Rows by list, length and method, and the choices.
    pub tested: BackTest,
    /// Days that were held back.
    pub holdout_days: u32,
    /// What became of the rows of the files.
    pub report: Report,
    /// Customers and products that were read.
    pub customers: usize,
    /// Products that were read.
    pub products: usize,
    /// Distinct days on which a customer bought a product.
    pub purchases: usize,
    /// The first day that is not known.
    pub as_of_day: i32,
}

/// Reads, holds back, judges. `as_of_day` of the options is the day after the last when it is [`i32::MAX`].
///
/// # Errors
/// Input, when nothing can be used, or all of it is on or after the first unknown day.
pub fn evaluate(source: &Source, options: &Options, monitor: &dyn Monitor) -> Result<Evaluation> {
    on_threads(source.threads, || {
        let started = Instant::now();
        let wanted = Wanted { basket: true, customer: true, date: true, ordered: true };
        let lines = basket_file::read(&source.files, source.layout, &source.columns, wanted)?;
        let purchases = purchases(&lines);
        let summary = format!(
            "{} rows, {} customers, {} products, {} purchases (a customer, a product, a day)",
            lines.report.rows,
            lines.customers,
            lines.products.len(),
            purchases.len()
        );
        finished(monitor, "read", started, summary);
        for reason in Reason::ALL.into_iter().filter(|reason| lines.report.count(*reason) > 0) {
            warn(monitor, format!("left out: {}", lines.report.in_words(reason)));
        }
        let mut options = options.clone();
        let last_day = lines.day.iter().copied().max().unwrap_or(0);
        options.as_of_day = options.as_of_day.min(last_day.saturating_add(1));
        if purchases.iter().all(|purchase| purchase.day >= options.as_of_day) {
            return Err(Error::input("no purchase is before the first unknown day").hint("give a later `--as-of`"));
        }
        let mut days = vec![i32::MAX; lines.baskets];
        for (basket, day) in lines.basket.iter().zip(&lines.day) {
            days[*basket as usize] = days[*basket as usize].min(*day);
        }
        let basket_lines: Vec<(u32, u32)> = lines.basket.iter().copied().zip(lines.product.iter().copied()).collect();
        let market = Market {
            customers: lines.customers,
            products: lines.products.len(),
            purchases: &purchases,
            baskets: Some(Baskets { lines: &basket_lines, days: &days }),
            categories: &[],
            roots: &[],
        };
        let again = |purchases: &[Purchase], as_of_day: i32| -> Vec<AgainScore> {
            let horizon_days = options.holdout_days;
            let settings = ReplenishmentOptions { as_of_day, horizon_days, categories: &[] };
            let scored = replenishment(purchases, market.products, &settings).rows.into_iter();
            let scores = scored.map(|again| AgainScore {
                customer: again.customer,
                product: again.product,
                score: again.probability,
            });
            scores.filter(|again| again.score > 0.0).collect()
        };
        let has_again = options.methods.contains(&Method::Replenishment);
        let started = Instant::now();
        let tested = back_test(&market, &options, if has_again { Some(&again) } else { None });
        let summary =
            format!("{} test customers, {} products that enough bought before", tested.customers, tested.products);
        finished(monitor, "back-test", started, summary);
        if tested.customers == 0 {
            warn(monitor, nobody_in_words(&purchases, &tested, &options));
        }
        for message in &tested.notes {
            note(monitor, message.clone());
        }
        Ok(Evaluation {
            holdout_days: options.holdout_days,
            as_of_day: options.as_of_day,
            customers: lines.customers,
            products: lines.products.len(),
            purchases: purchases.len(),
            report: lines.report,
            tested,
        })
    })
}

fn purchases(lines: &Lines) -> Vec<Purchase> {
    let columns = lines.customer.iter().zip(&lines.product).zip(&lines.day);
    let mut purchases: Vec<Purchase> = columns
        .map(|((customer, product), day)| Purchase { customer: *customer, product: *product, day: *day })
        .collect();
    purchases.sort_unstable();
    purchases.dedup();
    purchases
}

/// A column of the back-test.
///
/// # Errors
/// Internal, for a name that is none.
pub fn evaluation_column(column: &str, rows: &[EvaluationRow], of: &Evaluation) -> Result<ArrayRef> {
    let figure = |of: fn(&EvaluationRow) -> f64| -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(of(row)).filter(|figure| figure.is_finite())).collect::<Float64Array>())
    };
    let whole =
        |of: fn(&EvaluationRow) -> usize| rows.iter().map(move |row| i32::try_from(of(row)).unwrap_or(i32::MAX));
    Ok(match column {
        "list" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.list.name()))),
        "k" => Arc::new(Int32Array::from_iter_values(whole(|row| row.k))),
        "method" => Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.method.name()))),
        "precision" => figure(|row| row.precision),
        "recall" => figure(|row| row.recall),
        "ndcg" => figure(|row| row.ndcg),
        "map" => figure(|row| row.map),
        "hit_rate" => figure(|row| row.hit_rate),
        "coverage" => figure(|row| row.coverage),
        "popularity" => figure(|row| row.popularity),
        "lo" => figure(|row| row.lo),
        "hi" => figure(|row| row.hi),
        "customers" => Arc::new(rows.iter().map(|row| i64::try_from(row.customers).ok()).collect::<Int64Array>()),
        "chosen" => Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.chosen)))),
        "cut_day" => Arc::new(Int32Array::from(vec![of.tested.cut_day; rows.len()])),
        "horizon_days" => Arc::new(Int32Array::from(vec![of.holdout_days.cast_signed(); rows.len()])),
        "reason" => {
            let reason = |row: &EvaluationRow| Some(row.reason.clone()).filter(|reason| !reason.is_empty());
            Arc::new(rows.iter().map(reason).collect::<StringArray>())
        }
        _ => return Err(Error::internal(format!("nothing makes the column `{column}`"))),
    })
}

/// Why nobody could be judged by, and what would help.
fn nobody_in_words(purchases: &[Purchase], tested: &BackTest, options: &Options) -> String {
    let first_day = purchases.iter().map(|purchase| purchase.day).min().unwrap_or(tested.cut_day);
    let days = options.as_of_day.saturating_sub(first_day);
    let (holdout, buyers) = (options.holdout_days, options.min_buyers);
    if tested.cut_day <= first_day {
        format!(
            "nothing was judged: the purchases are of {days} days, and the last {holdout} are held back; lower `--holdout-days`"
        )
    } else if tested.products == 0 {
        format!(
            "nothing was judged: no product has {buyers} buyers before the last {holdout} days; lower `--min-buyers`"
        )
    } else {
        format!(
            "nothing was judged: nobody who bought before the last {holdout} days bought one of {} in them; raise \
             `--holdout-days` or lower `--min-buyers`",
            counted(tested.products as u64, "product")
        )
    }
}

/// The rows of one list at one length, the best first.
pub fn best_first(of: &Evaluation, list: List, k: usize) -> Vec<&EvaluationRow> {
    let mut rows: Vec<&EvaluationRow> = of.tested.rows.iter().filter(|row| row.list == list && row.k == k).collect();
    rows.sort_by(|one, other| other.ndcg.total_cmp(&one.ndcg).then(one.method.cmp(&other.method)));
    rows
}

/// Writes `affinity_evaluation.parquet` and `report.json`.
///
/// # Errors
/// Output, when the folder cannot be written.
pub fn write_evaluation(of: &Evaluation, out: &Path) -> Result<()> {
    let table = contract("affinity_evaluation")?;
    let rows = &of.tested.rows;
    let batch = contracted(&table, rows.len(), &[], |column| evaluation_column(column, rows, of))?;
    let chosen: serde_json::Map<String, serde_json::Value> = of
        .tested
        .choices
        .iter()
        .map(|choice| {
            (
                choice.list.name().to_owned(),
                serde_json::json!({"method": choice.method.name(), "reason": choice.reason}),
            )
        })
        .collect();
    let report = serde_json::json!({
        "rows_read": of.report.rows,
        "rows_left_out": super::folder::left_out(&of.report),
        "customers": of.customers,
        "products": of.products,
        "purchases": of.purchases,
        "holdout_days": of.holdout_days,
        "test_customers": of.tested.customers,
        "eligible_products": of.tested.products,
        "chosen": chosen,
        "notes": of.tested.notes,
    });
    let metadata = metadata_of(Some(of.as_of_day - 1));
    write(&[(table, batch)], &metadata, &[("report.json", pretty(&report)?)], out)
}
