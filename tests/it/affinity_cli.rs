//! `patronage affinity`: the reference numbers of `spec/affinity.md` 2.2 through the command, bad files, and that no order
//! of rows, number of threads or kind of file changes a byte.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use flate2::read::GzDecoder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::cli::{patronage, said};
use crate::ingest_support::shared_data;

fn groceries() -> Option<PathBuf> {
    Some(shared_data()?.join("groceries_arules/transactions.csv.gz"))
}

/// Standard output of a command that succeeds.
fn answer(folder: &Path, arguments: &[&str]) -> String {
    let output = patronage(folder).arg("affinity").args(arguments).arg("--quiet").output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Rows of CSV by column names.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

fn close(found: f64, wanted: f64, what: &str) {
    // Probabilities have to be right in their digits; measures near 0 have lost some in the reference.
    let least = if what.starts_with("p_value") || what.starts_with("q_value") { 0.0 } else { 1.0 };
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(least), "{what}: {found} is not {wanted}");
}

#[test]
fn groceries_pairs_have_the_measures_and_tests_of_the_reference() {
    let Some(file) = groceries() else { return };
    let folder = tempfile::tempdir().unwrap();
    let found = rows(&answer(
        folder.path(),
        &["pairs", file.to_str().unwrap(), "--min-count", "1", "--top-k", "200", "--format", "csv"],
    ));
    let by_pair: BTreeMap<(&str, &str), &BTreeMap<String, String>> =
        found.iter().map(|row| ((row["product_a"].as_str(), row["product_b"].as_str()), row)).collect();
    let significant = found.iter().filter(|row| row["product_a"] < row["product_b"] && number(&row["q_value"]) < 0.05);
    assert_eq!(significant.count(), 1_591, "pairs beyond chance at a false discovery rate of 5 %");
    let reference = file.parent().unwrap().join("../../reference/affinity");
    let pairs = rows(&unpacked(&reference.join("groceries_pairs_llr_npmi_fisher_fdr.csv.gz")));
    let mut compared = 0;
    for wanted in pairs.iter().filter(|row| number(&row["lift"]) > 1.0) {
        let (a, b) = (wanted["a"].as_str(), wanted["b"].as_str());
        let row = by_pair[&(a, b)];
        assert_eq!((&row["n_ab"], &row["n_a"], &row["n_b"]), (&wanted["c"], &wanted["na"], &wanted["nb"]), "{a}, {b}");
        for (column, theirs) in [
            ("lift", "lift"),
            ("llr", "llr"),
            ("chi_squared", "chi2"),
            ("npmi", "npmi"),
            ("zhang", "zhang_ab"),
            ("cosine", "cosine"),
            ("jaccard", "jaccard"),
            ("kulczynski", "kulc"),
            ("imbalance", "imbalance"),
            ("p_value", "fisher_greater"),
            ("q_value", "q_greater_bh"),
        ] {
            close(number(&row[column]), number(&wanted[theirs]), &format!("{column} of {a}, {b}"));
        }
        compared += 1;
    }
    assert_eq!(compared, 8_082);
    assert_eq!(found.len(), 2 * 8_082);
    let rules = rows(&unpacked(&reference.join("groceries_1to1_allmeasures_supp001.csv.gz")));
    let mut compared = 0;
    for wanted in &rules {
        let Some(row) = by_pair.get(&(wanted["lhs"].as_str(), wanted["rhs"].as_str())) else {
            assert!(number(&wanted["lift"]) <= 1.0, "{wanted:?}");
            continue;
        };
        for (column, theirs) in [
            ("support", "support"),
            ("confidence", "confidence"),
            ("leverage", "leverage"),
            ("certainty", "certainty"),
            ("phi", "phi"),
            ("conviction", "conviction"),
        ] {
            close(number(&row[column]), number(&wanted[theirs]), &format!("{column} of {wanted:?}"));
        }
        compared += 1;
    }
    assert!(compared > 4_000, "{compared} rules of arules were compared");
}

