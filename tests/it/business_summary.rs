//! The business summary and the growth decomposition add up, on real exports: scopes to the whole, months to years, parts to
//! the change, and all of it to the lines that were read.

use std::collections::{BTreeMap, BTreeSet};

use patronage::config;
use patronage::error::ErrorKind;

use crate::run_support::{Run, run_in, run_real, sample, without_affinity};

/// Metrics that add up over scopes and periods.
const ADDITIVE: &str =
    "('net_revenue', 'gross_revenue', 'refunds', 'gross_margin', 'unidentified_revenue', 'lines', 'orders')";

/// The dimension of a scope.
const DIMENSION: &str = "CASE WHEN scope = 'all' THEN 'all' WHEN scope LIKE 'all/%' THEN 'region' \
    WHEN scope LIKE 'product:%' THEN 'product' WHEN scope LIKE 'channel:%' THEN 'channel' \
    WHEN scope LIKE 'store:%' THEN 'store' WHEN scope LIKE 'tier:%' THEN 'tier' ELSE 'other' END";

/// Ten-thousandths of a money or count column, exact below 2^53.
fn e4(text: &str) -> i64 {
    (text.parse::<f64>().unwrap() * 10_000.0).round() as i64
}

/// The dimensions whose level-1 scopes were compared with the whole.
fn scopes_add_up(run: &Run) -> BTreeSet<String> {
    let sql = format!(
        "SELECT {DIMENSION} AS dimension, period_kind, CAST(period_start AS VARCHAR) AS start, metric_id, scope, value \
         FROM business_summary WHERE level <= 1 AND metric_id IN {ADDITIVE} AND value IS NOT NULL"
    );
    let mut sums: BTreeMap<(String, [String; 3]), i64> = BTreeMap::new();
    for row in run.ask(&sql) {
        let key = (row[0].clone(), [row[1].clone(), row[2].clone(), row[3].clone()]);
        *sums.entry(key).or_default() += e4(&row[5]);
    }
    let dimensions: BTreeSet<String> = sums.keys().map(|(dimension, _)| dimension.clone()).collect();
    assert!(!dimensions.contains("other"));
    for ((dimension, key), sum) in &sums {
        match sums.get(&("all".to_owned(), key.clone())) {
            Some(whole) => assert_eq!(sum, whole, "{dimension} {key:?}"),
            // A shop whose costs are all known has a margin; the whole, with others, may have none.
            None => assert_eq!(key[2], "gross_margin", "{dimension} {key:?}"),
        }
    }
    // Each dimension has every period of the whole; an order is not of one product.
    let wholes = sums.keys().filter(|(dimension, _)| dimension == "all").map(|(_, key)| key);
    let of_products = |key: &&[String; 3]| !["orders", "unidentified_revenue"].contains(&key[2].as_str());
    for dimension in &dimensions {
        for key in wholes.clone().filter(|key| dimension != "product" || of_products(key)) {
            assert!(sums.contains_key(&(dimension.clone(), key.clone())), "{dimension} has no {key:?}");
        }
    }
    dimensions
}

/// Children of every inner region and product category add up to it; how many such sums were compared.
fn children_add_up(run: &Run) -> usize {
    let sql = "SELECT scope, period_kind, CAST(period_start AS VARCHAR) AS start, value FROM business_summary \
               WHERE (scope LIKE 'product:%' OR scope LIKE 'all%') AND metric_id = 'net_revenue'";
    let mut values: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in run.ask(sql) {
        values.insert((row[0].clone(), row[1].clone(), row[2].clone()), e4(&row[3]));
    }
    let mut sums: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for ((scope, kind, start), value) in &values {
        if let Some((parent, _)) = scope.rsplit_once('/') {
            *sums.entry((parent.to_owned(), kind.clone(), start.clone())).or_default() += value;
        }
    }
    sums.retain(|key, _| values.contains_key(key));
    for (key, sum) in &sums {
        assert_eq!(*sum, values[key], "{key:?}");
    }
    sums.len()
}

