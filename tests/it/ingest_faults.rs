//! Files that cannot be trusted fail as a whole, with their place and a next step, and keep no row.

use std::io::Write;

use patronage::error::ErrorKind;

use crate::ingest_formats::gzip;
use crate::ingest_support::{COLUMNS, Shop, totals};

const HEADER: &str = "customer_id,order_id,ts,amount\n";

fn many_rows() -> String {
    let rows: Vec<String> =
        (0..20_000).map(|row| format!("c{},o{row},2025-01-02,{row}\n", row * 7919 % 10_007)).collect();
    format!("{HEADER}{}", rows.concat())
}

/// Stages `content` as `name`, expects an input error, and that nothing is kept.
fn fails(name: &str, content: impl AsRef<[u8]>) -> patronage::error::Error {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write(name, content);
    let error = shop.error();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert!(error.hint_text().is_some(), "{error}");
    let left: Vec<_> =
        std::fs::read_dir(shop.cache().join("transactions")).map_or(Vec::new(), |entries| entries.flatten().collect());
    assert!(left.is_empty(), "{name}: {left:?} of a broken file was kept");
    error
}

#[test]
fn broken_archives() {
    let text = many_rows();
    let packed = gzip(text.as_bytes());
    let cut = &packed[..packed.len() / 2];
    assert!(fails("tx.csv.gz", cut).message().contains("cut off"));
    let mut bad_sum = packed.clone();
    let at = bad_sum.len() - 8;
    bad_sum[at] ^= 1;
    assert!(fails("tx.csv.gz", bad_sum).message().contains("corrupt"));
    let mut flipped = packed.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    fails("tx.csv.gz", flipped);
    fails("tx.csv.gz", [packed.as_slice(), b"garbage behind"].concat());
    let zst = zstd::encode_all(text.as_bytes(), 1).unwrap();
    fails("tx.csv.zst", &zst[..zst.len() / 2]);
    fails("tx.csv.zst", [zst.as_slice(), b"garbage behind"].concat());
}

#[test]
fn a_name_that_promises_an_archive_does_not_make_one() {
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write("tx.csv.gz", many_rows());
    assert_eq!(totals(&shop.stage().unwrap()).staged, 20_000);
}

#[test]
fn decompression_bombs_stop_early() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(format!("{HEADER}{}", "\n".repeat(64 << 20)).as_bytes()).unwrap();
    assert!(fails("tx.csv.gz", bomb.finish().unwrap()).message().contains("expands"));
    let field = gzip(format!("{HEADER}{}", "x".repeat(64 << 20)).as_bytes());
    fails("tx.csv.gz", field);
}

#[test]
fn records_beyond_the_limits() {
    let long = format!("{HEADER}a,o1,2025-01-02,1\n{},o2,2025-01-02,1\n", "x".repeat(2 << 20));
    assert_eq!(fails("tx.csv", long).place().unwrap().line, Some(3));
    let wide = format!("{HEADER}{}\n", ",".repeat(10_000));
    assert!(fails("tx.csv", wide).message().contains("10001 fields"));
}

#[test]
fn a_quote_that_stays_open_names_its_line() {
    let error = fails(
        "tx.csv",
        format!("{HEADER}a,o1,2025-01-02,1\nb,\"o2,2025-01-02,1\n{}", "c,o,2025-01-02,1\n".repeat(500)),
    );
    assert_eq!(error.place().unwrap().line, Some(3));
}

#[test]
fn empty_files_are_not_files_without_rows() {
    assert!(fails("tx.csv", "").message().contains("empty_input"));
    assert!(fails("tx.csv.gz", gzip(b"")).message().contains("empty_input"));
    assert!(fails("tx.csv", "\u{feff}\n\n").message().contains("empty_input"));
    let mut shop = Shop::minimal(HEADER);
    assert_eq!(shop.error().kind(), ErrorKind::Input);
    shop.as_of = Some(jiff::civil::date(2025, 1, 1));
    assert_eq!(totals(&shop.stage().unwrap()).read, 0);
}

#[test]
fn headers_that_cannot_be_used() {
    assert!(fails("tx.csv", "customer_id,order_id,ts,amount,ts\na,o1,2025-01-02,1,x\n").message().contains("twice"));
    let error = fails("tx.csv", "customer_id;order_id;ts;amount\na;o1;2025-01-02;1\n");
    assert!(error.hint_text().unwrap().contains("delimiter"), "{error:?}");
}

#[test]
fn foreign_and_cut_parquet() {
    fails("tx.parquet", "customer_id,order_id\n");
    fails("tx.parquet", b"PAR1 and then nothing of the kind PAR1");
    fails("tx.parquet", b"PAR1");
}

#[test]
fn other_packings_are_named() {
    assert!(fails("tx.zip", b"PK\x03\x04whatever").message().contains("zip"));
}

#[test]
fn missing_files_are_named() {
    let shop = Shop::with_transactions("['tx*.csv', 'other.csv']", "", COLUMNS);
    shop.write("tx.csv", many_rows());
    assert!(shop.error().message().contains("other.csv"));
}

#[test]
fn dates_whose_day_and_month_nobody_can_tell_are_an_error() {
    let shop = Shop::minimal(format!("{HEADER}a,o1,03/04/2011,1\na,o2,04/04/2011 10:00,1\na,o3,2011-04-05,1\n"));
    let error = shop.error();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("columns.ts"), "{error}");
    assert!(error.hint_text().unwrap().contains("%d/%m/%Y"));
}

#[test]
fn a_request_to_stop_is_heard() {
    let shop = Shop::minimal(many_rows());
    let config = shop.config();
    let cache = shop.cache();
    let options = patronage::ingest::StageOptions {
        config: &config,
        dir: shop.dir.path(),
        cache: &cache,
        as_of: None,
        threads: 1,
        memory: None,
        keep_raw_rejects: false,
    };
    let cancel = patronage::monitor::Cancel::new();
    cancel.terminate();
    let error = patronage::ingest::stage(&options, &patronage::monitor::Silent, &cancel).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Terminated);
}
