//! Real exports give the figures that pandas found in them (`../shared/data/README.md`).

use crate::ingest_support::{Shop, report, shared_data, totals, transactions};

fn stage(folder: &str, files: &str, settings: &str, columns: &str) -> Option<patronage::ingest::Staged> {
    let data = shared_data()?;
    let shop = Shop::with_transactions(files, settings, columns);
    let staged = shop.stage_in(&data.join(folder)).unwrap();
    for part in &transactions(&staged).parts {
        assert!(part.exists());
    }
    // The folder of the parts goes with the shop, so that all figures come from the report.
    Some(staged)
}

const LINES: &str = r#"customer_id = "customer_id", order_id = "transaction_id", ts = "timestamp", product_id = "product_id",
    quantity = "quantity", unit_price = "unit_price""#;

#[test]
fn online_retail() {
    let columns = format!("{}, amount = {{ expr = 'quantity * unit_price' }}", LINES.replace('\n', " "));
    let Some(staged) = stage("online_retail", "['transactions.csv.gz']", "", &columns) else { return };
    let counts = totals(&staged);
    assert_eq!(counts.read, 541_909);
    assert_eq!(counts.duplicate, 5_268);
    assert_eq!(counts.rejected, 0);
    assert_eq!(counts.staged, 536_641);
    assert_eq!(counts.anonymous, 135_080);
    assert_eq!(counts.amount_read_e4, 97_477_479_340);
    assert_eq!(report(&staged).unmapped, ["description", "region"]);
}

#[test]
fn cdnow() {
    let columns =
        r#"customer_id = "customer_id", order_id = "transaction_id", ts = "timestamp", amount = "net_amount""#;
    let Some(staged) = stage("cdnow", "['transactions.csv.gz']", "", columns) else { return };
    let counts = totals(&staged);
    assert_eq!((counts.read, counts.staged, counts.amount_staged_e4), (69_659, 69_659, 25_003_156_300));
}

#[test]
fn cdnow_as_it_was_published() {
    let settings = "delimiter = 'whitespace'\nduplicates = 'keep'";
    let columns =
        r#"customer_id = "customer_id", ts = { column = "date", format = "%Y%m%d" }, amount = "dollar_value""#;
    let Some(staged) = stage("cdnow", "['CDNOW_master.txt.gz']", settings, columns) else { return };
    let counts = totals(&staged);
    assert_eq!((counts.read, counts.staged, counts.amount_staged_e4), (69_659, 69_659, 25_003_156_300));
}

#[test]
fn complete_journey() {
    let columns = format!("{}, amount = 'net_amount'", LINES.replace('\n', " "));
    let Some(staged) = stage("complete_journey", "['transactions.csv.gz']", "", &columns) else { return };
    let counts = totals(&staged);
    assert_eq!((counts.read, counts.staged, counts.amount_staged_e4), (1_469_307, 1_469_307, 45_960_395_800));
}

#[test]
fn fuzzy_factory() {
    let columns = format!(
        "{}, line_type = 'kind', line_no = 'order_item_id', channel = 'channel', amount = {{ expr = 'quantity * unit_price' }}",
        LINES.replace('\n', " ")
    );
    let Some(staged) = stage("fuzzy_factory", "['transactions.csv.gz']", "", &columns) else { return };
    let counts = totals(&staged);
    assert_eq!((counts.read, counts.staged, counts.amount_staged_e4), (41_756, 41_756, 18_531_710_600));
    assert_eq!(report(&staged).line_types["refund"], 1_731);
}