fn periods_add_up(run: &Run) {
    let sql = format!(
        "SELECT scope, metric_id, period_kind, value FROM business_summary \
         WHERE metric_id IN {ADDITIVE} AND metric_id <> 'gross_margin'"
    );
    let mut sums: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    for row in run.ask(&sql) {
        let of_kind = sums.entry((row[0].clone(), row[1].clone())).or_default();
        *of_kind.entry(row[2].clone()).or_default() += e4(&row[3]);
    }
    for (key, by_kind) in sums {
        assert_eq!(by_kind.len(), 3, "{key:?}");
        assert_eq!(by_kind.values().collect::<BTreeSet<_>>().len(), 1, "{key:?}: {by_kind:?}");
    }
}

/// What is compared with a row is that row, and buyers are new, retained or back.
fn rows_fit_each_other(run: &Run) {
    let sql = "SELECT scope, metric_id, period_kind, CAST(period_start AS VARCHAR) AS start, \
               CAST(period_end AS VARCHAR) AS end_of, value, value_prev, change, status, value_year_before \
               FROM business_summary";
    let rows = run.ask(sql);
    let key = |row: &[String], start: &str| [row[0].clone(), row[1].clone(), row[2].clone(), start.to_owned()];
    let by_start: BTreeMap<[String; 4], &Vec<String>> = rows.iter().map(|row| (key(row, &row[3]), row)).collect();
    let by_end: BTreeMap<[String; 4], &Vec<String>> = rows.iter().map(|row| (key(row, &row[4]), row)).collect();
    let (mut compared, mut years) = (0, 0);
    for row in &rows {
        if row[6].is_empty() {
            assert!(row[7].is_empty() && row[8] != "ok", "{row:?}");
        } else {
            compared += 1;
            assert_eq!(row[6], by_end[&key(row, &row[3])][5], "{row:?}");
            let number = |index: usize| row[index].parse::<f64>().unwrap();
            if !row[5].is_empty() {
                assert!((number(5) - number(6) - number(7)).abs() < 1e-6, "{row:?}");
            }
        }
        if !row[9].is_empty() {
            let (year, rest) = row[3].split_at(4);
            let before = format!("{}{rest}", year.parse::<i32>().unwrap() - 1);
            assert_eq!(row[9], by_start[&key(row, &before)][5], "{row:?}");
            years += 1;
        }
        let whole = |metric: &str, by: &BTreeMap<[String; 4], &Vec<String>>| -> Option<i64> {
            let key = [row[0].clone(), metric.to_owned(), row[2].clone(), row[3].clone()];
            by.get(&key).and_then(|row| row[5].parse::<f64>().ok()).map(|value| value as i64)
        };
        if row[1] == "retained_buyers" && !row[5].is_empty() {
            let of = |metric| whole(metric, &by_start).unwrap();
            assert_eq!(of("buyers"), of("new_buyers") + of("retained_buyers") + of("reactivated_buyers"), "{row:?}");
            let before = whole("buyers", &by_end).unwrap_or(0);
            assert_eq!(before, of("retained_buyers") + of("lapsed_buyers"), "{row:?}");
        }
    }
    assert!(compared > 0);
    println!("{compared} rows compared with the period before, {years} with the year before");
}

fn reconciles(run: &Run) {
    let of_year = |metric: &str| {
        let sql = format!(
            "SELECT SUM(value) AS v FROM business_summary \
             WHERE scope = 'all' AND period_kind = 'year' AND metric_id = '{metric}'"
        );
        e4(&run.value(&sql))
    };
    let lines = |which: &str| {
        e4(&run.value(&format!("SELECT COALESCE(SUM(amount), 0) AS v FROM line_totals WHERE class = 'goods' {which}")))
    };
    assert_eq!(of_year("net_revenue"), lines(""));
    assert_eq!(of_year("unidentified_revenue"), lines("AND NOT identified"));
    assert_eq!(e4(&run.value("SELECT SUM(net_revenue) AS v FROM customers")), lines("AND identified"));
    let count = run.value("SELECT SUM(lines) AS n FROM line_totals WHERE class = 'goods'");
    assert_eq!(of_year("lines"), e4(&count));
}

