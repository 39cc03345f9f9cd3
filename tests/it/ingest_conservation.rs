//! No row disappears: whatever the bytes, each record is staged, rejected, a duplicate or out of window. And what is
//! staged depends on what the rows say, not on how they come.

use proptest::prelude::*;

use crate::ingest_support::{COLUMNS, Shop, rows, totals, transactions};

const HEADER: &str = "customer_id,order_id,ts,amount\n";

/// Records that the csv crate finds behind the header.
fn records(text: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    reader.byte_records().count() as u64 - 1
}

fn row() -> impl Strategy<Value = String> {
    let customer =
        prop::sample::select(vec!["", "a", "aa", "b", "customer-with-a-long-name-1", "customer-with-a-long-name-2"]);
    let amount = prop::sample::select(vec!["1", "1.0", "-2.5", "x", "1e400", ""]);
    (customer, 0..4_u8, 1..5_u8, amount).prop_map(|(customer, order, day, amount)| {
        let order = if order == 0 { String::new() } else { format!("o{order}") };
        format!("{customer},{order},2025-01-0{day},{amount}\n")
    })
}

fn staged_rows(
    files: &[String],
    threads: usize,
    memory: Option<u64>,
    settings: &str,
    columns: &str,
) -> Vec<Vec<String>> {
    let mut shop = Shop::with_transactions("['tx*.csv']", settings, columns);
    shop.threads = threads;
    shop.memory = memory;
    shop.as_of = Some(jiff::civil::date(2025, 1, 4));
    for (index, text) in files.iter().enumerate() {
        shop.write(&format!("tx{index}.csv"), text);
    }
    let staged = shop.stage().unwrap();
    let counts = totals(&staged);
    assert_eq!(counts.read, counts.staged + counts.rejected + counts.duplicate + counts.out_of_window);
    let rows = rows(transactions(&staged));
    assert_eq!(rows.len() as u64, counts.staged);
    rows
}

const MADE: &str = r#"customer_id = "customer_id", ts = "ts", amount = "amount""#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_bytes(body in prop::collection::vec(prop::sample::select(b"a1,,,\"\"\r\n\n\n\xff\x00 .-2025".to_vec()), 0..200)) {
        let text = [HEADER.as_bytes(), &body].concat();
        let mut shop = Shop::minimal(&text);
        shop.as_of = Some(jiff::civil::date(2025, 1, 4));
        match shop.stage() {
            Ok(staged) => {
                let counts = totals(&staged);
                prop_assert_eq!(counts.read, records(&text));
                prop_assert_eq!(counts.read, counts.staged + counts.rejected + counts.duplicate + counts.out_of_window);
                prop_assert_eq!(rows(transactions(&staged)).len() as u64, counts.staged);
            }
            // Only a quote that stays open loses count of the rows, and then no row is kept.
            Err(error) => {
                prop_assert!(body.contains(&b'"'));
                prop_assert!(error.message().starts_with("a quote is opened"), "{}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn splits_orders_threads_and_memory_change_nothing(
        lines in prop::collection::vec(row(), 1..40),
        shuffled in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        keep in any::<bool>(),
        made in any::<bool>(),
    ) {
        let settings = if keep { "duplicates = 'keep'" } else { "" };
        let columns = if made { MADE } else { COLUMNS };
        let whole = staged_rows(&[format!("{HEADER}{}", lines.concat())], 1, None, settings, columns);
        let mut moved = lines.clone();
        moved.rotate_left(shuffled.index(lines.len()));
        moved.reverse();
        let (head, tail) = moved.split_at(cut.index(lines.len()));
        let files = [format!("{HEADER}{}", head.concat()), format!("{HEADER}{}", tail.concat())];
        prop_assert_eq!(&staged_rows(&files, 2, None, settings, columns), &whole);
        // Memory for nothing: every block is a run of its own, and every row group a range.
        prop_assert_eq!(&staged_rows(&files, 2, Some(2), settings, columns), &whole);
    }
}
