//! A published table is what its contract says, and the same bytes however its rows were computed.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use patronage::contract::{Table, bigint, money, text};
use patronage::error::ErrorKind;
use patronage::publish::{Building, Maker, PublishedContract};

use crate::publish_fixture::{Fixture, TextLayout, batch, contract, id, metadata, rows, rows_as};

/// More than two row groups.
const ROWS: usize = 300_000;

fn opened(parquet: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(parquet).unwrap();
    file
}

#[test]
fn columns_have_their_published_names_and_types() {
    let (file, bytes) = Fixture::new().write(&contract(), vec![rows(0, 3)]).unwrap();
    assert_eq!((file.rows, file.bytes), (3, bytes.len() as u64));
    assert_eq!(file.blake3, blake3::hash(&bytes).to_hex().to_string());

    let reader = ParquetRecordBatchReaderBuilder::try_new(opened(&bytes)).unwrap();
    let fields: Vec<(String, DataType, bool)> = reader
        .schema()
        .fields()
        .iter()
        .map(|field| (field.name().clone(), field.data_type().clone(), field.is_nullable()))
        .collect();
    let expected = [
        ("customer_id", DataType::Utf8, false),
        ("consented", DataType::Boolean, false),
        ("r_score", DataType::Int32, false),
        ("orders", DataType::Int64, false),
        ("margin_ratio", DataType::Float64, true),
        ("net_revenue", DataType::Decimal128(18, 4), false),
        ("last_order_date", DataType::Date32, false),
        ("last_contact_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        ("favourite_product", DataType::Utf8, true),
    ];
    assert_eq!(fields, expected.clone().map(|(name, data_type, nullable)| (name.to_owned(), data_type, nullable)));
    assert_eq!(file.columns, expected.map(|(name, ..)| name.to_owned()));
    assert_eq!(reader.schema().field(5).metadata().get("description").unwrap(), "revenue less returns");

    let batch: RecordBatch = reader.build().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.column(0).as_string::<i32>().value(2), "C0000002");
    assert_eq!(batch.column(5).as_primitive::<Decimal128Type>().value_as_string(0), "-2.0000");
    assert_eq!(batch.column(5).as_primitive::<Decimal128Type>().value_as_string(2), "0.4690");
    let last_order = batch.column(6).as_primitive::<Date32Type>().value_as_date(1).unwrap();
    assert_eq!(last_order.to_string(), "2024-10-05");
    assert_eq!(batch.column(7).as_primitive::<TimestampMicrosecondType>().value(2), 1_760_000_000_000_002);
    assert!(batch.column(7).is_null(1) && batch.column(8).is_null(0));
}

#[test]
fn the_file_has_statistics_bloom_filter_order_and_contract() {
    let (_, bytes) = Fixture::new().write(&contract(), vec![rows(0, ROWS)]).unwrap();
    let properties = ReaderProperties::builder().set_read_bloom_filter(true).build();
    let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
    let reader = SerializedFileReader::new_with_options(opened(&bytes), options).unwrap();
    let file = reader.metadata();

    let group_rows: Vec<i64> = file.row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(group_rows, [131_072, 131_072, 300_000 - 2 * 131_072]);
    for (number, group) in file.row_groups().iter().enumerate() {
        let sorted = SortingColumn { column_idx: 0, descending: false, nulls_first: false };
        assert_eq!(group.sorting_columns(), Some(&vec![sorted]));
        for column in group.columns() {
            assert!(matches!(column.compression(), Compression::ZSTD(_)));
            let statistics = column.statistics().unwrap();
            assert!(statistics.min_bytes_opt().is_some() && statistics.max_bytes_opt().is_some());
            assert!(statistics.null_count_opt().is_some());
            assert!(column.column_index_length().unwrap() > 0 && column.offset_index_length().unwrap() > 0);
        }
        assert_eq!(group.column(5).column_type(), Type::INT64, "money is a 64-bit decimal");

        let bloom = reader.get_row_group(number).unwrap();
        let bloom = bloom.get_column_bloom_filter(0).unwrap();
        assert!(bloom.check(&format!("C{:07}", number * 131_072 + 5).as_str()));
        let false_positives = (0..1_000).filter(|absent| bloom.check(&format!("X{absent:07}").as_str())).count();
        assert!(false_positives < 100, "{false_positives} of 1,000 absent keys pass");
    }
    let entries = file.file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| entries.iter().find(|entry| entry.key == key).unwrap().value.clone().unwrap();
    assert_eq!(value("patronage.schema_version"), patronage::contract::SCHEMA_VERSION.to_string());
    assert_eq!(value("patronage.table"), "customers");
    assert_eq!(value("patronage.row"), "one customer");
    assert_eq!(value("patronage.as_of"), "2026-10-31");
    assert_eq!(value("patronage.tool_version"), "0.1.0");
    let written: PublishedContract = serde_json::from_str(&value("patronage.contract")).unwrap();
    assert_eq!((written.key, written.sort), (vec!["customer_id".to_owned()], vec!["customer_id".to_owned()]));
    let money = &written.columns[5];
    assert_eq!((money.name.as_str(), money.sql_type.as_str(), money.nullable), ("net_revenue", "DECIMAL(18,4)", false));
    assert_eq!(money.doc, "revenue less returns");
    // Whatever else stood here would make equal tables differ.
    let mut keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "ARROW:schema",
            "patronage.as_of",
            "patronage.contract",
            "patronage.row",
            "patronage.schema_version",
            "patronage.table",
            "patronage.tool_version"
        ]
    );
}

