//! A lookup by product reads a few row groups of a large table, and no more.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Int32Array, StringArray};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::statistics::Statistics;
use patronage::contract::{Table, integer, text};

use crate::publish_fixture::{Fixture, batch};

const PRODUCTS: usize = 4_000;
const PARTNERS: usize = 100;

fn table() -> Table {
    let columns = vec![text("product_a", "product at hand"), text("product_b", "partner"), integer("rank", "place")];
    Table::new("pairs", "a pair", &["product_a", "product_b"], columns).sorted_by(&["product_a", "rank"]).for_lookups()
}

#[test]
fn a_point_read_skips_all_row_groups_but_one_or_two() {
    let name = |product: usize| format!("P{product:06}");
    let a = StringArray::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| name(row / PARTNERS)));
    let b = StringArray::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| name((row * 7919) % PRODUCTS)));
    let rank = Int32Array::from_iter_values((0..PRODUCTS * PARTNERS).map(|row| (row % PARTNERS) as i32 + 1));
    let rows = batch(vec![("product_a", Arc::new(a)), ("product_b", Arc::new(b)), ("rank", Arc::new(rank))]);
    let mut table = table();
    // Partners come twice here: what is looked at is where rows are.
    table.key = vec!["product_a".into(), "rank".into()];
    let (_, bytes) = Fixture::new().write(&table, vec![rows]).unwrap();
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
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
