//! Exports whose columns have types of their own: Parquet files, and tables of the catalog.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::basic::Type;
use parquet::file::reader::{FileReader, SerializedFileReader};
use patronage::engine::{self, ExportReader, SparkEngine};
use patronage::error::{Error, ErrorKind};
use patronage::monitor::Silent;

use crate::cluster::Cluster;
use crate::compare::differences;
use crate::runs::{Run, books, lenient, made, run};

const INPUT: &str = r#"
[inputs.transactions]
SOURCE
[inputs.transactions.columns]
customer_id = "id"
order_id = "order"
ts = "at"
amount = "amt"
quantity = "qty"
tax = "tax"
store_id = "shop"
is_test = "test"
updated_at = "upd"
"#;

/// What is made of them.
const ONLY: [&str; 3] = ["data_quality", "line_totals", "customer_summary"];

/// 2025-03-30 00:30 UTC; the clocks of Berlin go forward half an hour later.
const NIGHT_MS: i64 = 1_743_294_600_000;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, of)| (name, of, true))).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Columns as a warehouse has them.
fn exact() -> Vec<(&'static str, ArrayRef)> {
    let amounts = Decimal128Array::from(vec![Some(1_250_005), Some(-1_250_005), None, Some(5), Some(99_999_999_999)]);
    let times = [0, 1_800_000, 3_600_000, 86_400_000, 500].map(|after| Some((NIGHT_MS + after) * 1_000 + 7)).to_vec();
    vec![
        ("id", Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("c"), None, Some("é")])) as ArrayRef),
        ("order", Arc::new(StringArray::from(vec!["o1", "o2", "o3", "o4", "o5"]))),
        ("at", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("America/New_York"))),
        ("amt", Arc::new(amounts.with_precision_and_scale(14, 5).unwrap())),
        ("qty", Arc::new(Int32Array::from(vec![Some(1), Some(-1), None, Some(0), Some(i32::MAX)]))),
        ("tax", Arc::new(Float64Array::from(vec![Some(0.1), Some(1e-5), Some(12_345_678.9), None, Some(f64::NAN)]))),
        ("shop", Arc::new(Int64Array::from(vec![Some(7), Some(-7), None, Some(i64::MAX), Some(0)]))),
        ("test", Arc::new(BooleanArray::from(vec![Some(false), Some(true), None, Some(false), Some(false)]))),
        ("upd", Arc::new(Date32Array::from(vec![Some(20_178), Some(20_179), None, Some(20_180), Some(20_181)]))),
    ]
}

/// The same columns in another order, with other types and one more; the first row is one of [`exact`] again.
fn loose() -> Vec<(&'static str, ArrayRef)> {
    // By the clocks of the shop: before they go forward, an hour that there is not, and after it.
    let times = [0, 3_600_000, 5_400_000, 9_000_000].map(|after| Some(NIGHT_MS + after)).to_vec();
    vec![
        ("more", Arc::new(StringArray::from(vec!["x", "y", "z", ""])) as ArrayRef),
        (
            "upd",
            Arc::new(StringArray::from(vec![Some("2025-04-01T10:00:00Z"), Some("2025-04-02"), None, Some("never")])),
        ),
        ("at", Arc::new(TimestampMillisecondArray::from(times))),
        ("amt", Arc::new(Int64Array::from(vec![Some(12), Some(-3), Some(i64::MAX), Some(0)]))),
        ("qty", Arc::new(Decimal128Array::from(vec![10, 15, 20, -10]).with_precision_and_scale(9, 1).unwrap())),
        ("tax", Arc::new(StringArray::from(vec![Some("1.5"), Some(""), None, Some("2e-1")]))),
        ("order", Arc::new(StringArray::from(vec!["o1", "p2", "p3", "p4"]))),
        ("id", Arc::new(Int64Array::from(vec![Some(1), Some(22), Some(333), None]))),
        ("shop", Arc::new(StringArray::from(vec![Some("7"), Some(" "), None, Some("s")]))),
        ("test", Arc::new(Int32Array::from(vec![Some(0), Some(1), None, Some(2)]))),
    ]
}

/// The pipeline file over all Parquet files of a folder.
fn over(folder: &Path) -> String {
    lenient(&INPUT.replace("SOURCE", &format!("files = [\"{}/*.parquet\"]", folder.display())))
}

/// The error of a run that cannot read its exports.
fn refused(text: &str) -> Error {
    let error = run(text, &ONLY, &Silent).err().expect("it is refused");
    assert_eq!(error.kind(), ErrorKind::Input, "{error:?}");
    error
}

