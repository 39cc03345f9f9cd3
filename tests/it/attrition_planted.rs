//! The model of attrition finds what is planted: in a generated shop whose customers leave after complaints and long waits,
//! those come out on top, probabilities are right, and hardly any score could rank better.
//!
//! # The best possible scores
//! From `src/generate/life.rs`: a customer orders at a rate of their own, leaves after a repeat order with a chance of their
//! own, and after a contact with a chance that what happened in it decides. Two scores know that law:
//!
//! - **of the truth**: it knows who is gone and everybody's rate. Who is gone orders no more; who is not orders nothing in
//!   `H` days with probability `exp(-rate H)`.
//! - **of the exports**: it knows the law, but of a customer only what any model may know: days of orders and contacts.
//!   Rates are gamma distributed and chances of leaving beta, so that everything has a closed form, as in BG/NBD
//!   (Fader, Hardie & Lee 2005), with contacts as further places to leave at. Who ordered again has survived what was before.
//!   No score that reads the exports ranks better, but by luck.
//!
//! Both allow for contacts that an order of the last days has still to bring. Days are whole in the exports, as in all
//! features; a contact on the day of an order counts as after it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use patronage::generate::{GenerateOptions, Layout, Model, generate};
use patronage::models::attrition::calibration::calibration_line;
use patronage::models::attrition::metrics::{Group, Ranked};
use patronage::monitor::{Cancel, Silent};
use patronage::pipeline::RunOptions;
use statrs::function::beta::ln_beta;
use statrs::function::gamma::ln_gamma;

use crate::run_support::{ask_run, run_file};

const DAYS: i32 = 730;

/// What `[attrition.model]` asks for, left out.
const HORIZON_DAYS: i32 = 90;

/// Mean days from an order to a contact about it.
const CONTACT_DAYS: f64 = 4.0;

/// Features that say what was planted.
const COMPLAINTS: [&str; 6] = [
    "complaints_365d",
    "complaints_90d",
    "complaints_since",
    "open_complaints_since",
    "open_complaints",
    "repeat_complaints_90d",
];
const WAITS: [&str; 3] = ["mean_wait_s", "longest_wait_90d_s", "longest_wait_since_s"];

/// A shop whose customers order every forty days, each at a rate of their own, so that silence alone says little; hardly
/// anybody leaves but for the contact centre.
pub fn model() -> Model {
    Model {
        rate_shape: 2.0,
        rate_days: 80.0,
        dropout_a: 0.3,
        dropout_b: 30.0,
        shrinker_share: 0.0,
        anonymous_share: 0.0,
        return_share: 0.0,
        cancelled_share: 0.0,
        contacts_per_order: 0.8,
        unknown_caller_share: 0.0,
        complaint_share: 0.15,
        complaint_after_wait: 0.3,
        leave_after_complaint: 0.8,
        leave_after_wait: 0.3,
        campaigns: 0,
        foreign_currency: false,
        ..Model::default()
    }
}

/// What is true of one customer. Days are counted from the first of the history.
#[derive(Default)]
struct Truth {
    rate: f64,
    left: Option<(f64, String)>,
    orders: Vec<i32>,
    /// Days of contacts, and the chance to leave because of each.
    contacts: Vec<(i32, f64)>,
}

/// A generated shop and a run over it.
struct Shop {
    _folder: tempfile::TempDir,
    run: PathBuf,
    model: Model,
    customers: BTreeMap<String, Truth>,
    /// The mean chance to leave because of a contact.
    leaves: f64,
}

/// How a score ranks, and what it loses, on what came.
struct Judged {
    lift: f64,
    auc: f64,
    log_loss: f64,
}

