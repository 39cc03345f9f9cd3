//! A run whose tables are folders of parts, as a cluster writes them, is to everybody the run that it would be in files.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use patronage::contract::{self, Column, Table};
use patronage::engine::{ask, tables_of};
use patronage::monitor::Cancel;
use patronage::pipeline::RunOptions;
use patronage::publish::{
    Building, CONTRACT_KEY, Maker, OutputDir, PublishedColumn, PublishedContract, RunRef, TableMetadata, table_files,
    table_path, verify,
};

use crate::cli::{patronage, said};
use crate::run_support::{ask_run, run_file, sample};

fn night(as_of: &str) -> RunOptions {
    RunOptions { as_of: Some(as_of.parse().unwrap()), ..RunOptions::default() }
}

fn leaked(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// A column with this published name and type.
fn column(published: &PublishedColumn) -> Column {
    let make = match published.sql_type.as_str() {
        "VARCHAR" => contract::text,
        "BOOLEAN" => contract::boolean,
        "INTEGER" => contract::integer,
        "BIGINT" => contract::bigint,
        "DOUBLE" => contract::double,
        "DECIMAL(18,4)" => contract::money,
        "DATE" => contract::day,
        "TIMESTAMP(us, UTC)" => contract::instant,
        other => panic!("no published type: {other}"),
    };
    let name = leaked(&published.name);
    let column = make(name, leaked(&published.doc)).published_as(name);
    if published.nullable { column.optional() } else { column }
}

/// The rows of a published file, and its contract as it says itself.
fn read(name: &str, path: &Path) -> (Table, RecordBatch) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let values = builder.metadata().file_metadata().key_value_metadata().unwrap();
    let said = values.iter().find(|value| value.key == CONTRACT_KEY).unwrap().value.clone().unwrap();
    let said: PublishedContract = serde_json::from_str(&said).unwrap();
    let key: Vec<&'static str> = said.key.iter().map(|name| leaked(name)).collect();
    let sort: Vec<&'static str> = said.sort.iter().map(|name| leaked(name)).collect();
    let table = Table::new(leaked(name), "a row", &key, said.columns.iter().map(column).collect()).sorted_by(&sort);
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    (table, concat_batches(&schema, &batches).unwrap())
}

