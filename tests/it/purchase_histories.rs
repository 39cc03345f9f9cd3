//! What the lifetime-value models read: the histories of CDNOW are those that the field uses, nobody is lost on the way, and
//! small histories are what one counts by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::ingest_support::shared_data;
use crate::run_support::{Run, real_pipeline, run_only};

const TABLES: [&str; 9] = [
    "ltv_origins",
    "ltv_weeks",
    "ltv_strata",
    "ltv_covariates",
    "ltv_customers",
    "purchase_histories",
    "opportunity_histories",
    "acquisitions",
    "purchase_weeks",
];

/// The tables that models read, and the customers they are made of, over a real export; `settings` is put behind the
/// pipeline file.
fn real(name: &str, settings: &str) -> Option<Run> {
    let text = real_pipeline(name, |text| format!("{text}\n{settings}\n"))?;
    Some(run_only(tempfile::tempdir().unwrap(), &text, &[&TABLES[..], &["customer_summary", "purchase_days"]].concat()))
}

/// The same over orders that were made up: customer, order, day, amount, cost.
fn small(rows: &[(&str, &str, &str, &str, &str)], settings: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut export = "customer_id,order_id,ts,amount,cost\n".to_owned();
    for (customer, order, day, amount, cost) in rows {
        writeln!(export, "{customer},{order},{day},{amount},{cost}").unwrap();
    }
    std::fs::write(folder.path().join("orders.csv"), export).unwrap();
    let text = format!(
        "[project]\nname = \"small\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\n\
         files = [\"orders.csv\"]\n[inputs.transactions.columns]\ncustomer_id = \"customer_id\"\norder_id = \"order_id\"\n\
         ts = \"ts\"\namount = \"amount\"\ncost = \"cost\"\n{settings}\n"
    );
    run_only(folder, &text, &TABLES)
}

/// A history: repeat purchases, days to the last, age in days, purchases in the holdout, value of the repeats in cents.
type History = (i64, i64, i64, i64, i64);

fn whole_days(weeks: &str) -> i64 {
    let days = weeks.parse::<f64>().unwrap() * 7.0;
    assert!((days - days.round()).abs() < 1e-6, "{weeks} weeks are no days");
    days.round() as i64
}

/// The histories of a reference file, whose columns are the customer and then a history in weeks.
fn reference(file: impl Read, columns: [usize; 6]) -> BTreeMap<i64, History> {
    let mut histories = BTreeMap::new();
    for record in csv::Reader::from_reader(file).into_records() {
        let record = record.unwrap();
        let [id, x, t_x, age, x_star, mean] = columns.map(|column| &record[column]);
        let count = |text: &str| text.parse::<f64>().unwrap() as i64;
        let cents = (mean.parse::<f64>().unwrap() * count(x) as f64 * 100.0).round() as i64;
        let history = (count(x), whole_days(t_x), whole_days(age), count(x_star), cents);
        histories.insert(id.parse().unwrap(), history);
    }
    histories
}

/// Our histories of the published fit.
fn ours(run: &Run) -> BTreeMap<i64, History> {
    let sql = "SELECT c.customer_id AS id, h.frequency AS x, h.recency_days AS t_x, h.age_days AS age, \
               h.holdout_frequency AS x_star, h.spend AS spend \
               FROM purchase_histories AS h JOIN ltv_customers AS c ON h.customer_no = c.customer_no";
    let count = |text: &str| text.parse::<i64>().unwrap();
    run.ask(sql)
        .into_iter()
        .map(|row| {
            let cents = (row[5].parse::<f64>().unwrap() * 100.0).round() as i64;
            let history = (count(&row[1]), count(&row[2]), count(&row[3]), count(&row[4]), cents);
            (count(&row[0]), history)
        })
        .collect()
}

/// The calibration period of the papers ends with 30 September 1997, and the age of a customer with it.
const CALIBRATION: &str = "[lifetime_value]\ncalibration_end = \"1997-10-01\"";

#[test]
fn cdnow_from_the_raw_text_has_the_histories_of_the_papers() {
    let (Some(run), Some(data)) = (real("cdnow_raw", CALIBRATION), shared_data()) else { return };
    let folder = data.join("../reference/lifetime_value");
    let ours = ours(&run);
    assert_eq!(ours.len(), 23_570);
    // lifetime-value.md 2.2: 8,685 keys, 24,337 repeat purchases, 19,684 in the holdout; one repeater's mean is 0.
    let whole = reference(
        MultiGzDecoder::new(File::open(folder.join("cdnow_full_cbs_weeks_cal19970930.csv.gz")).unwrap()),
        [0, 1, 2, 3, 5, 4],
    );
    assert!(ours == whole, "histories differ from the whole data set's");
    assert_eq!(ours.values().map(|history| history.0).sum::<i64>(), 24_337);
    assert_eq!(ours.values().map(|history| history.3).sum::<i64>(), 19_684);
    assert_eq!(ours.values().filter(|history| history.0 > 0 && history.4 == 0).count(), 1);
    let keys = "SELECT COUNT(*) AS n FROM (SELECT frequency, recency_days, age_days FROM purchase_histories \
                GROUP BY frequency, recency_days, age_days)";
    assert_eq!(run.value(keys), "8685");

    // The papers' sample of one in ten, as R's BTYD has it, numbers its customers anew; the raw sample has both numbers.
    let sample = reference(File::open(folder.join("cdnowSummary_cbs.csv")).unwrap(), [0, 1, 2, 3, 4, 5]);
    let mut raw = String::new();
    let file = File::open(data.join("cdnow/CDNOW_sample.txt.gz")).unwrap();
    MultiGzDecoder::new(file).read_to_string(&mut raw).unwrap();
    let numbers: BTreeMap<i64, i64> = raw
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().map(|field| field.parse::<f64>().unwrap() as i64);
            Some((fields.next()?, fields.next()?))
        })
        .collect();
    assert_eq!((sample.len(), numbers.len()), (2_357, 2_357));
    for (customer, number) in numbers {
        assert_eq!(ours[&customer], sample[&number], "customer {customer}, number {number} of the sample");
    }
}