#[test]
fn groceries_rules_are_those_of_arules() {
    let Some(file) = groceries() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = file.to_str().unwrap();
    for (support, confidence, wanted) in
        [("0.001", "0.8", 410), ("0.001", "0.9", 129), ("0.01", "0.5", 15), (".005", "50%", 120), ("0.006", "1/4", 463)]
    {
        let arguments = [
            "rules",
            file,
            "--min-support",
            support,
            "--min-confidence",
            confidence,
            "--format",
            "csv",
            "--columns",
            "rule_id",
        ];
        assert_eq!(rows(&answer(folder.path(), &arguments)).len(), wanted, "({support}, {confidence})");
    }
    answer(folder.path(), &["rules", file, "--min-support", "0.001", "--min-confidence", "0.5", "--out", "rules"]);
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("rules/report.json")).unwrap()).unwrap();
    assert_eq!(report["sets_by_length"], serde_json::json!([157, 2981, 6831, 3137, 376, 10]));
    assert_eq!([&report["closed"], &report["maximal"]], [13_464, 7_794]);
    assert_eq!([&report["rows"], &report["redundant"], &report["units"]], [5_668, 572, 9_835]);
    assert_eq!(report["max_length_bound"], false);
    let mut names: Vec<String> = fs::read_dir(folder.path().join("rules"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "affinity_rules.csv",
            "affinity_rules.jdm.json",
            "affinity_rules.json",
            "affinity_rules.parquet",
            "report.json"
        ]
    );
}

#[test]
fn groups_of_products_are_counted_as_products_are() {
    let Some(file) = groceries() else { return };
    let folder = tempfile::tempdir().unwrap();
    let catalogue = file.parent().unwrap().join("products.csv.gz");
    let sets = |by: &str, support: &str| {
        let arguments = [
            "rules",
            file.to_str().unwrap(),
            "--catalogue",
            catalogue.to_str().unwrap(),
            "--by",
            by,
            "--min-support",
            support,
            "--min-confidence",
            "0.25",
            "--max-length",
            "2",
            "--out",
            "rules",
        ];
        answer(folder.path(), &arguments);
        let report: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(folder.path().join("rules/report.json")).unwrap()).unwrap();
        (report["products"].as_u64(), report["sets_by_length"][1].as_u64(), report["rows"].as_u64())
    };
    assert_eq!(sets("category", "0.01").1, Some(214));
    assert_eq!(sets("category", "0.001").1, Some(871));
    assert_eq!(sets("category", "0.05"), (Some(55), sets("category", "0.05").1, Some(38)));
    assert_eq!((sets("department", "0.01").0, sets("department", "0.01").1), (Some(10), Some(43)));
}

/// All files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// The lines of groceries as basket and product.
fn lines(file: &Path) -> Vec<(String, String)> {
    let rows = rows(&unpacked(file));
    rows.into_iter().map(|mut row| (row.remove("transaction_id").unwrap(), row.remove("product_id").unwrap())).collect()
}

fn parquet(path: &Path, baskets: ArrayRef, products: ArrayRef, dictionary: bool) {
    let rows = RecordBatch::try_from_iter([("order_id", baskets), ("sku", products)]).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(10_000))
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