#[test]
fn bytes_do_not_depend_on_how_rows_are_batched() {
    let fixture = Fixture::new();
    let whole = fixture.write(&contract(), vec![rows(0, ROWS)]).unwrap().1;
    let splits: [&[usize]; 3] =
        [&[1, 8_191, 8_192, 131_071, 131_073, 262_144], &[100_000, 200_000], &[150_000, 150_000]];
    for split in splits {
        let borders: Vec<usize> = [&[0], split, &[ROWS]].concat();
        let batches = borders.windows(2).map(|pair| rows(pair[0], pair[1])).collect();
        assert!(fixture.write(&contract(), batches).unwrap().1 == whole, "split at {split:?}");
    }
    let many = (0..ROWS).step_by(1_000).map(|from| rows(from, from + 1_000)).collect();
    assert!(fixture.write(&contract(), many).unwrap().1 == whole, "batches of 1,000");
}

#[test]
fn bytes_do_not_depend_on_how_the_engine_lays_text_out_or_orders_columns() {
    let fixture = Fixture::new();
    let plain = fixture.write(&contract(), vec![rows(0, 20_000)]).unwrap().1;
    for layout in [TextLayout::Large, TextLayout::View] {
        assert!(fixture.write(&contract(), vec![rows_as(0, 20_000, layout)]).unwrap().1 == plain);
    }
    let backwards: Vec<usize> = (0..contract().columns.len()).rev().collect();
    let reordered = rows(0, 20_000).project(&backwards).unwrap();
    assert!(fixture.write(&contract(), vec![reordered]).unwrap().1 == plain);
}

#[test]
fn a_table_without_rows_is_a_file_with_its_columns() {
    let (file, bytes) = Fixture::new().write(&contract(), vec![]).unwrap();
    assert_eq!(file.rows, 0);
    let reader = ParquetRecordBatchReaderBuilder::try_new(opened(&bytes)).unwrap();
    assert_eq!(reader.schema().fields().len(), 9);
    assert_eq!(reader.build().unwrap().count(), 0);
}

/// A table of two columns, and its rows.
fn pair(keys: &[Option<&str>], amounts: ArrayRef) -> (Table, RecordBatch) {
    let columns = vec![text("customer_id", "who"), money("revenue_e4", "how much")];
    let table = Table::new("values", "one customer", &["customer_id"], columns);
    let keys: ArrayRef = Arc::new(StringArray::from(keys.to_vec()));
    (table, batch(vec![("customer_id", keys), ("revenue_e4", amounts)]))
}

fn amounts(amounts: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(amounts.to_vec()))
}

#[test]
fn every_breach_of_the_contract_is_named_with_its_row() {
    let cases = [
        (pair(&[Some("A"), Some("B"), Some("B")], amounts(&[1, 2, 3])), "key `customer_id` occurs twice (row 3)"),
        (pair(&[Some("B"), Some("A")], amounts(&[1, 2])), "rows are not sorted by `customer_id` (row 2)"),
        (pair(&[Some("A"), None], amounts(&[1, 2])), "column `customer_id` is null, where it must not be (row 2)"),
        (pair(&[Some("")], amounts(&[1])), "key column `customer_id` is empty (row 1)"),
        (
            pair(&[Some("A"), Some("B")], amounts(&[999_999_999_999_999_999, -1_000_000_000_000_000_000])),
            "column `revenue_e4` is too large for DECIMAL(18,4) (row 2)",
        ),
        (pair(&[Some("A")], Arc::new(Int32Array::from(vec![1]))), "column `revenue_e4` should be BIGINT and is Int32"),
    ];
    for ((table, batch), expected) in cases {
        let error = Fixture::new().write(&table, vec![batch]).unwrap_err();
        assert_eq!(error.message(), format!("table `values` breaks its contract: {expected}"));
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
}

#[test]
fn the_row_of_a_breach_counts_from_the_start_of_the_table() {
    let batches: Vec<RecordBatch> =
        [["A", "B"], ["C", "D"], ["E", "D"]].map(|keys| pair(&keys.map(Some), amounts(&[1, 2])).1).into();
    let table = pair(&[], amounts(&[])).0;
    let error = Fixture::new().write(&table, batches).unwrap_err();
    assert!(error.message().ends_with("(row 6)"), "{error}");
}

#[test]
fn missing_and_unknown_columns_are_named() {
    let (table, batch_of_two) = pair(&[Some("A")], amounts(&[1]));
    let mut wider = table.clone();
    wider.columns.push(bigint("orders", "orders"));
    let error = Fixture::new().write(&wider, vec![batch_of_two.clone()]).unwrap_err();
    assert_eq!(error.message(), "table `values` breaks its contract: column `orders` is missing");

    let mut narrower = table.clone();
    narrower.columns.pop();
    let error = Fixture::new().write(&narrower, vec![batch_of_two.clone()]).unwrap_err();
    assert_eq!(error.message(), "table `values` breaks its contract: column `revenue_e4` is not in the contract");

    let twice = batch(vec![
        ("customer_id", batch_of_two.column(0).clone()),
        ("revenue_e4", batch_of_two.column(1).clone()),
        ("revenue_e4", batch_of_two.column(1).clone()),
    ]);
    let error = Fixture::new().write(&table, vec![twice]).unwrap_err();
    assert_eq!(error.message(), "table `values` breaks its contract: a column occurs twice");
}

#[test]
fn a_breach_by_the_users_sql_is_the_users_to_correct() {
    let fixture = Fixture::new();
    let lock = fixture.lock();
    let building = Building::create(&fixture.out, &lock, &id("2026-10-31", "user")).unwrap();
    let (table, rows) = pair(&[Some("B"), Some("A")], amounts(&[1, 2]));
    let error = building.write_table(&table, Maker::User, &metadata(), [Ok(rows)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