#[test]
fn weeks_count_every_repeat_purchase_of_the_cohort_once() {
    let Some(run) = real("cdnow_raw", CALIBRATION) else { return };
    // 39 weeks of calibration and 39 of holdout, from 1 January 1997; the cohort is everybody.
    assert_eq!(run.value("SELECT COUNT(*) AS n FROM purchase_weeks"), "78");
    let sums = "SELECT is_holdout, SUM(repeat_purchases) AS n, COUNT(*) AS weeks FROM purchase_weeks GROUP BY is_holdout \
                ORDER BY is_holdout";
    let sums: Vec<[String; 3]> = run.ask(sums).into_iter().map(|row| row.try_into().unwrap()).collect();
    assert_eq!(sums, [["false", "24337", "39"], ["true", "19684", "39"]].map(|row| row.map(str::to_owned)));
    assert_eq!(run.value("SELECT SUM(customers) AS n FROM acquisitions"), "23570");
}

#[test]
fn every_customer_is_in_a_group_and_every_purchase_in_a_history() {
    let settings = "[lifetime_value]\nstratum = \"region\"\ncovariates = [\"region\", \"category\"]";
    let Some(run) = real("online_retail", settings) else { return };
    // Guests have no customer id; 34 of the 4,372 customers only ever gave back, and 4 more took everything back.
    let count = |sql: &str| run.value(sql).parse::<i64>().unwrap();
    assert_eq!(count("SELECT COUNT(*) AS n FROM ltv_customers"), count("SELECT COUNT(*) AS n FROM customer_summary"));
    assert_eq!(count("SELECT COUNT(*) AS n FROM ltv_customers"), 4_372);
    let buyers = count("SELECT COUNT(*) AS n FROM customer_summary WHERE purchase_days > 0");
    assert_eq!((buyers, count("SELECT customers FROM ltv_strata WHERE stratum_no = 0")), (4_334, 4_334));
    assert_eq!(count("SELECT COUNT(*) AS n FROM purchase_histories WHERE origin_no = 0"), buyers);
    // Strata and covariates divide the buyers, and the histories of each are its own.
    assert_eq!(count("SELECT SUM(customers) AS n FROM ltv_strata WHERE stratum_no > 0"), buyers);
    assert_eq!(count("SELECT SUM(customers) AS n FROM ltv_covariates"), buyers);
    let wrong = "SELECT COUNT(*) AS n FROM ltv_strata AS s LEFT JOIN (SELECT stratum_no, COUNT(*) AS n FROM \
                 purchase_histories WHERE origin_no = 0 GROUP BY stratum_no) AS h ON s.stratum_no = h.stratum_no \
                 WHERE s.stratum_no > 0 AND COALESCE(h.n, 0) <> s.customers";
    assert_eq!(count(wrong), 0);
    // Of each origin, purchases before it, firsts among them, and those of the holdout are what the days say.
    let origins = "SELECT o.origin_no AS origin_no, CAST(o.origin_date AS VARCHAR) AS origin_day, \
                   CAST(COALESCE(o.holdout_end_date, o.origin_date) AS VARCHAR) AS end_day FROM ltv_origins AS o \
                   ORDER BY origin_no";
    let origins = run.ask(origins);
    let days: Vec<[&str; 3]> = origins.iter().map(|row| [row[0].as_str(), row[1].as_str(), row[2].as_str()]).collect();
    // 374 days: a third is 119 in whole weeks, half of that 56.
    assert_eq!(
        days,
        [["0", "2011-12-10", "2011-12-10"], ["1", "2011-08-13", "2011-12-10"], ["2", "2011-06-18", "2011-10-15"]]
    );
    for [no, origin, end] in days {
        let history = |what: &str| count(&format!("SELECT {what} AS n FROM purchase_histories WHERE origin_no = {no}"));
        let bought = |what: &str| count(&format!("SELECT COUNT(*) AS n FROM purchase_days WHERE {what}"));
        assert_eq!(history("SUM(frequency + 1)"), bought(&format!("day < '{origin}'")));
        let known = format!(
            "SELECT COUNT(*) AS n FROM purchase_days AS d JOIN (SELECT customer_id, MIN(day) AS first FROM purchase_days \
             GROUP BY customer_id) AS f ON d.customer_id = f.customer_id \
             WHERE f.first < '{origin}' AND d.day >= '{origin}' AND d.day < '{end}'"
        );
        let holdout = if no == "0" { -buyers } else { count(&known) };
        assert_eq!(history("SUM(holdout_frequency)"), holdout, "origin {no}");
    }
    // Recency is within age, and only one-time buyers have none.
    let odd = "SELECT COUNT(*) AS n FROM purchase_histories WHERE recency_days > age_days OR recency_days < frequency OR \
               (frequency = 0) <> (recency_days = 0)";
    assert_eq!(count(odd), 0);
}

