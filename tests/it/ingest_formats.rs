//! Every format, packing and encoding gives the same rows.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    TimestampMillisecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int96, Int96Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use patronage::error::ErrorKind;
use patronage::ingest::LineEnds;
use proptest::prelude::*;

use crate::ingest_support::{COLUMNS, Shop, lines, report, totals, transactions};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const CSV: &str =
    "customer_id,order_id,ts,amount\n客户一,o1,2025-01-02,12.50\n\"Zoë, \"\"Z\"\"\",o2,2025-01-03T10:00,-3\n";
const NDJSON: &str = "{\"customer_id\":\"客户一\",\"order_id\":\"o1\",\"ts\":\"2025-01-02\",\"amount\":12.50}\n\
    {\"customer_id\":\"Zoë, \\\"Z\\\"\",\"order_id\":\"o2\",\"ts\":\"2025-01-03T10:00\",\"amount\":\"-3\",\"x\":[1,{}]}\n";
const ROWS: [&str; 2] = ["Zoë, \"Z\" o2 1735898400000000 -30000 20091", "客户一 o1 1735776000000000 125000 20090"];
const SHOWN: [&str; 5] = ["customer_id", "order_id", "ts_us", "amount_e4", "order_day"];

fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    match encoding {
        "utf-16" => [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
        "gb18030" => encoding_rs::GB18030.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

#[test]
fn every_text_format_packing_and_encoding() {
    for (format, text) in [("csv", CSV), ("ndjson", NDJSON)] {
        for encoding in ["utf-8", "utf-16", "gb18030"] {
            for packing in ["", ".gz", ".zst"] {
                let shop = Shop::with_transactions("['tx*']", &format!("encoding = '{encoding}'"), COLUMNS);
                let bytes = encoded(text, encoding);
                let packed = match packing {
                    ".gz" => gzip(&bytes),
                    ".zst" => zstd::encode_all(&bytes[..], 1).unwrap(),
                    _ => bytes,
                };
                shop.write(&format!("tx.{format}{packing}"), packed);
                let staged = shop.stage().unwrap();
                assert_eq!(lines(transactions(&staged), &SHOWN), ROWS, "{format} {encoding} {packing}");
                let file = &report(&staged).files[0];
                assert_eq!((file.format.as_str(), file.encoding.as_str()), (format, encoding));
            }
        }
    }
}

#[test]
fn latin_1() {
    let shop = Shop::with_transactions("['tx*']", "encoding = 'latin-1'", COLUMNS);
    shop.write("tx.csv", b"customer_id,order_id,ts,amount\nZo\xeb,o1,2025-01-02,1\n");
    assert_eq!(lines(transactions(&shop.stage().unwrap()), &["customer_id"]), ["Zoë"]);
}

#[test]
fn utf_16_big_endian_by_its_mark() {
    let shop = Shop::with_transactions("['tx*']", "encoding = 'utf-16'", COLUMNS);
    let bytes: Vec<u8> = [0xfe, 0xff].into_iter().chain(CSV.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    shop.write("tx.csv", bytes);
    assert_eq!(lines(transactions(&shop.stage().unwrap()), &SHOWN), ROWS);
}

#[test]
fn utf_16_without_the_setting_is_an_error() {
    let shop = Shop::minimal(encoded(CSV, "utf-16"));
    let error = shop.error();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.hint_text().unwrap().contains("utf-16"));
}

#[test]
fn text_that_is_not_of_its_encoding_is_rejected_row_by_row() {
    let shop = Shop::with_transactions("['tx*']", "encoding = 'gb18030'", COLUMNS);
    shop.write("tx.csv", b"customer_id,order_id,ts,amount\n\xff\xff,o1,2025-01-02,1\nb,o2,2025-01-02,2\n");
    let staged = shop.stage().unwrap();
    assert_eq!(lines(transactions(&staged), &["customer_id"]), ["b"]);
    assert_eq!(report(&staged).reasons["invalid_utf8"], 1);
}

#[test]
fn parquet_types_are_read_exactly() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(StringArray::from(vec![Some("a"), None]))),
        ("order_id", Arc::new(StringArray::from(vec!["o1", "o2"]))),
        ("ts", Arc::new(TimestampMicrosecondArray::from(vec![1_735_776_000_000_000, 1_735_898_400_500_000]))),
        ("amount", Arc::new(Decimal128Array::from(vec![1_250_001, -3]).with_precision_and_scale(12, 5).unwrap())),
        ("tax", Arc::new(Float64Array::from(vec![0.1, 1e-5]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let shop = Shop::with_transactions("['tx*']", "", &format!("{COLUMNS}, tax = 'tax'"));
    shop.write("tx.parquet", &bytes);
    let staged = shop.stage().unwrap();
    let shown = ["customer_id", "ts_us", "amount_e4", "tax_e4"];
    assert_eq!(lines(transactions(&staged), &shown), ["- 1735898400500000 0 0", "a 1735776000000000 125000 1000"]);
    assert_eq!(report(&staged).files[0].format, "parquet");
}

#[test]
fn a_moment_with_a_zone_in_parquet_is_its_utc_time() {
    for (zone, scale) in [("UTC", 1_000), ("Europe/Berlin", 1_000), ("+02:00", 1_000), ("UTC", 1)] {
        let instants = [1_735_776_000_000, 1_735_898_400_500].map(|instant| instant * scale);
        let ts: ArrayRef = match scale {
            1 => Arc::new(TimestampMillisecondArray::from(instants.to_vec()).with_timezone(zone)),
            _ => Arc::new(TimestampMicrosecondArray::from(instants.to_vec()).with_timezone(zone)),
        };
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", Arc::new(StringArray::from(vec!["a", "b"]))),
            ("order_id", Arc::new(StringArray::from(vec!["o1", "o2"]))),
            ("ts", ts),
            ("amount", Arc::new(Float64Array::from(vec![1.0, 2.0]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        // The zone of the shop is for moments that say none.
        let columns = COLUMNS.replace("ts = \"ts\"", "ts = { column = \"ts\", time_zone = \"America/New_York\" }");
        assert_ne!(columns, COLUMNS);
        let shop = Shop::with_transactions("['tx*']", "", &columns);
        shop.write("tx.parquet", &bytes);
        let staged = shop.stage().unwrap();
        let shown = lines(transactions(&staged), &["customer_id", "ts_us"]);
        assert_eq!(shown, ["a 1735776000000000", "b 1735898400500000"], "{zone}");
    }
}

/// Columns of one Parquet file by the names `customer_id`, `ts` (of 96 bits, as Spark writes moments) and `amount`.
fn with_old_moments(moments: &[Int96]) -> Vec<u8> {
    let message = "message m { required binary customer_id (UTF8); optional int96 ts; required double amount; }";
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let ids: Vec<ByteArray> = (0..moments.len()).map(|id| format!("c{id}").into_bytes().into()).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(moments, Some(&vec![1; moments.len()]), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<DoubleType>().write_batch(&vec![1.0; moments.len()], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

#[test]
fn a_moment_of_96_bits_is_its_utc_time() {
    // Julian day 2,440,588 is the first of January 1970; noon has 43,200 seconds.
    let moment = |day: u32, nanoseconds: u64| {
        let mut moment = Int96::new();
        moment.set_data(nanoseconds as u32, (nanoseconds >> 32) as u32, 2_440_588 + day);
        moment
    };
    let bytes = with_old_moments(&[moment(20_090, 0), moment(20_091, 43_200_500_000_000), moment(226_451, 0)]);
    let columns = "customer_id = \"customer_id\", amount = \"amount\", ts = { column = \"ts\", time_zone = \"America/New_York\" }";
    let shop = Shop::with_transactions("['tx*']", "", columns);
    shop.write("tx.parquet", &bytes);
    let staged = shop.stage().unwrap();
    let shown = lines(transactions(&staged), &["customer_id", "ts_us"]);
    assert_eq!(shown, ["c0 1735776000000000", "c1 1735905600500000"]);
    // In nanoseconds of 64 bits the year 2590 would be 2005.
    assert_eq!(report(&staged).reasons["out_of_range_date"], 1, "{:?}", report(&staged).reasons);
}

#[test]
fn line_ends_of_every_kind_are_lines() {
    let header = "customer_id,order_id,ts,amount";
    let row = |order: &str| format!("a,{order},2025-01-02,1");
    for (end, expected) in [
        ("\n", LineEnds { lf: 4, ..Default::default() }),
        ("\r\n", LineEnds { crlf: 4, ..Default::default() }),
        ("\r", LineEnds { cr: 4, ..Default::default() }),
    ] {
        let text = format!("{header}{end}{}{end}{end}{}{end}", row("o1"), row("o2"));
        let shop = Shop::minimal(text);
        let staged = shop.stage().unwrap();
        assert_eq!(totals(&staged).staged, 2, "{end:?}");
        assert_eq!(report(&staged).files[0].line_ends, expected);
    }
    let mixed = format!("{header}\r\n{}\n{}\r{}", row("o1"), row("o2"), row("o3"));
    let shop = Shop::minimal(mixed);
    let staged = shop.stage().unwrap();
    assert_eq!(totals(&staged).staged, 3);
    assert_eq!(report(&staged).files[0].line_ends, LineEnds { lf: 1, crlf: 1, cr: 1 });
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    let shop = Shop::minimal(format!("\u{feff}{CSV}"));
    let staged = shop.stage().unwrap();
    assert_eq!(lines(transactions(&staged), &SHOWN), ROWS);
}

#[test]
fn delimiters_headerless_and_fixed_width() {
    let rows = ["a o1 1735776000000000 10000 20090", "b o2 1735862400000000 20000 20091"];
    for (settings, text) in [
        ("delimiter = ';'", "customer_id;order_id;ts;amount\na;o1;2025-01-02;1\nb;o2;2025-01-03;2\n"),
        ("delimiter = '\\t'", "customer_id\torder_id\tts\tamount\na\to1\t2025-01-02\t1\nb\to2\t2025-01-03\t2"),
        ("delimiter = 'whitespace'", " customer_id order_id  ts amount\n  a o1 2025-01-02   1\nb   o2 2025-01-03 2 \n"),
        (
            "header = false\nnames = ['customer_id', 'order_id', 'ts', 'amount']",
            "a,o1,2025-01-02,1\nb,o2,2025-01-03,2\n",
        ),
        (
            "header = false\nwidths = { customer_id = [1, 3], order_id = [4, 6], ts = [7, 16], amount = [17, 20] }",
            "a  o1 2025-01-02   1\nb  o2 2025-01-03   2\n",
        ),
    ] {
        let shop = Shop::with_transactions("['tx*']", settings, COLUMNS);
        shop.write("tx.txt", text);
        assert_eq!(lines(transactions(&shop.stage().unwrap()), &SHOWN), rows, "{settings}");
    }
}

#[test]
fn a_file_without_quotes_by_setting_takes_them_as_text() {
    let shop = Shop::with_transactions("['tx*']", "quote = ''", COLUMNS);
    shop.write("tx.csv", "customer_id,order_id,ts,amount\n\"a,o1,2025-01-02,1\n");
    assert_eq!(lines(transactions(&shop.stage().unwrap()), &["customer_id"]), ["\"a"]);
}

#[test]
fn archives_of_several_members_are_read_to_the_end() {
    let (head, tail) = CSV.split_at(70);
    let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
    shop.write("tx.csv.gz", [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat());
    assert_eq!(lines(transactions(&shop.stage().unwrap()), &SHOWN), ROWS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// What a CSV writer writes is what is staged, whatever the fields hold.
    #[test]
    fn written_rows_are_read(ids in prop::collection::btree_set("[a-z,\"\r\n é]{0,8}x", 1..8)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["customer_id", "order_id", "ts", "amount"]).unwrap();
        for id in &ids {
            writer.write_record([id, "o", "2025-01-02", "1"]).unwrap();
        }
        let shop = Shop::minimal(writer.into_inner().unwrap());
    let staged = shop.stage().unwrap();
        let expected: Vec<String> = ids.into_iter().collect();
        prop_assert_eq!(lines(transactions(&staged), &["customer_id"]), expected);
    }
}