/// As another engine writes rows: no contract, every column may be null.
fn write_part(path: &Path, rows: &RecordBatch) {
    let fields = rows
        .schema()
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect::<Vec<_>>();
    let rows = RecordBatch::try_new(Schema::new(fields).into(), rows.columns().to_vec()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create_new(path).unwrap(), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

/// Publishes the run again with every table in three parts and what Spark leaves beside them.
fn publish_in_parts(out: &OutputDir, run: &RunRef) {
    let lock = out.lock(Duration::from_secs(10), &Cancel::new()).unwrap();
    let mut manifest = run.manifest().unwrap();
    let whole = out.root().join("whole");
    fs::rename(&run.path, &whole).unwrap();
    let building = Building::create(out, &lock, &run.id).unwrap();
    for file in manifest.files.keys().filter(|file| !file.starts_with("tables/")) {
        building.add_copy(file, &whole.join(file)).unwrap();
    }
    let metadata = TableMetadata { as_of: manifest.as_of.clone(), tool_version: manifest.tool_version.clone() };
    for entry in manifest.tables.iter_mut().filter(|entry| entry.file.is_some()) {
        let (table, rows) = read(&entry.name, &table_path(&whole, &entry.name));
        let folder = building.table_folder(&table).unwrap();
        fs::create_dir(&folder).unwrap();
        let cuts = [0, rows.num_rows() / 3, rows.num_rows() / 2, rows.num_rows()];
        for (number, cut) in cuts.windows(2).enumerate() {
            let part = folder.join(format!("part-0000{number}-5b1c-c000.snappy.parquet"));
            write_part(&part, &rows.slice(cut[0], cut[1] - cut[0]));
        }
        fs::write(folder.join("_SUCCESS"), b"").unwrap();
        fs::write(folder.join("._SUCCESS.crc"), b"crc").unwrap();
        let file = building.adopt_table(&table, Maker::BuiltIn, &metadata, entry.rows).unwrap();
        assert_eq!(Some(&file.path), entry.file.as_ref());
        assert_eq!(file.columns, entry.columns);
        assert_eq!(table_files(&folder).unwrap().len(), 4);
    }
    let published = building.seal(manifest).unwrap().settle().unwrap();
    assert!(published.is_latest);
    fs::remove_dir_all(whole).unwrap();
}

/// What every table of two runs answers, row by row in its own order.
fn assert_same_tables(one: &Path, other: &Path) {
    let names = |run: &Path| tables_of(run).unwrap().into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(one), names(other));
    assert!(names(one).len() > 40);
    let rows = |run: &Path, name: &str| ask(&tables_of(run).unwrap(), &format!("SELECT * FROM {name}")).unwrap();
    for name in names(one) {
        assert!(rows(one, &name) == rows(other, &name), "{name}");
    }
}

/// What the files in a folder hold, by name.
fn content(folder: &Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_run_in_parts_is_the_run_in_files() {
    let folders = [sample(), sample()];
    let [files, parts] = folders.each_ref().map(|folder| folder.path());
    for folder in [files, parts] {
        let path = folder.join("patronage.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\n[segments.buyers]\nwhere = \"orders > 0\"\n")).unwrap();
        run_file(&path, &night("2026-06-29"));
    }
    let out = OutputDir::open(&parts.join("out")).unwrap();
    let run = out.latest().unwrap().unwrap();
    publish_in_parts(&out, &run);

    let command = |folder: &Path, args: &[&str]| {
        let said = said(patronage(folder).args(args));
        assert!(said.starts_with("exit code: 0"), "{args:?}: {said}");
        said
    };
    assert!(verify(&run.path).is_whole());
    assert!(command(parts, &["verify"]).contains(" is whole: "));
    assert_same_tables(&files.join("out/latest"), &run.path);
    for args in [
        vec!["query", "SELECT rfm_segment, COUNT(*) AS n FROM customers GROUP BY rfm_segment ORDER BY rfm_segment"],
        vec!["segment", "buyers"],
    ] {
        assert_eq!(command(files, &args), command(parts, &args));
    }
    for consumer in ["csv", "klaviyo"] {
        let exported = [files, parts].map(|folder| {
            command(folder, &["export", consumer, "--to", consumer, "-q"]);
            content(&folder.join(consumer))
        });
        assert!(!exported[0].is_empty() && exported[0] == exported[1], "{consumer}");
    }

    // The next night counts changes against the run in parts as against the one in files.
    let second = [files, parts].map(|folder| run_file(&folder.join("patronage.toml"), &night("2026-06-30")));
    assert_eq!(second[0].run_id, second[1].run_id);
    assert_eq!(second[0].gates, second[1].gates);
    assert!(second[1].gates.iter().any(|gate| gate.name == "max_population_change"));
    assert_same_tables(&second[0].folder, &second[1].folder);
    let kept = "SELECT COUNT(*) AS n FROM segment_membership WHERE CAST(since AS VARCHAR) = '2026-06-29'";
    assert_ne!(ask_run(&second[1].folder, kept), [["0"]]);
    assert!(verify(&second[1].folder).is_whole());

    // A lost part is found by who exports the table, too.
    let lost = table_path(&run.path, "customers").join("part-00001-5b1c-c000.snappy.parquet");
    fs::remove_file(lost).unwrap();
    let id = run.id.to_string();
    for args in [vec!["verify", &id], vec!["export", "braze", "--run", &id]] {
        let said = said(patronage(parts).args(&args));
        assert!(
            said.starts_with("exit code: 8") && said.contains("part-00001-5b1c-c000.snappy.parquet` is missing"),
            "{said}"
        );
    }
}