impl Shop {
    fn new(seed: u64, model: Model) -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("shop");
        let options = GenerateOptions {
            out: dir.clone(),
            customers: 12_000,
            products: 120,
            days: DAYS as u32,
            seed,
            layout: Layout::Single,
            threads: 2,
            model: model.clone(),
            ..GenerateOptions::default()
        };
        generate(&options, &Silent, &Cancel::new()).unwrap();
        let tables = [
            "attrition_grades",
            "attrition_model",
            "attrition_reasons",
            "attrition_scores",
            "attrition_snapshots",
            "attrition_labels",
        ];
        let only = tables.map(ToOwned::to_owned).to_vec();
        let run = run_file(&dir.join("patronage.toml"), &RunOptions { only, ..RunOptions::default() }).folder;
        let (customers, leaves) = truth(&dir, &model, options.end);
        Shop { _folder: folder, run, model, customers, leaves }
    }

    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        ask_run(&self.run, sql)
    }

    /// How many contacts that make a customer leave are still to come from orders before `day`, on average.
    fn to_come(&self, truth: &Truth, day: i32) -> f64 {
        let orders = truth.orders.iter().filter(|order| **order < day);
        // An order is in the middle of its day.
        let share: f64 = orders.map(|order| (-(f64::from(day - order) - 0.5) / CONTACT_DAYS).exp()).sum();
        self.leaves * self.model.contacts_per_order * share
    }

    /// The probability of no order in the horizon from `day`, of the truth.
    fn of_truth(&self, truth: &Truth, day: i32) -> f64 {
        if truth.left.as_ref().is_some_and(|(left, _)| *left < f64::from(day)) {
            return 1.0;
        }
        let orders = 1.0 - (-truth.rate * f64::from(HORIZON_DAYS)).exp();
        1.0 - orders * (-self.to_come(truth, day)).exp()
    }

    /// The same, of the exports.
    fn of_exports(&self, truth: &Truth, day: i32) -> f64 {
        let Model { rate_shape, rate_days, dropout_a, dropout_b, .. } = self.model;
        let orders: Vec<i32> = truth.orders.iter().copied().filter(|order| *order < day).collect();
        let (first, last) = (orders[0], orders[orders.len() - 1]);
        let repeats = (orders.len() - 1) as f64;
        // The density of the repeats up to an end of life, with so many orders survived and so many not.
        let density = |end: f64, not_survived: f64, survived: f64| {
            ln_gamma(rate_shape + repeats) - (rate_shape + repeats) * (rate_days + end).ln()
                + ln_beta(dropout_a + not_survived, dropout_b + survived)
        };
        let mut gone = Vec::new();
        if repeats > 0.0 {
            gone.push(density(f64::from(last - first), 1.0, repeats - 1.0));
        }
        let mut stayed = 0.0;
        for (at, leaves) in truth.contacts.iter().filter(|(at, _)| *at >= last && *at < day) {
            gone.push(density(f64::from(at - first), 0.0, repeats) + stayed + leaves.ln());
            stayed += (-leaves).ln_1p();
        }
        let known_for = f64::from(day - first) - 0.5;
        let alive = density(known_for, 0.0, repeats) + stayed;
        let alive = 1.0 / (1.0 + gone.iter().map(|gone| (gone - alive).exp()).sum::<f64>());
        let known = rate_days + known_for;
        let silent = (known / (known + f64::from(HORIZON_DAYS))).powf(rate_shape + repeats);
        1.0 - alive * (1.0 - silent) * (-self.to_come(truth, day)).exp()
    }

    /// Both on the customers that judged the models: of the truth and of the exports.
    fn bounds(&self) -> [Judged; 2] {
        let rows = self.ask(
            "SELECT l.customer_id, l.has_left FROM attrition_labels AS l \
             JOIN attrition_snapshots AS s ON l.origin_no = s.origin_no AND l.customer_id = s.customer_id \
             WHERE l.origin_no = 0 AND s.recency_days < 180",
        );
        let left: Vec<bool> = rows.iter().map(|row| row[1] == "true").collect();
        let judged = |score: &dyn Fn(&Truth) -> f64| {
            let scores: Vec<f64> = rows.iter().map(|row| score(&self.customers[&row[0]])).collect();
            let ranked = Ranked::new(&scores, &left).unwrap();
            // What is promised is what comes, or the law is not the generator's.
            let promised: f64 = scores.iter().sum();
            let noise: f64 = scores.iter().map(|score| score * (1.0 - score)).sum::<f64>().sqrt();
            assert!((promised - ranked.events() as f64).abs() < 4.0 * noise, "{promised} against {}", ranked.events());
            Judged { lift: ranked.top(10).unwrap().lift, auc: ranked.roc_auc().unwrap(), log_loss: ranked.log_loss() }
        };
        let origin = DAYS - HORIZON_DAYS;
        [judged(&|truth| self.of_truth(truth, origin)), judged(&|truth| self.of_exports(truth, origin))]
    }

    /// Features of the chosen model by their importance, the most important first, as shares of all.
    fn importance(&self) -> Vec<(String, f64)> {
        let rows = self.ask(
            "SELECT m.feature, MAX(m.importance) FROM attrition_model AS m \
             JOIN attrition_grades AS g ON m.model = g.model WHERE g.chosen AND m.feature <> 'intercept' GROUP BY m.feature",
        );
        let mut rows: Vec<(String, f64)> =
            rows.into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
        rows.sort_by(|a, b| b.1.total_cmp(&a.1));
        let all: f64 = rows.iter().map(|row| row.1).sum();
        rows.into_iter().map(|(feature, importance)| (feature, importance / all)).collect()
    }
}

