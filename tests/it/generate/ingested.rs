//! Generator and ingest were written apart from each other: what one plants, the other must account for.

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use patronage::config;
use patronage::generate::{Dirt, GenerateOptions};
use patronage::ingest::{StageOptions, StagedInput, stage};
use patronage::monitor::{Cancel, Silent};

use super::{Generated, made, options};

/// The transactions of `made`, staged as of the day after the end of the history.
fn transactions(made: &Generated) -> StagedInput {
    let loaded = config::load(&made.path("patronage.toml")).unwrap();
    let options = StageOptions {
        config: &loaded.config,
        dir: &loaded.dir,
        cache: &made.path("cache"),
        as_of: Some(jiff::civil::date(2026, 7, 1)),
        threads: 2,
        memory: None,
        keep_raw_rejects: false,
    };
    let staged = stage(&options, &Silent, &Cancel::new()).unwrap();
    staged.inputs.into_iter().find(|input| input.input.name == "transactions").unwrap()
}

/// All rows of the contract's columns.
fn rows(staged: &StagedInput) -> RecordBatch {
    let read = |path| {
        let builder = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
        let schema = builder.schema().clone();
        let wanted: Vec<usize> = staged.present.iter().map(|column| schema.index_of(column).unwrap()).collect();
        builder.build().unwrap().map(move |batch| batch.unwrap().project(&wanted).unwrap()).collect::<Vec<_>>()
    };
    let batches: Vec<RecordBatch> = staged.parts.iter().flat_map(read).collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[test]
fn a_dirty_export_stages_what_the_clean_one_does_and_every_fault_is_accounted_for() {
    let of = |dirt| made(GenerateOptions { customers: 1_000, dirt, ..options() });
    let (clean, dirty) = (of(Dirt::none()), of(Dirt::every(0.02)));
    let (clean_staged, dirty_staged) = (transactions(&clean), transactions(&dirty));
    assert!(rows(&clean_staged) == rows(&dirty_staged));

    let truth = dirty.json("truth/dirt.json");
    let counts = &dirty_staged.report.totals;
    for (what, count) in [
        ("read", counts.read),
        ("staged", counts.staged),
        ("rejected", counts.rejected),
        ("duplicate", counts.duplicate),
        ("out_of_window", counts.out_of_window),
    ] {
        assert_eq!(truth[what], count, "{what}");
    }
    let each = truth["rejected"].as_u64().unwrap() / 10;
    let reasons = &dirty_staged.report.reasons;
    let amounts: u64 = reasons.iter().filter(|(reason, _)| reason.starts_with("amount_")).map(|(_, count)| count).sum();
    assert_eq!(amounts, each);
    for reason in [
        "bad_date",
        "too_few_fields",
        "too_many_fields",
        "invalid_utf8",
        "repeated_header",
        "nul_in_id",
        "not_in_vocabulary",
    ] {
        assert_eq!(reasons[reason], each, "{reason}");
    }
    assert_eq!(reasons["key_conflict"], 2 * each);
}