fn growth_adds_up(run: &Run) {
    let sql = "SELECT scope, CAST(period_start AS VARCHAR) AS start, CAST(period_end AS VARCHAR) AS end_of, role, part, \
               CAST(CAST(amount * 10000 AS BIGINT) AS VARCHAR) AS amount, customers FROM growth";
    let mut sums: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    let mut totals: BTreeMap<(String, String), [i64; 2]> = BTreeMap::new();
    let mut customers: BTreeMap<(String, String), BTreeMap<String, i64>> = BTreeMap::new();
    let rows = run.ask(sql);
    for row in &rows {
        let amount: i64 = row[5].parse().unwrap();
        *sums.entry((row[0].clone(), row[1].clone())).or_default().entry(row[3].clone()).or_default() += amount;
        totals.entry((row[1].clone(), row[4].clone())).or_default()[usize::from(row[0] != "all")] += amount;
        let of = customers.entry((row[0].clone(), row[1].clone())).or_default();
        of.insert(row[4].clone(), row[6].parse().unwrap_or(0));
    }
    assert!(!sums.is_empty());
    let regional = rows.iter().any(|row| row[0] != "all");
    for (key, by_role) in &sums {
        assert_eq!(by_role["part"], by_role["change"], "{key:?}");
        assert_eq!(by_role["opening"] + by_role["change"], by_role["closing"], "{key:?}");
        // Who was there before is there no more, or is there still.
        let of = &customers[key];
        assert_eq!(of["closing"] - of["opening"], of["new"] + of["reactivated"] - of["lapsed"], "{key:?}");
    }
    for (key, [all, regions]) in totals {
        assert!(!regional || all == regions, "{key:?}: regions {regions}, all {all}");
    }
    // What one pair of periods closes with, the next one opens with; and it is the summary's net revenue.
    for row in rows.iter().filter(|row| row[4] == "closing") {
        let next = rows.iter().find(|next| next[4] == "opening" && next[0] == row[0] && next[1] == row[2]);
        assert!(next.is_none_or(|next| next[5] == row[5]), "{row:?} {next:?}");
        if row[0] == "all" {
            let sql = format!(
                "SELECT value FROM business_summary WHERE scope = 'all' AND period_kind = 'quarter' \
                 AND metric_id = 'net_revenue' AND CAST(period_start AS VARCHAR) = '{}'",
                row[1]
            );
            let found = run.ask(&sql);
            assert_eq!(found.first().map_or(0, |found| e4(&found[0])), row[5].parse::<i64>().unwrap(), "{row:?}");
        }
    }
}

fn identities(run: &Run) -> BTreeSet<String> {
    periods_add_up(run);
    rows_fit_each_other(run);
    reconciles(run);
    growth_adds_up(run);
    scopes_add_up(run)
}