/// What the generator and the exports say of each customer, and the mean chance to leave because of a contact.
fn truth(shop: &Path, model: &Model, end: Date) -> (BTreeMap<String, Truth>, f64) {
    let last_day = DAYS - 1;
    let day_of = |text: &str| -> i32 {
        let date: Date = text[..10].parse().unwrap();
        last_day - (end - date).get_days()
    };
    let mut customers: BTreeMap<String, Truth> = BTreeMap::new();
    for [id, rate, left, cause] in
        columns(&shop.join("truth/customers.csv"), ["customer_id", "rate_per_day", "left_day", "left_because"])
    {
        let left = left.parse().ok().map(|left| (left, cause));
        customers.insert(id, Truth { rate: rate.parse().unwrap(), left, ..Truth::default() });
    }
    let mut orders: BTreeMap<String, (String, i32)> = BTreeMap::new();
    for [id, order, at] in columns(&shop.join("transactions.csv"), ["CustomerNo", "InvoiceNo", "InvoiceDate"]) {
        orders.insert(order, (id, day_of(&at)));
    }
    for (id, day) in orders.into_values() {
        customers.get_mut(&id).unwrap().orders.push(day);
    }
    let (mut sum, mut contacts) = (0.0, 0);
    let names = ["CustomerNo", "Begin", "Channel", "WaitSeconds", "Complaint", "Solved"];
    for [id, at, channel, wait, complaint, solved] in columns(&shop.join("interactions.csv"), names) {
        let waited = channel != "mail" && wait.parse::<u32>().unwrap() > Model::LONG_WAIT_SECONDS;
        let of_complaint = if complaint == "Y" { model.leave_after_complaint } else { 0.0 };
        let of_complaint = if solved == "Y" { 0.25 * of_complaint } else { of_complaint };
        let of_wait = if waited { model.leave_after_wait } else { 0.0 };
        let leaves = 1.0 - (1.0 - of_complaint) * (1.0 - of_wait);
        sum += leaves;
        contacts += 1;
        customers.get_mut(&id).unwrap().contacts.push((day_of(&at), leaves));
    }
    for truth in customers.values_mut() {
        truth.orders.sort_unstable();
        truth.contacts.sort_by_key(|contact| contact.0);
    }
    (customers, sum / f64::from(contacts))
}

/// Columns of a CSV file.
pub fn columns<const N: usize>(path: &Path, names: [&str; N]) -> Vec<[String; N]> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = names.map(|name| header.iter().position(|column| column == name).unwrap());
    reader.records().map(Result::unwrap).map(|record| at.map(|at| record[at].to_owned())).collect()
}

