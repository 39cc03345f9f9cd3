//! Bad rows are refused one by one, each with its place and its reason, and nothing else is lost with them.

use crate::ingest_support::{COLUMNS, Shop, input, lines, rejects, report, totals, transactions};

const MORE: &str = r#"line_no = "line_no", quantity = "quantity", is_test = "is_test", status = "status""#;

/// A shop with one good row and `bad` behind it.
fn with(bad: &str) -> Shop {
    let shop = Shop::with_transactions("['tx*']", "", &format!("{COLUMNS}, {MORE}"));
    let good = "a,o1,1,2025-01-02,1,1,true,completed";
    shop.write("tx.csv", format!("customer_id,order_id,line_no,ts,amount,quantity,is_test,status\n{good}\n{bad}\n"));
    shop
}

#[test]
fn every_reason() {
    for (reason, column, value, bad) in [
        ("too_few_fields", "-", "-", "b,o2"),
        ("too_many_fields", "-", "-", "b,o2,1,2025-01-02,1,1,true,completed,x"),
        ("repeated_header", "-", "-", "customer_id,order_id,line_no,ts,amount,quantity,is_test,status"),
        ("missing_required", "ts", "", "b,o2,1,,1,1,true,completed"),
        ("missing_required", "amount", " ", "b,o2,1,2025-01-02, ,1,true,completed"),
        ("amount_not_a_number", "amount", "12 EUR", "b,o2,1,2025-01-02,12 EUR,1,true,completed"),
        ("amount_not_a_number", "quantity", "0x10", "b,o2,1,2025-01-02,1,0x10,true,completed"),
        ("amount_not_finite", "amount", "NaN", "b,o2,1,2025-01-02,NaN,1,true,completed"),
        ("amount_overflow", "amount", "1e400", "b,o2,1,2025-01-02,1e400,1,true,completed"),
        ("not_a_boolean", "is_test", "maybe", "b,o2,1,2025-01-02,1,1,maybe,completed"),
        ("bad_date", "ts", "2025-02-30", "b,o2,1,2025-02-30,1,1,true,completed"),
        ("ambiguous_date", "ts", "03/04/2025", "b,o2,1,03/04/2025,1,1,true,completed"),
        ("out_of_range_date", "ts", "1889-02-03", "b,o2,1,1889-02-03,1,1,true,completed"),
        ("not_in_vocabulary", "status", "done", "b,o2,1,2025-01-02,1,1,true,done"),
        ("nul_in_id", "order_id", "o\02", "b,o\02,1,2025-01-02,1,1,true,completed"),
    ] {
        let shop = with(bad);
        let staged = shop.stage().unwrap();
        assert_eq!(
            rejects(transactions(&staged), &["file", "record", "line", "byte_offset", "reason", "column", "value"]),
            [format!("tx.csv 2 3 100 {reason} {column} {value}")],
            "{bad}"
        );
        assert_eq!(report(&staged).reasons[reason], 1);
        assert_eq!(lines(transactions(&staged), &["order_id"]), ["o1"]);
    }
}

#[test]
fn rows_that_are_not_text_are_refused() {
    let shop = Shop::minimal(
        b"customer_id,order_id,ts,amount\na,o1,2025-01-02,1\n\xff,o2,2025-01-02,2\n\"b\",o3,2025-01-02,3",
    );
    let staged = shop.stage().unwrap();
    assert_eq!(rejects(transactions(&staged), &["record", "line", "reason"]), ["2 3 invalid_utf8"]);
    assert_eq!(lines(transactions(&staged), &["order_id"]), ["o1", "o3"]);
}

#[test]
fn lines_that_are_not_objects_are_refused() {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    let good = r#"{"customer_id":"a","order_id":"o1","ts":"2025-01-02","amount":1}"#;
    let twice = r#"{"customer_id":"a","order_id":"o1","ts":"2025-01-02","amount":1,"amount":2}"#;
    shop.write("tx.ndjson", format!("{good}\n[1]\n\n{{\"customer_id\":\n{twice}\n"));
    let staged = shop.stage().unwrap();
    assert_eq!(
        rejects(transactions(&staged), &["record", "line", "reason"]),
        ["2 2 invalid_json", "3 4 invalid_json", "4 5 invalid_json"]
    );
    assert_eq!(totals(&staged).staged, 1);
}

#[test]
fn places_are_right_behind_quoted_line_ends() {
    let text = "customer_id,order_id,ts,amount\r\n\"a\r\n\nb\",o1,2025-01-02,1\r\n\r\nc,o2,never,2\r\n";
    let shop = Shop::minimal(text);
    let staged = shop.stage().unwrap();
    let offset = text.find("c,o2").unwrap();
    assert_eq!(rejects(transactions(&staged), &["record", "line", "byte_offset"]), [format!("2 6 {offset}")]);
}

#[test]
fn personal_values_are_masked_unless_asked_for() {
    let interactions = "[inputs.interactions]\nfiles = ['calls.csv']\n\
        columns = { ts_start = { column = 'when', personal = true }, contact_point = 'number' }\n";
    let mut shop = Shop::minimal("customer_id,order_id,ts,amount\na,o1,2025-01-02,1\n");
    shop.inputs += interactions;
    shop.write("calls.csv", "when,number\n2025-01-01,555\nanna@example.o,556\n");
    let staged = shop.stage().unwrap();
    assert_eq!(rejects(input(&staged, "interactions"), &["value"]), ["<redacted, 14 bytes>"]);
    shop.raw_rejects = true;
    let staged = shop.stage().unwrap();
    assert_eq!(rejects(input(&staged, "interactions"), &["value"]), ["anna@example.o"]);
}

#[test]
fn amounts_of_refused_rows_stay_in_the_books() {
    let shop = with("b,o2,1,never,7.5,1,true,completed");
    let staged = shop.stage().unwrap();
    let counts = totals(&staged);
    assert_eq!((counts.amount_read_e4, counts.amount_rejected_e4, counts.amount_staged_e4), (85_000, 75_000, 10_000));
}