#[test]
fn without_lifetime_value_there_is_no_history() {
    let Some(run) = real("online_retail", "[lifetime_value]\nenabled = false") else { return };
    for table in ["ltv_origins", "ltv_weeks", "purchase_histories", "acquisitions", "purchase_weeks"] {
        assert_eq!(run.value(&format!("SELECT COUNT(*) AS n FROM {table}")), "0", "{table}");
    }
}

/// A buys on days 0, 10 (twice, and gives a part of it back on day 12) and 40; B gives back what nobody saw them buy, then
/// buys once; C buys on the last day of the fit; D after it.
const ROWS: &[(&str, &str, &str, &str, &str)] = &[
    ("A", "a1", "2024-01-01", "100", "60"),
    ("A", "a2", "2024-01-11", "30", "10"),
    ("A", "a3", "2024-01-11", "20", "10"),
    ("A", "a4", "2024-01-13", "-5", "-2"),
    ("A", "a5", "2024-02-10", "7", "3"),
    ("A", "a6", "2024-03-01", "11", "4"),
    ("B", "b1", "2024-01-02", "-9", "0"),
    ("B", "b2", "2024-01-05", "50", "20"),
    ("C", "c1", "2024-02-19", "40", ""),
    ("C", "c2", "2024-02-25", "40", ""),
    ("D", "d1", "2024-02-20", "40", "1"),
];

fn histories(run: &Run) -> Vec<String> {
    let sql = "SELECT c.customer_id AS id, h.frequency, h.recency_days, h.age_days, h.holdout_frequency, h.ln_gaps_pico, \
               h.spend_purchases, h.spend, h.first_value, h.holdout_value FROM purchase_histories AS h \
               JOIN ltv_customers AS c ON h.customer_no = c.customer_no WHERE h.origin_no = 0 ORDER BY id";
    run.ask(sql).into_iter().map(|row| row.join(" ")).collect()
}

#[test]
fn histories_are_what_one_counts_by_hand() {
    let run = small(ROWS, "[lifetime_value]\ncalibration_end = \"2024-02-20\"");
    // ln 10 + ln 30 = ln 300 = 5.703782474656; A's repeats are 50 - 5 + 7, and the return after them is no purchase.
    assert_eq!(
        histories(&run),
        [
            "A 2 40 49 1 5703782474656 2 52.0000 100.0000 11.0000",
            "B 0 0 45 0 0 0 0.0000 50.0000 0.0000",
            "C 0 0 0 1 0 0 0.0000 40.0000 40.0000"
        ]
    );
    let first = "[lifetime_value]\ncalibration_end = \"2024-02-20\"\nfirst_purchase_in_spend = true";
    assert_eq!(
        histories(&small(ROWS, first)),
        [
            "A 2 40 49 1 5703782474656 3 152.0000 100.0000 11.0000",
            "B 0 0 45 0 0 1 50.0000 50.0000 0.0000",
            "C 0 0 0 1 0 1 40.0000 40.0000 40.0000"
        ]
    );
    // A margin of which a cost is missing is not known; what is not summed needs none.
    let margin = format!("{first}\n[value]\nmetric = \"gross_margin\"");
    assert_eq!(
        histories(&small(ROWS, &margin)),
        [
            "A 2 40 49 1 5703782474656 3 71.0000 40.0000 7.0000",
            "B 0 0 45 0 0 1 30.0000 30.0000 0.0000",
            "C 0 0 0 1 0 1   "
        ]
    );
}

#[test]
fn opportunities_are_on_the_customers_own_clock() {
    let run = small(ROWS, "[lifetime_value]\ncalibration_end = \"2024-02-20\"\nopportunity_days = 10");
    let sql = "SELECT c.customer_id AS id, h.frequency, h.recency, h.opportunities, h.holdout_opportunities, \
               h.holdout_frequency FROM opportunity_histories AS h JOIN ltv_customers AS c ON h.customer_no = c.customer_no \
               ORDER BY id";
    let found: Vec<String> = run.ask(sql).into_iter().map(|row| row.join(" ")).collect();
    // A: days 10 and 40 are the last of opportunities 1 and 4 of 4; day 60 is in the two of the holdout (to day 60).
    assert_eq!(found, ["A 2 4 4 2 1", "B 0 0 4 1 0", "C 0 0 0 1 1"]);
}