#[test]
fn no_order_of_rows_no_number_of_threads_and_no_kind_of_file_changes_a_byte() {
    let Some(file) = groceries() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let lines = lines(&file);
    // Every 7,919th line, which has no divisor in common with their number.
    let shuffled: Vec<&(String, String)> = (0..lines.len()).map(|row| &lines[row * 7_919 % lines.len()]).collect();
    let mut csv = csv::Writer::from_path(path("shuffled.csv")).unwrap();
    csv.write_record(["product_id", "order_id"]).unwrap();
    for (basket, product) in &shuffled {
        csv.write_record([product, basket]).unwrap();
        // Twice in a basket is once.
        csv.write_record([product, basket]).unwrap();
    }
    csv.flush().unwrap();
    let texts = |of: fn(&(String, String)) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(shuffled.iter().map(|line| of(line))))
    };
    let numbers: ArrayRef = Arc::new(shuffled.iter().map(|line| line.0.parse::<i64>().ok()).collect::<Int64Array>());
    parquet(&path("dictionary.parquet"), texts(|line| &line.0), texts(|line| &line.1), true);
    parquet(&path("plain.parquet"), texts(|line| &line.0), texts(|line| &line.1), false);
    parquet(&path("numbers.parquet"), numbers, texts(|line| &line.1), true);
    let mut baskets: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (basket, product) in &lines {
        baskets.entry(basket).or_default().push(product);
    }
    let text: Vec<String> = baskets.values().map(|products| format!("\"{}\"", products.join("\",\""))).collect();
    fs::write(path("lines.txt"), text.join("\n")).unwrap();
    // A line is trimmed product by product, as arules does; one product of the export ends in a blank.
    let mut csv = csv::Writer::from_path(path("trimmed.csv")).unwrap();
    csv.write_record(["order_id", "product_id"]).unwrap();
    for (basket, product) in &lines {
        csv.write_record([basket, product.trim()]).unwrap();
    }
    csv.flush().unwrap();
    for command in ["pairs", "rules"] {
        let made = |name: &str, threads: &str, layout: &str| {
            let file = if name == "whole" { file.clone() } else { path(name) };
            let out = format!("{command}-{name}-{threads}");
            answer(
                folder.path(),
                &[command, file.to_str().unwrap(), "--threads", threads, "--layout", layout, "--out", &out],
            );
            let mut files = files(&path(&out));
            let report: serde_json::Value = serde_json::from_slice(&files.remove("report.json").unwrap()).unwrap();
            (files, report["units"].clone(), report["rows"].clone())
        };
        let whole = made("whole", "2", "rows");
        assert_eq!(whole.1, 9_835);
        assert!(made("whole", "1", "rows") == whole, "{command} on one thread");
        for name in ["shuffled.csv", "dictionary.parquet", "plain.parquet", "numbers.parquet"] {
            assert!(made(name, "2", "rows") == whole, "{command} of {name}");
        }
        assert!(made("lines.txt", "1", "lines") == made("trimmed.csv", "2", "rows"), "{command} of a basket a line");
    }
}

#[test]
fn ids_are_taken_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.csv");
    // A byte order mark, semicolons, quotes, a product with a semicolon in its name, the same product twice in a basket,
    // an id longer than twelve bytes, and returns.
    let mut text = "\u{feff}Order No;\"Article\";Qty\n".to_owned();
    for basket in 0..6 {
        text += &format!(
            "{basket};\"tea; \"\"green\"\"\";1\n{basket};a cup with two handles;2\n{basket};a cup with two handles;1\n"
        );
        text += &format!("n{basket};spoon;1\n{basket};fork;0\n{basket};;1\n ;knife;1\n{basket};knife;one\n");
    }
    fs::write(&path, text + "7;spoon\n").unwrap();
    let text = said(patronage(folder.path()).args(["affinity", "pairs", "orders.csv"]));
    insta::with_settings!({filters => vec![(r"\d+\.\d+ s", "- s")]}, {
        insta::assert_snapshot!(text);
    });
    let found = rows(&answer(folder.path(), &["pairs", "orders.csv", "--format", "csv"]));
    let pairs: Vec<[&str; 4]> = found
        .iter()
        .map(|row| ["product_a", "product_b", "n_ab", "n_total"].map(|column| row[column].as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ["a cup with two handles", "tea; \"green\"", "6", "12"],
            ["tea; \"green\"", "a cup with two handles", "6", "12"]
        ]
    );
}

#[test]
fn customers_are_units_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody has both in one basket; six customers have both.
    let mut text = "order_id,customer_id,product_id,date\n".to_owned();
    for customer in 0..9 {
        let second = if customer < 6 { "milk" } else { "ink" };
        text += &format!(
            "a{customer},{customer},tea,2026-01-0{}\nb{customer},{customer},{second},2026-02-01T10:00\n",
            customer + 1
        );
    }
    text += "c,,tea,2026-01-01\n";
    fs::write(folder.path().join("orders.csv"), text).unwrap();
    let baskets = rows(&answer(folder.path(), &["pairs", "orders.csv", "--min-count", "1", "--format", "csv"]));
    assert!(baskets.is_empty(), "{baskets:?}");
    let arguments =
        ["pairs", "orders.csv", "--level", "customer", "--min-count", "1", "--rank-by", "count", "--format", "csv"];
    let customers = rows(&answer(folder.path(), &arguments));
    assert!(customers.is_empty(), "all customers have tea, so that no lift is above 1: {customers:?}");
    fs::write(folder.path().join("more.csv"), "order_id,customer_id,product_id,date\nx,x,pen,2025-01-01\n").unwrap();
    let arguments = ["pairs", "orders.csv", "more.csv", "--level", "customer", "--rank-by", "count", "--format", "csv"];
    let customers = rows(&answer(folder.path(), &arguments));
    let ranked: Vec<[&str; 4]> = customers
        .iter()
        .map(|row| ["product_a", "product_b", "score", "n_total"].map(|column| row[column].as_str()))
        .collect();
    assert_eq!(ranked, [["milk", "tea", "6.0", "10"], ["tea", "milk", "6.0", "10"]]);
    let aged = rows(&answer(folder.path(), &[&arguments[..], &["--half-life", "400"]].concat()));
    let (score, count) = (number(&aged[0]["score"]), &aged[0]["n_ab"]);
    assert!((5.99..=6.0).contains(&score) && count == "6", "bought on the last day, they weigh nearly all: {score}");
}

