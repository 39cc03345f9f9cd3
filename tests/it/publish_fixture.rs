//! A small published table with every type, and a run around it.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow::datatypes::{Field, Schema};
use patronage::contract::{Table, bigint, boolean, day, double, instant, integer, money, text};
use patronage::error::Result;
use patronage::monitor::Cancel;
use patronage::publish::{
    Building, GateVerdict, Lock, Maker, Manifest, OutputDir, RunId, RunRef, TableFile, TableMetadata,
};
use tempfile::TempDir;

/// A contract with every column type; key and sort are the customer.
pub fn contract() -> Table {
    Table::new(
        "customers",
        "one customer",
        &["customer_id"],
        vec![
            text("customer_id", "the customer"),
            boolean("consented", "whether they may be called"),
            integer("r_score", "recency score, 1 to 5"),
            bigint("orders", "orders in the window"),
            double("margin_ratio", "margin per revenue").optional(),
            money("net_revenue_e4", "revenue less returns"),
            day("last_order_day", "day of the last order"),
            instant("last_contact_us", "when they were last contacted").optional(),
            text("favourite", "the product they buy most").optional().published_as("favourite_product"),
        ],
    )
}

pub fn metadata() -> TableMetadata {
    TableMetadata { as_of: "2026-10-31".to_owned(), tool_version: "0.1.0".to_owned() }
}

/// How an engine lays text out.
#[derive(Clone, Copy)]
pub enum TextLayout {
    Utf8,
    Large,
    View,
}

/// Rows `from..to` of the table, as the engine gives them.
pub fn rows_as(from: usize, to: usize, layout: TextLayout) -> RecordBatch {
    let text = |values: Vec<Option<String>>| -> ArrayRef {
        match layout {
            TextLayout::Utf8 => Arc::new(StringArray::from(values)),
            TextLayout::Large => Arc::new(LargeStringArray::from(values)),
            TextLayout::View => Arc::new(StringViewArray::from(values)),
        }
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", text((from..to).map(|row| Some(format!("C{row:07}"))).collect())),
        ("consented", Arc::new(BooleanArray::from_iter((from..to).map(|row| Some(row % 3 == 0))))),
        ("r_score", Arc::new(Int32Array::from_iter_values((from..to).map(|row| (row % 5) as i32 + 1)))),
        ("orders", Arc::new(Int64Array::from_iter_values((from..to).map(|row| row as i64 % 17)))),
        (
            "margin_ratio",
            Arc::new(Float64Array::from_iter((from..to).map(|row| (row % 4 != 0).then(|| 1.0 / row as f64)))),
        ),
        ("net_revenue_e4", Arc::new(Int64Array::from_iter_values((from..to).map(|row| row as i64 * 12_345 - 20_000)))),
        ("last_order_day", Arc::new(Int32Array::from_iter_values((from..to).map(|row| 20_000 + (row % 700) as i32)))),
        (
            "last_contact_us",
            Arc::new(Int64Array::from_iter(
                (from..to).map(|row| (row % 2 == 0).then_some(1_760_000_000_000_000 + row as i64)),
            )),
        ),
        ("favourite", text((from..to).map(|row| (row % 7 != 0).then(|| format!("P{:03}", row % 200))).collect())),
    ];
    batch(columns)
}

pub fn rows(from: usize, to: usize) -> RecordBatch {
    rows_as(from, to, TextLayout::Utf8)
}

/// A batch of these columns, all of them nullable as far as Arrow is concerned: engines promise nothing about nulls.
pub fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

pub fn id(as_of: &str, content: &str) -> RunId {
    RunId::new(as_of.parse().unwrap(), &blake3::hash(content.as_bytes()))
}

pub struct Fixture {
    pub folder: TempDir,
    pub out: OutputDir,
}

impl Fixture {
    pub fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let out = OutputDir::open(&folder.path().join("out")).unwrap();
        Fixture { folder, out }
    }

    pub fn lock(&self) -> Lock {
        // A child of another test that is being forked holds a copy of the lock for a moment.
        self.out.lock(Duration::from_secs(10), &Cancel::new()).unwrap()
    }

    /// Writes one table in a run that is dropped again; its file, and its bytes.
    pub fn write(&self, table: &Table, batches: Vec<RecordBatch>) -> Result<(TableFile, Vec<u8>)> {
        let lock = self.lock();
        let building = Building::create(&self.out, &lock, &id("2026-10-31", "write")).unwrap();
        let file = building.write_table(table, Maker::BuiltIn, &metadata(), batches.into_iter().map(Ok))?;
        let bytes = std::fs::read(building.path().join(&file.path)).unwrap();
        Ok((file, bytes))
    }

    /// Publishes (or holds) a run of one table.
    pub fn run(&self, as_of: &str, rows_in_table: usize, held: bool) -> RunRef {
        let lock = self.lock();
        let id = id(as_of, &rows_in_table.to_string());
        let building = Building::create(&self.out, &lock, &id).unwrap();
        building.write_table(&contract(), Maker::BuiltIn, &metadata(), [Ok(rows(0, rows_in_table))]).unwrap();
        building.add_file("exports/router/routing.csv", b"customer_id,level\n").unwrap();
        let mut manifest = Manifest::new(id, "0.1.0", "fixture");
        manifest.gates.push(GateVerdict {
            name: "max_reject_ratio".to_owned(),
            subject: "transactions".to_owned(),
            value: 0.02,
            limit: 0.01,
            held,
            message: "2 % of the rows were rejected".to_owned(),
        });
        building.seal(manifest).unwrap().settle().unwrap()
    }
}
