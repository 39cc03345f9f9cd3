use arrow::array::{
    BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListBuilder, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};

use super::*;

/// Values that break naive writers: formulas, escapes, text that runs the other way, line ends, quotes, the largest
/// numbers, NaN, and nothing at all.
fn nasty() -> Rows {
    let mut tags = ListBuilder::new(StringBuilder::new());
    for values in [&["a", "b\"c"][..], &[], &["=1"], &["x"]] {
        for value in values {
            tags.values().append_value(value);
        }
        tags.append(true);
    }
    Rows::from_columns([
        (
            "customer_id",
            Arc::new(StringArray::from(vec![
                "=HYPERLINK(\"x\")",
                "\u{1b}[31m咖啡",
                "a\u{202e}b, \"c\"",
                "two\r\nlines",
            ])) as ArrayRef,
        ),
        ("note", Arc::new(StringArray::from(vec![Some("-5"), None, Some(""), Some("@SUM(A1)")]))),
        ("orders", Arc::new(Int64Array::from(vec![Some(-5), None, Some(i64::MAX), Some(0)]))),
        (
            "net_revenue",
            Arc::new(
                Decimal128Array::from(vec![Some(-12_345_678_901_234_567_i128), Some(1), None, Some(10_000)])
                    .with_precision_and_scale(18, 4)
                    .unwrap(),
            ),
        ),
        ("ratio", Arc::new(Float64Array::from(vec![Some(1.0 / 3.0), Some(f64::NAN), Some(-0.0), Some(1e300)]))),
        ("day", Arc::new(Date32Array::from(vec![Some(0), Some(20_000), Some(-1), None]))),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(0), Some(1_700_000_000_123_456), Some(-1), None])
                    .with_timezone("UTC"),
            ),
        ),
        ("vip", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]))),
        ("tags", Arc::new(tags.finish())),
    ])
    .unwrap()
}

fn written(rows: &Rows, format: RowFormat) -> String {
    let mut out = Vec::new();
    write(rows, Style::of(format), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_for_people_obeys_nothing_in_its_cells() {
    insta::assert_snapshot!(written(&nasty(), RowFormat::Table));
}

#[test]
fn csv_is_quoted_and_holds_no_formulas() {
    insta::assert_snapshot!(written(&nasty(), RowFormat::Csv));
}

#[test]
fn csv_reads_back_as_it_was_when_formulas_may_pass() {
    let mut out = Vec::new();
    write(&nasty(), Style { safe_spreadsheet: false, ..Style::of(RowFormat::Csv) }, &mut out).unwrap();
    let records: Vec<::csv::StringRecord> =
        ::csv::Reader::from_reader(&out[..]).records().map(Result::unwrap).collect();
    let ids: Vec<&str> = records.iter().map(|record| &record[0]).collect();
    assert_eq!(ids, ["=HYPERLINK(\"x\")", "\u{1b}[31m咖啡", "a\u{202e}b, \"c\"", "two\r\nlines"]);
    assert_eq!(&records[0][3], "-1234567890123.4567");
}

#[test]
fn csv_on_a_terminal_obeys_nothing_either() {
    let mut out = Vec::new();
    write(&nasty(), Style { terminal: true, ..Style::of(RowFormat::Csv) }, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    assert!(text.contains("\\u{202e}"), "{text:?}");
}

#[test]
fn json_has_all_digits_and_only_valid_values() {
    let lines = written(&nasty(), RowFormat::Ndjson);
    insta::assert_snapshot!(lines);
    let array: Vec<serde_json::Value> = serde_json::from_str(&written(&nasty(), RowFormat::Json)).unwrap();
    let from_lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(array, from_lines);
}

#[test]
fn parquet_reads_back_as_it_was() {
    let rows = nasty();
    let mut out = Vec::new();
    write(&rows, Style::of(RowFormat::Parquet), &mut out).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), out).unwrap();
    let reader =
        ::parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file.reopen().unwrap(), 1024).unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    // NaN is not equal to itself, so that column is compared as text.
    assert_eq!(format!("{batches:?}"), format!("{:?}", rows.batches));
}

#[test]
fn a_table_shows_the_first_rows_over_all_batches_and_counts_the_rest() {
    let one = nasty();
    let rows = Rows { schema: one.schema.clone(), batches: vec![one.batches[0].clone(), one.batches[0].clone()] };
    for (limit, left_out) in [(None, 0), (Some(0), 8), (Some(3), 5), (Some(5), 3), (Some(9), 0)] {
        let mut out = Vec::new();
        assert_eq!(
            write(&rows, Style { limit, ..Style::of(RowFormat::Table) }, &mut out).unwrap(),
            left_out,
            "{limit:?}"
        );
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2 + 8 - left_out, "{limit:?}");
    }
}

#[test]
fn no_rows_and_no_columns_are_fine_in_every_format() {
    for format in RowFormat::value_variants() {
        let nothing = Rows::from_batches(Vec::new());
        write(&nothing, Style::of(*format), &mut Vec::new()).unwrap();
        let no_rows = Rows { schema: nasty().schema, batches: Vec::new() };
        write(&no_rows, Style::of(*format), &mut Vec::new()).unwrap();
    }
    let no_rows = Rows { schema: nasty().schema, batches: Vec::new() };
    assert_eq!(written(&no_rows, RowFormat::Json), "[]\n");
}