fn dimensions(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn online_retail() {
    let Some(run) = run_real("online_retail", without_affinity) else { return };
    assert_eq!(identities(&run), dimensions(&["all", "product", "region", "tier"]));
    // From the export by pandas: repetitions dropped, what is not goods left out, an invoice on the day of its first line.
    let sql = "SELECT scope, metric_id, value FROM business_summary WHERE CAST(period_start AS VARCHAR) = '2011-07-01' \
               AND period_kind = 'quarter' AND (scope = 'all' AND metric_id IN ('net_revenue', 'lines', 'orders', 'buyers', \
               'new_buyers', 'unidentified_revenue') OR scope = 'all/Germany' AND metric_id IN ('net_revenue', 'buyers')) \
               ORDER BY scope, metric_id";
    assert_eq!(
        run.ask(sql),
        [
            ["all", "buyers", "2155.0"],
            ["all", "lines", "123516.0"],
            ["all", "net_revenue", "2388087.8"],
            ["all", "new_buyers", "655.0"],
            ["all", "orders", "4609.0"],
            ["all", "unidentified_revenue", "274963.14"],
            ["all/Germany", "buyers", "53.0"],
            ["all/Germany", "net_revenue", "48069.52"],
        ]
    );
    // The export ends on 2011-12-09 and begins on 2010-12-01: neither year is whole, one quarter has no quarter before.
    let sql = "SELECT DISTINCT period_kind, CAST(period_start AS VARCHAR) AS start, status FROM business_summary \
               WHERE scope = 'all' AND metric_id = 'net_revenue' AND period_kind <> 'month' ORDER BY period_kind, start";
    assert_eq!(
        run.ask(sql),
        [
            ["quarter", "2010-10-01", "partly_covered"],
            ["quarter", "2011-01-01", "no_previous"],
            ["quarter", "2011-04-01", "ok"],
            ["quarter", "2011-07-01", "ok"],
            ["quarter", "2011-10-01", "incomplete_period"],
            ["year", "2010-01-01", "partly_covered"],
            ["year", "2011-01-01", "incomplete_period"],
        ]
    );
}

#[test]
fn complete_journey() {
    let Some(run) = run_real("complete_journey", without_affinity) else { return };
    assert_eq!(identities(&run), dimensions(&["all", "product", "store", "tier"]));
    assert!(children_add_up(&run) > 100);
    // From the export by DuckDB, with categories as the pipeline file makes them.
    let sql = "SELECT part, amount, customers, status FROM growth WHERE scope = 'all' \
               AND CAST(period_start AS VARCHAR) = '2017-10-01' AND role = 'part' AND amount <> 0 ORDER BY part_no";
    assert_eq!(
        run.ask(sql),
        [
            ["new", "2324.2000", "23", "ok"],
            ["reactivated", "8650.6800", "72", "ok"],
            ["expansion_existing", "110553.7700", "1179", "ok"],
            ["expansion_cross_sell", "122773.5500", "1173", "ok"],
            ["expansion_unsplit", "8.7700", "5", "category_unknown"],
            ["contraction", "-188897.5900", "1053", "ok"],
            ["lapsed", "-10696.2000", "88", "ok"],
        ]
    );
}

#[test]
fn fuzzy_factory() {
    let Some(run) = run_real("fuzzy_factory", without_affinity) else { return };
    assert_eq!(identities(&run), dimensions(&["all", "channel", "tier"]));
}

#[test]
fn the_summary_has_the_dimensions_and_periods_that_are_asked_for() {
    let Some(run) = run_real("online_retail", |text| {
        format!("{text}\n[summary]\nperiods = [\"quarter\"]\ndimensions = [\"tier\"]\nyears = 1\n")
    }) else {
        return;
    };
    assert_eq!(scopes_add_up(&run), dimensions(&["all", "tier"]));
    assert_eq!(run.ask("SELECT DISTINCT period_kind FROM business_summary"), [["quarter"]]);
}

#[test]
fn mistakes_in_the_summary_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patronage.toml");
    let start = "[project]\nname = 'x'\ncurrency = 'EUR'\ntime_zone = 'UTC'\n[inputs.transactions]\nfiles = ['x.csv']\n\
                 [inputs.transactions.columns]\nts = 'a'\namount = 'b'\n[summary]\n";
    for (text, said) in [
        ("periods = []", "there is no kind of period"),
        ("periods = ['year', 'month', 'year']", "a second `year`"),
        ("periods = ['week']", "unknown value `week`"),
        ("dimensions = ['store', 'store']", "a second `store`"),
        ("years = 0", "`years` is 0"),
        ("years = 51", "`years` is 51"),
    ] {
        std::fs::write(&path, format!("{start}{text}\n")).unwrap();
        let error = config::load(&path).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Config, said), "{text}");
    }
    std::fs::write(&path, format!("{start}dimensions = []\n")).unwrap();
    assert!(config::load(&path).is_ok(), "the whole alone");
}

/// The sample has what the real exports lack: paths of regions and products, cancelled orders, refunds that name their order
/// and come months later, other currencies, unit costs.
#[test]
fn the_sample() {
    let folder = sample();
    let text = std::fs::read_to_string(folder.path().join("patronage.toml")).unwrap();
    let run = run_in(folder, &text);
    assert_eq!(identities(&run), dimensions(&["all", "channel", "product", "region", "store", "tier"]));
    assert!(children_add_up(&run) > 100);
    let sql = "SELECT COUNT(*) AS n FROM business_summary WHERE scope LIKE 'all/%/%' AND status = 'ok'";
    assert_ne!(run.value(sql), "0", "regions have levels");
}
