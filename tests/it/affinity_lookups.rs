//! A lookup by product reads a few row groups of a large table, and no more.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Int32Array, StringArray};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use patronage::contract::{Table, integer, text};

use crate::foreign;
use crate::publish_fixture::{Fixture, batch};

const PRODUCTS: usize = 4_000;
const PARTNERS: usize = 100;

fn table() -> Table {
    let columns = vec![text("product_a", "product at hand"), text("product_b", "partner"), integer("rank", "place")];
    Table::new("pairs", "a pair", &["product_a", "product_b"], columns).sorted_by(&["product_a", "rank"]).for_lookups()
}

fn name(product: usize) -> String {
    format!("P{product:06}")
}

/// The table as a file.
fn bytes() -> Vec<u8> {
    let a = StringArray::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| name(row / PARTNERS)));
    let b = StringArray::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| name((row * 7919) % PRODUCTS)));
    let rank = Int32Array::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| (row % PARTNERS) as i32 + 1));
    let rows = batch(vec![("product_a", Arc::new(a)), ("product_b", Arc::new(b)), ("rank", Arc::new(rank))]);
    let mut table = table();
    // Partners come twice here: what is looked at is where rows are.
    table.key = vec!["product_a".into(), "rank".into()];
    Fixture::new().write(&table, vec![rows]).unwrap().1
}

/// What the foreign reader really does with these groups.
#[test]
fn duckdb_reads_a_small_part_of_the_file_for_a_product() {
    let Some(python) = foreign::python_with("duckdb") else { return };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let bytes = bytes();
    file.write_all(&bytes).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/affinity_lookups.py");
    let said = foreign::output(python, &[script.as_ref(), file.path().as_ref(), name(1_999).as_ref()]);
    let (rows, read) = said.trim().split_once(' ').unwrap();
    assert_eq!(rows, PARTNERS.to_string());
    // An older DuckDB does not say how much it read.
    if let Ok(read) = read.parse::<usize>() {
        assert!(read * 4 < bytes.len(), "{read} of {} bytes", bytes.len());
    }
}

#[test]
fn a_point_read_skips_all_row_groups_but_one_or_two() {
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&bytes()).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let groups = reader.metadata().row_groups();
    assert_eq!(groups.len(), (PRODUCTS * PARTNERS).div_ceil(32_768));
    for product in [0, 1, 327, 328, 1_999, PRODUCTS - 1] {
        let wanted = name(product);
        let may_hold = groups.iter().filter(|group| {
            let Some(Statistics::ByteArray(range)) = group.column(0).statistics() else { panic!("no statistics") };
            let text = |bytes: Option<&parquet::data_type::ByteArray>| {
                String::from_utf8(bytes.unwrap().data().to_vec()).unwrap()
            };
            text(range.min_opt()) <= wanted && wanted <= text(range.max_opt())
        });
        let may_hold = may_hold.count();
        assert!((1..=2).contains(&may_hold), "{wanted}: {may_hold} of {}", groups.len());
    }
}
