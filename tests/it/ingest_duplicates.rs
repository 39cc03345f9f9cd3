//! Exact repetitions are dropped once and for all; a key with several contents goes to the newest, or to nobody.

use crate::ingest_support::{COLUMNS, Shop, lines, rejects, report, totals, transactions};

const HEADER: &str = "customer_id,order_id,ts,amount,note\n";

#[test]
fn rows_equal_in_every_field_are_counted_and_dropped_across_files() {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write("tx1.csv", format!("{HEADER}a,o1,2025-01-02,1,x\na,o1,2025-01-02,1,x\na,o1,2025-01-02,1,y\n"));
    shop.write("tx2.csv", format!("{HEADER}a,o1,2025-01-02,1,x\nb,o2,2025-01-02,2.5,\"x\"\nb,o2,2025-01-02,2.50,x\n"));
    let staged = shop.stage().unwrap();
    let counts = totals(&staged);
    // An unmapped field that differs, and another way to write the amount, make another row.
    assert_eq!((counts.read, counts.staged, counts.duplicate), (6, 4, 2));
    assert_eq!((counts.amount_read_e4, counts.amount_duplicate_e4), (90_000, 20_000));
    let by_file: Vec<u64> = report(&staged).files.iter().map(|file| file.counts.duplicate).collect();
    assert_eq!(by_file, [1, 1]);
}

#[test]
fn another_order_of_columns_does_not_make_another_row() {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write("tx1.csv", "customer_id,order_id,ts,amount\na,o1,2025-01-02,1\n");
    shop.write("tx2.csv", "amount,ts,order_id,customer_id\n1,2025-01-02,o1,a\n");
    assert_eq!(totals(&shop.stage().unwrap()).duplicate, 1);
}

#[test]
fn kept_duplicates_without_an_order_id_get_ids_of_their_own() {
    let columns = r#"customer_id = "customer_id", ts = "ts", amount = "amount""#;
    let shop = Shop::with_transactions("['tx*']", "duplicates = 'keep'", columns);
    shop.write("tx1.csv", "customer_id,ts,amount\na,2025-01-02,1\nb,2025-01-02,1\na,2025-01-02,1\n");
    shop.write("tx2.csv", "customer_id,ts,amount\na,2025-01-02,1\n");
    let staged = shop.stage().unwrap();
    let ids = lines(transactions(&staged), &["order_id"]);
    assert_eq!(ids.len(), 4);
    assert_eq!([&ids[1], &ids[2]], [&format!("{}-00000001", ids[0]), &format!("{}-00000002", ids[0])]);
    assert_ne!(ids[0], ids[3]);
}

const KEYED: &str = r#"customer_id = "customer_id", order_id = "order_id", ts = "ts", amount = "amount",
    line_no = "line_no", updated_at = "updated""#;

fn keyed(rows: &str) -> Shop {
    let shop = Shop::with_transactions("['tx*']", "", &KEYED.replace('\n', " "));
    shop.write("tx.csv", format!("customer_id,order_id,line_no,ts,amount,updated\n{rows}"));
    shop
}

#[test]
fn the_newest_of_a_key_wins() {
    let shop = keyed("a,o1,1,2025-01-02,1,2025-01-02\na,o1,1,2025-01-02,2,2025-01-03\na,o1,2,2025-01-02,4,\n");
    shop.write("tx2.csv", "customer_id,order_id,line_no,ts,amount,updated\na,o1,1,2025-01-02,3,\n");
    let staged = shop.stage().unwrap();
    assert_eq!(lines(transactions(&staged), &["line_no", "amount_e4"]), ["1 20000", "2 40000"]);
    assert_eq!(report(&staged).reasons["superseded"], 2);
    assert_eq!((totals(&staged).duplicate, totals(&staged).amount_duplicate_e4), (2, 40_000));
}

#[test]
fn without_a_newest_all_rows_of_a_key_are_rejected() {
    let shop = keyed(
        "a,o1,1,2025-01-02,1,2025-01-03\nb,o2,1,2025-01-02,7,\na,o1,1,2025-01-02,2,2025-01-03\na,o1,1,2025-01-02,2,2025-01-03\n",
    );
    let staged = shop.stage().unwrap();
    assert_eq!(lines(transactions(&staged), &["order_id"]), ["o2"]);
    assert_eq!(
        rejects(transactions(&staged), &["record", "line", "column", "value", "reason"]),
        ["1 2 order_id,line_no o1,1 key_conflict", "3 4 order_id,line_no o1,1 key_conflict"]
    );
    let counts = totals(&staged);
    assert_eq!((counts.read, counts.staged, counts.rejected, counts.duplicate), (4, 1, 2, 1));
}

#[test]
fn rows_whose_key_is_incomplete_are_not_compared() {
    let shop = keyed("a,o1,,2025-01-02,1,\na,o1,,2025-01-02,2,\n");
    let staged = shop.stage().unwrap();
    assert_eq!(totals(&staged).staged, 2);
}

#[test]
fn what_happens_after_as_of_settles_no_conflict_before_it() {
    let mut shop = keyed("a,o1,1,2025-01-02,1,2025-01-02\na,o1,1,2025-01-09,2,2025-01-09\n");
    shop.as_of = Some(jiff::civil::date(2025, 1, 5));
    let staged = shop.stage().unwrap();
    assert_eq!(lines(transactions(&staged), &["amount_e4"]), ["10000"]);
    assert_eq!((totals(&staged).out_of_window, totals(&staged).amount_out_of_window_e4), (1, 20_000));
}
