//! How fast exports become staged tables.
//!
//! `cargo bench --bench ingest` stages a generated export cold (parse, sort, write) and warm (found in the cache).
//! With `PATRONAGE_STAGE=pipeline.toml` it stages that pipeline's inputs once instead, for a profiler or
//! `/usr/bin/time -v`; `PATRONAGE_THREADS` and `PATRONAGE_MEMORY` (bytes) are looked at then.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use patronage::config::Config;
use patronage::ingest::{StageOptions, Staged, stage};
use patronage::monitor::{Cancel, Silent};

const LINES: u32 = 200_000;

const PIPELINE: &str = r#"
[project]
name = "bench"
currency = "EUR"
time_zone = "Europe/Berlin"
[inputs.transactions]
files = ["tx.csv"]
columns = { customer_id = "customer_id", order_id = "order_id", ts = "ts", product_id = "product_id", quantity = "quantity", unit_price = "unit_price", amount = "amount" }
"#;

/// Lines of some customers, in no order that sorting could profit from.
fn export() -> String {
    let mut text = String::from("customer_id,order_id,ts,product_id,quantity,unit_price,amount\n");
    let mut state = 1_u64;
    for line in 0..LINES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = state >> 33;
        let (customer, day, product) = (random % 20_000, random % 28 + 1, random % 3_000);
        let (quantity, cents) = (random % 5 + 1, random % 10_000);
        writeln!(
            text,
            "C{customer:07},O{line:08},2025-03-{day:02}T10:{:02}:00,P{product:05},{quantity},{}.{:02},{}.{:02}",
            random % 60,
            cents / 100,
            cents % 100,
            quantity * cents / 100,
            quantity * cents % 100,
        )
        .unwrap();
    }
    text
}

fn run(config: &Config, dir: &Path, cache: &Path, threads: usize, memory: Option<u64>) -> Staged {
    let options = StageOptions { config, dir, cache, as_of: None, threads, memory, keep_raw_rejects: false };
    stage(&options, &Silent, &Cancel::new()).unwrap()
}

fn staging(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("tx.csv"), export()).unwrap();
    let config: Config = toml::from_str(PIPELINE).unwrap();
    let cache = dir.path().join("cache");
    let mut group = criterion.benchmark_group("stage");
    group.throughput(Throughput::Elements(u64::from(LINES))).sample_size(10);
    group.bench_function("cold", |bencher| {
        bencher.iter(|| {
            let _ = std::fs::remove_dir_all(&cache);
            run(&config, dir.path(), &cache, 2, None)
        });
    });
    group.bench_function("cached", |bencher| bencher.iter(|| run(&config, dir.path(), &cache, 2, None)));
    group.finish();
}

fn stage_once(pipeline: &Path) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let config: Config = toml::from_str(&std::fs::read_to_string(pipeline).unwrap()).unwrap();
    let dir = pipeline.parent().unwrap();
    let started = Instant::now();
    let threads = number("PATRONAGE_THREADS").unwrap_or(2) as usize;
    let staged = run(&config, dir, &dir.join("cache"), threads, number("PATRONAGE_MEMORY"));
    println!("{:.2} s", started.elapsed().as_secs_f64());
    for input in staged.inputs.iter().filter(|input| input.given) {
        println!("{}: {:?} {:?}", input.input.name, input.report.totals, input.report.reasons);
    }
}

fn main() {
    if let Some(pipeline) = std::env::var_os("PATRONAGE_STAGE") {
        stage_once(Path::new(&pipeline));
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    staging(&mut criterion);
    criterion.final_summary();
}
