//! The mapping of columns: names, constants, values, expressions, times, and what cannot be.

use patronage::error::ErrorKind;

use crate::ingest_support::{COLUMNS, Shop, lines, report, totals, transactions};

const TEXT: &str = "customer_id,order_id,ts,amount,ch\na,C1,2025-01-02,\"1.234,5 €\",tel\nb,2,2025-01-03,-2,web\n";

#[test]
fn constants_values_expressions_and_notation() {
    let columns = format!(
        "{COLUMNS}, channel = {{ column = 'ch', map = {{ tel = 'phone' }} }}, store_id = {{ constant = 'main' }}, \
         status = {{ expr = \"CASE WHEN order_id LIKE 'C%' THEN 'cancelled' ELSE 'completed' END\" }}, \
         line_type = {{ expr = \"CASE WHEN amount < 0 THEN 'refund' END\" }}, \
         tax = {{ expr = 'amount * 0.1 - 0.00005' }}"
    );
    let settings = "decimal = ','\nthousands = '.'\ncurrency_signs = ['€']";
    let shop = Shop::with_transactions("['tx*']", settings, &columns);
    shop.write("tx.csv", TEXT);
    let staged = shop.stage().unwrap();
    let shown = ["customer_id", "amount_e4", "channel", "store_id", "status", "line_type", "tax_e4"];
    assert_eq!(
        lines(transactions(&staged), &shown),
        ["a 12345000 phone main cancelled - 1234500", "b -20000 web main completed refund -2000"]
    );
    assert_eq!(report(&staged).line_types["refund"], 1);
    assert_eq!(report(&staged).line_types[""], 1);
}

#[test]
fn times_are_of_their_zone_and_days_of_the_business() {
    let columns = COLUMNS.replace("ts = \"ts\"", "ts = { column = 'ts', time_zone = 'America/New_York' }");
    let mut shop = Shop::with_transactions("['tx*']", "", &columns);
    shop.project = "name = 'shop'\ncurrency = 'EUR'\ntime_zone = 'Asia/Tokyo'";
    shop.write("tx.csv", "customer_id,order_id,ts,amount\na,o1,2025-03-09 02:30,1\na,o2,2025-06-01 20:00:00Z,1\n");
    let staged = shop.stage().unwrap();
    // 02:30 is skipped that night and becomes 03:30 EDT, 07:30 UTC; 20:00 UTC is the next day in Tokyo.
    assert_eq!(
        lines(transactions(&staged), &["ts_us", "order_day"]),
        ["1741505400000000 20156", "1748808000000000 20241"]
    );
    assert_eq!(staged.as_of_day, 20_242);
}

#[test]
fn mistakes_of_the_mapping_are_config_errors() {
    for (columns, message) in [
        ("ts = 'ts', amount = 'amount', custmer_id = 'x'", "`custmer_id` is not a column"),
        ("ts = 'ts'", "`inputs.transactions.columns.amount` is not mapped"),
        ("ts = 'ts', amount = { expr = 'quantity * 2' }, quantity = { expr = 'amount / 2' }", "need each other"),
        ("ts = 'ts', amount = { expr = 'RANDOM()' }", "is not understood"),
        ("ts = { column = 'ts', time_zone = 'Mars/Base' }, amount = 'amount'", "there is no time zone"),
    ] {
        let shop = Shop::with_transactions("['tx*']", "", columns);
        shop.write("tx.csv", TEXT);
        let error = shop.error();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.message().contains(message), "{error}");
    }
}

#[test]
fn a_missing_column_is_an_input_error_with_the_nearest_name() {
    let shop = Shop::with_transactions("['tx*']", "", &COLUMNS.replace("\"customer_id\"", "\"CustomerID\""));
    shop.write("tx.csv", TEXT);
    let error = shop.error();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.hint_text().unwrap().contains("`customer_id`"), "{error:?}");
}

#[test]
fn what_is_absent_and_what_is_unmapped_is_listed() {
    let shop = Shop::minimal(TEXT.replace("1.234,5 €", "1"));
    let staged = shop.stage().unwrap();
    assert_eq!(report(&staged).unmapped, ["ch"]);
    assert!(report(&staged).absent.contains(&"product_id".to_owned()));
    assert_eq!(transactions(&staged).present, ["customer_id", "order_id", "ts_us", "amount_e4", "order_day"]);
    let given: Vec<&str> = staged.inputs.iter().filter(|input| input.given).map(|input| input.input.name).collect();
    assert_eq!(given, ["transactions"]);
}

#[test]
fn rows_at_or_after_as_of_are_out_of_window() {
    let mut shop = Shop::minimal(TEXT.replace("1.234,5 €", "1"));
    shop.as_of = Some(jiff::civil::date(2025, 1, 3));
    let staged = shop.stage().unwrap();
    let counts = totals(&staged);
    assert_eq!((counts.staged, counts.out_of_window, counts.amount_out_of_window_e4), (1, 1, -20_000));
    assert_eq!(lines(transactions(&staged), &["customer_id"]), ["a"]);
}