#[test]
fn files_that_cannot_be_used_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("empty.csv", b"");
    write("header.csv", b"order_id,product_id\n");
    write("names.csv", b"receipt_number,thing\n1,a\n");
    write("two.csv", b"order_id,Order ID,product_id\n1,1,a\n");
    write("blank.csv", b"order_id,product_id\n,a\n1,\n");
    write("latin.csv", b"order_id,product_id\n1,caf\xe9\n1,tea\n");
    write("zip.csv", b"PK\x03\x04xxxx");
    write("cut.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
    write("cut.parquet", b"PAR1xxxxPAR1");
    write("one.txt", b"1 2 3\n");
    write("dates.csv", b"order_id,product_id,customer_id,date\n1,a,c,22.11.2026\n");
    let mut said_all = String::new();
    for arguments in [
        &["pairs", "missing.csv"][..],
        &["pairs", "empty.csv"],
        &["pairs", "header.csv"],
        &["pairs", "names.csv"],
        &["pairs", "names.csv", "--basket", "receipt", "--product", "thing"],
        &["pairs", "two.csv"],
        &["pairs", "blank.csv"],
        &["pairs", "latin.csv"],
        &["pairs", "zip.csv"],
        &["pairs", "cut.csv.gz"],
        &["pairs", "cut.parquet"],
        &["pairs", "one.txt"],
        &["pairs", "one.txt", "--layout", "lines", "--level", "customer"],
        &["pairs", "blank.csv", "--columns", "product_a,lft"],
        &["pairs", "blank.csv", "--min-confidence", "most"],
        &["pairs", "blank.csv", "--rank-by", "lifft"],
        &["pairs"],
        &["evaluate", "header.csv"],
        &["evaluate", "dates.csv"],
    ] {
        let text = said(patronage(folder.path()).arg("affinity").args(arguments));
        said_all += &format!("=== {}\n{text}\n", arguments.join(" "));
    }
    insta::with_settings!({filters => vec![(r"(?s)Usage:.*?\n\n", "Usage: ...\n\n")]}, {
        insta::assert_snapshot!(said_all);
    });
}

#[test]
fn files_of_odd_shapes_take_bounded_time_and_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    // One basket of 100,000 products, and ten ordinary ones.
    let mut huge = "order_id,product_id\n".to_owned();
    (0..100_000).for_each(|product| huge += &format!("huge,p{product}\n"));
    (0..10).for_each(|basket| huge += &format!("b{basket},p1\nb{basket},p2\n"));
    fs::write(folder.path().join("huge.csv"), &huge).unwrap();
    let alone = &huge[..huge.find("b0,").unwrap()];
    fs::write(folder.path().join("alone.csv"), alone).unwrap();
    let mut one = "order_id,product_id\n".to_owned();
    (0..50).for_each(|basket| one += &format!("{basket},only\n"));
    fs::write(folder.path().join("one.csv"), one).unwrap();
    fs::write(folder.path().join("once.csv"), "order_id,product_id\n1,a\n1,b\n2,c\n").unwrap();
    let mut said_all = String::new();
    for arguments in [
        &["pairs", "huge.csv", "--min-lift", "0"][..],
        &["pairs", "huge.csv", "--megabaskets", "weight", "--min-count", "2"],
        &["pairs", "alone.csv"],
        &["pairs", "one.csv"],
        &["pairs", "once.csv"],
        &["rules", "one.csv"],
        &["rules", "huge.csv"],
        &["rules", "alone.csv"],
    ] {
        let text = said(patronage(folder.path()).arg("affinity").args(arguments));
        said_all += &format!("=== {}\n{text}\n", arguments.join(" "));
    }
    insta::with_settings!({filters => vec![(r"\d+\.\d+ s", "- s")]}, {
        insta::assert_snapshot!(said_all);
    });
}