#[test]
fn files_with_types_are_read_alike() {
    let Some(cluster) = Cluster::start(1) else { return };
    let exports = tempfile::tempdir().unwrap();
    write(&exports.path().join("exact.parquet"), exact());
    write(&exports.path().join("loose.parquet"), loose());
    let text = over(exports.path());
    let (ours, theirs) = (made(&text, &ONLY), made(&(text.clone() + &cluster.section()), &ONLY));
    assert_eq!(books(&ours), books(&theirs));
    assert_eq!(differences(&ours.folder, &theirs.folder), Vec::<String>::new());
    assert!(totals(&ours, "rejected") >= 3 && totals(&ours, "staged") >= 5, "{}", books(&ours));

    // A column that one file lacks is no column of nulls.
    let third = exports.path().join("third.parquet");
    let mut lacks = exact();
    lacks.retain(|(name, _)| *name != "tax");
    write(&third, lacks);
    for error in [refused(&text), refused(&(text.clone() + &cluster.section()))] {
        assert!(said(&error, "third.parquet") && said(&error, "`tax`"), "{error:?}");
    }
    fs::write(&third, "id,order\n1,2\n").unwrap();
    for error in [refused(&text), refused(&(text.clone() + &cluster.section()))] {
        assert!(said(&error, "third.parquet") && said(&error, "ask for the file again"), "{error:?}");
    }
    // What Spark has no type for.
    let mut finer = exact();
    finer[2].1 = Arc::new(TimestampNanosecondArray::from(vec![NIGHT_MS * 1_000_000; 5]));
    write(&third, finer);
    made(&text, &ONLY);
    let error = refused(&(text + &cluster.section()));
    assert!(said(&error, "third.parquet") && said(&error, "in microseconds"), "{error:?}");
}

fn said(error: &Error, words: &str) -> bool {
    format!("{error:?}").contains(words)
}

/// Has Spark run these statements in a session of their own. What has no rows has no answer, so that only what they
/// made tells whether they worked.
fn tell(cluster: &Cluster, statements: &[&str]) {
    let work = tempfile::tempdir().unwrap();
    let spark = engine::Cluster { url: cluster.url(), token: None, root: work.path().to_owned(), root_uri: None };
    let spark = SparkEngine::connect(spark, work.path()).unwrap_or_else(|error| panic!("{error:?}"));
    for statement in statements {
        let _ = spark.ask(statement);
    }
}

#[test]
fn moments_that_spark_writes_are_read_alike() {
    let Some(cluster) = Cluster::start(1) else { return };
    let exports = tempfile::tempdir().unwrap();
    // The second is of the next day in Berlin.
    let rows = "'o1', TIMESTAMP '2025-03-29 22:30:00'), ('o2', TIMESTAMP '2025-03-29 23:30:00.000007'), ('o3', NULL";
    let columns = "'a' AS id, \"order\", at, 1.50 AS amt, 1 AS qty, 0.1D AS tax, 7 AS shop, false AS test, at AS upd";
    let written = format!(
        "INSERT OVERWRITE DIRECTORY 'file:{}' USING parquet SELECT {columns} FROM VALUES ({rows}) AS rows(\"order\", at)",
        exports.path().display()
    );
    tell(&cluster, &["SET spark.sql.parquet.outputTimestampType=INT96", &written]);
    let text = over(exports.path());
    let (ours, theirs) = (made(&text, &ONLY), made(&(text.clone() + &cluster.section()), &ONLY));
    assert_eq!(books(&ours), books(&theirs));
    assert_eq!(differences(&ours.folder, &theirs.folder), Vec::<String>::new());
    assert_eq!((totals(&ours, "staged"), totals(&ours, "rejected")), (2, 1));

    let mut files = fs::read_dir(exports.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|is| is == "parquet")).unwrap();
    let file = SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
    let kind = file.metadata().file_metadata().schema_descr().column(2).physical_type();
    assert_eq!(kind, Type::INT96, "Spark wrote its moments otherwise");
}

#[test]
fn a_table_of_the_catalog_is_an_export() {
    let Some(cluster) = Cluster::start(1) else { return };
    let exports = tempfile::tempdir().unwrap();
    write(&exports.path().join("exact.parquet"), exact());
    let place = format!("file:{}", exports.path().display());
    tell(&cluster, &[&format!("CREATE TABLE default.shop_lines USING parquet LOCATION '{place}'")]);

    let by_name = lenient(&INPUT.replace("SOURCE", "table = \"spark_catalog.default.shop_lines\""));
    let theirs = made(&(by_name + &cluster.section()), &ONLY);
    let ours = made(&over(exports.path()), &ONLY);
    assert_eq!(differences(&ours.folder, &theirs.folder), Vec::<String>::new());
    for count in ["staged", "rejected"] {
        assert_eq!(totals(&ours, count), totals(&theirs, count), "{count}");
    }
    assert!(totals(&ours, "staged") >= 3);
}

fn totals(run: &Run, count: &str) -> u64 {
    books(run)[0]["totals"][count].as_u64().unwrap()
}