#[test]
fn planted_drivers_come_out_on_top_and_hardly_any_score_could_rank_better() {
    let shop = Shop::new(6, model());
    let grades = shop.ask("SELECT model, grade, lift_10, auc, log_loss, slope FROM attrition_grades WHERE chosen");
    assert_eq!(grades.len(), 1, "{grades:?}");
    println!("{grades:?}");
    let [lift, auc, log_loss, slope]: [f64; 4] = [2, 3, 4, 5].map(|at| grades[0][at].parse().unwrap());
    assert_eq!(grades[0][1], "A");
    assert!((0.9..=1.1).contains(&slope), "{slope}");
    let [of_truth, of_exports] = shop.bounds();
    for (name, bound) in [("truth", &of_truth), ("exports", &of_exports)] {
        println!("{name}: lift {:.3}, AUC {:.3}, log loss {:.3}", bound.lift, bound.auc, bound.log_loss);
    }
    // Knowing more is better, and the model knows no more than the exports say.
    assert!(of_truth.log_loss < of_exports.log_loss && of_exports.log_loss < log_loss);
    assert!(of_exports.auc < of_truth.auc && auc < of_exports.auc);
    assert!(lift > 0.95 * of_exports.lift && lift > 0.9 * of_truth.lift, "{lift}");

    let importance = shop.importance();
    println!("{importance:?}");
    let place = |of: &[&str]| importance.iter().position(|(feature, _)| of.contains(&feature.as_str())).unwrap();
    assert!(place(&COMPLAINTS) == 0 && place(&WAITS) < 5, "{importance:?}");
    let driven: f64 = driven(&importance);
    assert!(driven > 0.4, "{driven}");
}

/// The share of the drivers in all importance.
fn driven(importance: &[(String, f64)]) -> f64 {
    let is_driver = |feature: &str| COMPLAINTS.contains(&feature) || WAITS.contains(&feature);
    importance.iter().filter(|(feature, _)| is_driver(feature)).map(|(_, share)| share).sum()
}

#[test]
fn today_s_scores_are_true_chances_and_their_reasons_are_the_causes() {
    let shop = Shop::new(7, model());
    let scores = shop.ask("SELECT customer_id, score FROM attrition_scores WHERE status = 'ok'");
    assert!(scores.len() > 5_000, "{}", scores.len());
    // What comes of today nobody has seen; but the chances are known. Each customer stands for ten thousand, of whom so many
    // leave.
    let groups = |chance: &dyn Fn(&Truth) -> f64| {
        let mut each: Vec<(f64, u64)> = scores
            .iter()
            .map(|row| {
                let events = (chance(&shop.customers[&row[0]]) * 10_000.0).round();
                (row[1].parse().unwrap(), events as u64)
            })
            .collect();
        each.sort_by(|a, b| a.0.total_cmp(&b.0));
        let tied = each.chunk_by(|a, b| a.0 == b.0).map(|tied| Group {
            score: tied[0].0,
            rows: 10_000 * tied.len() as u64,
            events: tied.iter().map(|one| one.1).sum(),
        });
        tied.collect::<Vec<Group>>()
    };
    for (name, groups) in [
        ("truth", groups(&|truth| shop.of_truth(truth, DAYS))),
        ("exports", groups(&|truth| shop.of_exports(truth, DAYS))),
    ] {
        let line = calibration_line(&Ranked::of_groups(groups).unwrap()).unwrap();
        println!("{name}: slope {:.3}, intercept {:.3}", line.slope, line.intercept);
        assert!((0.9..=1.1).contains(&line.slope) && line.intercept.abs() < 0.1, "{name}: {line:?}");
    }

    let reasons = shop.ask("SELECT customer_id, feature, contribution FROM attrition_reasons WHERE place = 1");
    for (cause, features, least) in [("complaint", &COMPLAINTS[..], 0.9), ("wait", &WAITS[..], 0.7)] {
        let left = |row: &&Vec<String>| shop.customers[&row[0]].left.as_ref().is_some_and(|(_, why)| why == cause);
        let of_cause: Vec<&Vec<String>> = reasons.iter().filter(left).collect();
        let named = of_cause.iter().filter(|row| features.contains(&row[1].as_str()) && !row[2].starts_with('-'));
        let share = named.count() as f64 / of_cause.len() as f64;
        println!("{cause}: {share:.3} of {}", of_cause.len());
        assert!(of_cause.len() > 100 && share > least, "{cause}: {share}");
    }
}

#[test]
fn where_nobody_leaves_because_of_the_contact_centre_it_is_not_blamed() {
    let shop = Shop::new(6, Model { dropout_a: 2.0, leave_after_complaint: 0.0, leave_after_wait: 0.0, ..model() });
    let importance = shop.importance();
    println!("{importance:?}");
    let driven = driven(&importance);
    assert!(driven < 0.1, "{driven}: {importance:?}");
}