#[test]
fn a_rule_of_certainty_has_an_infinite_conviction_and_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "order_id,product_id\n".to_owned();
    (0..6).for_each(|basket| text += &format!("{basket},tea\n{basket},milk\n"));
    fs::write(folder.path().join("orders.csv"), text + "x,ink\n").unwrap();
    let found = rows(&answer(folder.path(), &["pairs", "orders.csv", "--format", "csv"]));
    assert_eq!(found.len(), 2);
    for row in &found {
        assert_eq!((row["conviction"].as_str(), row["conviction_infinite"].as_str()), ("", "true"));
        assert!(row.values().all(|value| !value.contains("NaN") && !value.contains("inf")), "{row:?}");
    }
}

#[test]
fn the_back_test_of_online_retail_tells_repeat_buying_from_new_things() {
    let Some(data) = shared_data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = data.join("online_retail/transactions.csv.gz");
    let arguments = [
        "evaluate",
        file.to_str().unwrap(),
        "--holdout-days",
        "40",
        "--min-buyers",
        "10",
        "--methods",
        "popularity,own_frequency,own_frequency_decayed,customer_llr,customer_cosine",
        "--format",
        "csv",
    ];
    let found = rows(&answer(folder.path(), &arguments));
    let ndcg = |list: &str, method: &str| {
        let row = found.iter().find(|row| row["list"] == list && row["method"] == method && row["k"] == "10");
        number(&row.unwrap_or_else(|| panic!("{list} {method}"))["ndcg"])
    };
    // `spec/affinity.md` 2.6: .0835 and .0367 for new things, .3534 and .2015 for all, at a cut by the instant; here it is by
    // the day.
    assert!(ndcg("new", "customer_llr") > 2.0 * ndcg("new", "popularity"));
    assert!((ndcg("new", "customer_llr") - 0.0835).abs() < 0.01, "{}", ndcg("new", "customer_llr"));
    assert!((ndcg("all", "own_frequency") - 0.3534).abs() < 0.02, "{}", ndcg("all", "own_frequency"));
    assert!(ndcg("all", "own_frequency") > 1.5 * ndcg("all", "customer_llr"));
    for list in ["new", "again", "all"] {
        let chosen: Vec<&str> = found
            .iter()
            .filter(|row| row["list"] == list && row["chosen"] == "true" && row["k"] == "10")
            .map(|row| row["method"].as_str())
            .collect();
        assert_eq!(chosen.len(), 1, "{list}: {chosen:?}");
    }
}

#[test]
fn a_back_test_of_nobody_says_what_would_help() {
    let folder = tempfile::tempdir().unwrap();
    let lines = |days: &[&str]| -> String {
        let row = |day: &&str| (0..20).map(|c| format!("{day}{c},p{},c{c},{day}\n", c % 2)).collect::<String>();
        "order_id,product_id,customer_id,date\n".to_owned() + &days.iter().map(row).collect::<String>()
    };
    for (name, days, more, help) in [
        ("short", &["2026-01-01", "2026-01-05"][..], &[][..], "lower `--holdout-days`"),
        ("rare", &["2026-01-01", "2026-06-01"], &["--min-buyers", "15"], "lower `--min-buyers`"),
    ] {
        let file = folder.path().join(format!("{name}.csv"));
        std::fs::write(&file, lines(days)).unwrap();
        let output = patronage(folder.path()).args(["affinity", "evaluate"]).arg(&file).args(more).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{name}: {said}");
        assert!(said.contains("nothing was judged") && said.contains(help), "{name}: {said}");
    }
}

#[test]
fn help_is_for_merchandisers() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = said(patronage(folder.path()).args(["affinity", "--help"]));
    for command in ["pairs", "rules", "evaluate"] {
        all += &said(patronage(folder.path()).args(["affinity", command, "--help"]));
    }
    insta::assert_snapshot!(all);
}
