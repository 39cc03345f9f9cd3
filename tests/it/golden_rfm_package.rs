//! The R package `rfm`: its own data, scored and segmented by a whole run, gives the counts of its tests and article
//! (`../shared/reference/rfm/golden.json`: customers, orders and revenue of each segment).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::ingest_support::shared_data;
use crate::run_support::run_in;

type Golden = BTreeMap<String, BTreeMap<String, [i64; 3]>>;

fn reference(file: &str) -> Option<Vec<u8>> {
    let path = shared_data()?.join("../reference/rfm").join(file);
    let bytes = fs::read(path).unwrap();
    if !file.ends_with(".gz") {
        return Some(bytes);
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).unwrap();
    Some(text)
}

fn segments_are(export: &[u8], columns: &str, grid: &str, as_of: &str, expected: &BTreeMap<String, [i64; 3]>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("orders.csv"), export).unwrap();
    // The package counts rows, whatever they are worth, and equal rows are orders too. Its analysis date is the last day.
    let text = format!(
        "[project]\nname = \"rfm\"\ncurrency = \"USD\"\ntime_zone = \"UTC\"\n\
         [inputs.transactions]\nfiles = [\"orders.csv\"]\nduplicates = \"keep\"\n\
         [inputs.transactions.columns]\n{columns}\n\
         [orders]\ncount_zero_value = true\n[rfm]\nmethod = \"r-rfm\"\ngrid = \"{grid}\"\n"
    );
    fs::write(folder.path().join("patronage.toml"), text).unwrap();
    let path = folder.path().join("patronage.toml");
    let options = patronage::pipeline::RunOptions { as_of: Some(as_of.parse().unwrap()), ..Default::default() };
    let summary = crate::run_support::run_file(&path, &options);
    let sql = "SELECT rfm_segment, COUNT(*) AS customers, SUM(orders) AS orders, SUM(net_revenue) AS revenue \
               FROM customers GROUP BY rfm_segment ORDER BY rfm_segment";
    let found: BTreeMap<String, [i64; 3]> = crate::run_support::ask_run(&summary.folder, sql)
        .into_iter()
        .map(|row| {
            let revenue = row[3].strip_suffix(".0000").unwrap();
            (row[0].clone(), [row[1].parse().unwrap(), row[2].parse().unwrap(), revenue.parse().unwrap()])
        })
        .collect();
    assert_eq!(found, *expected, "{grid}");
}

#[test]
fn orders_of_the_package() {
    let (Some(golden), Some(orders)) = (reference("golden.json"), reference("rfm_data_orders.csv.gz")) else { return };
    let golden: Golden = serde_json::from_slice(&golden).unwrap();
    let columns = "customer_id = \"customer_id\"\nts = \"order_date\"\namount = \"revenue\"";
    for (grid, key) in [("r-rfm-0.2", "orders_v0.2"), ("r-rfm-0.3", "orders_v0.3")] {
        segments_are(&orders, columns, grid, "2007-01-01", &golden[key]);
    }
}

#[test]
fn customers_of_the_package() {
    let (Some(golden), Some(customers)) = (reference("golden.json"), reference("rfm_data_customer.csv.gz")) else {
        return;
    };
    let golden: Golden = serde_json::from_slice(&golden).unwrap();
    // The package ships sums a customer: as many orders as it says, on the last visit, the first of them with all revenue.
    let mut export = "customer,order,day,amount\n".to_owned();
    let mut reader = csv::Reader::from_reader(customers.as_slice());
    for record in reader.records() {
        let record = record.unwrap();
        for order in 0..record[3].parse::<u32>().unwrap() {
            let amount = if order == 0 { &record[1] } else { "0" };
            writeln!(export, "{0},{0}-{order},{1},{amount}", &record[0], &record[2]).unwrap();
        }
    }
    let columns = "customer_id = \"customer\"\norder_id = \"order\"\nts = \"day\"\namount = \"amount\"";
    for (grid, key) in [("r-rfm-0.2", "customer_v0.2"), ("r-rfm-0.3", "customer_v0.3")] {
        segments_are(export.as_bytes(), columns, grid, "2007-01-01", &golden[key]);
    }
}

#[test]
fn a_grid_of_ones_own_is_used() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "c,t,a\na,2024-01-01,1\nb,2024-02-01,2\nc,2024-03-01,3\n").unwrap();
    let run = run_in(
        folder,
        "[project]\nname = \"g\"\ncurrency = \"EUR\"\ntime_zone = \"UTC\"\n[inputs.transactions]\nfiles = [\"t.csv\"]\n\
         [inputs.transactions.columns]\ncustomer_id = \"c\"\nts = \"t\"\namount = \"a\"\n\
         [rfm]\n[[rfm.segments]]\nname = \"rich\"\nm = [4, 5]\n[[rfm.segments]]\nname = \"others\"\n",
    );
    let sql = "SELECT customer_id, rfm_segment FROM customers ORDER BY customer_id";
    assert_eq!(run.ask(sql), [["a", "others"], ["b", "others"], ["c", "rich"]]);
}
