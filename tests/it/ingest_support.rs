//! A folder with exports and a pipeline file, and a look at what is staged from them.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use patronage::config::Config;
use patronage::error::{Error, Result};
use patronage::ingest::{Counts, InputReport, StageOptions, Staged, StagedInput, stage};
use patronage::monitor::{Cancel, Silent};

/// A folder with exports.
pub struct Shop {
    pub dir: tempfile::TempDir,
    pub inputs: String,
    pub project: &'static str,
    pub threads: usize,
    pub memory: Option<u64>,
    pub as_of: Option<jiff::civil::Date>,
    pub raw_rejects: bool,
}

/// The minimal mapping, for files with the header `customer_id,order_id,ts,amount`.
pub const COLUMNS: &str = r#"customer_id = "customer_id", order_id = "order_id", ts = "ts", amount = "amount""#;

impl Shop {
    /// A shop whose pipeline file has `inputs`.
    pub fn new(inputs: &str) -> Shop {
        Shop {
            dir: tempfile::tempdir().unwrap(),
            inputs: inputs.to_owned(),
            project: "name = 'shop'\ncurrency = 'EUR'\ntime_zone = 'UTC'",
            threads: 2,
            memory: None,
            as_of: None,
            raw_rejects: false,
        }
    }

    /// A shop with transactions in `files` (a list in TOML), mapped by `columns`.
    pub fn with_transactions(files: &str, settings: &str, columns: &str) -> Shop {
        Shop::new(&format!("[inputs.transactions]\nfiles = {files}\n{settings}\ncolumns = {{ {columns} }}\n"))
    }

    /// A shop with the file `tx.csv` and the minimal mapping.
    pub fn minimal(text: impl AsRef<[u8]>) -> Shop {
        let shop = Shop::with_transactions("['tx*']", "", COLUMNS);
        shop.write("tx.csv", text);
        shop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    pub fn config(&self) -> Config {
        toml::from_str(&format!("[project]\n{}\n{}", self.project, self.inputs)).unwrap()
    }

    pub fn stage_in(&self, exports: &Path) -> Result<Staged> {
        let config = self.config();
        let cache = self.cache();
        let options = StageOptions {
            config: &config,
            dir: exports,
            cache: &cache,
            as_of: self.as_of,
            threads: self.threads,
            memory: self.memory,
            keep_raw_rejects: self.raw_rejects,
        };
        stage(&options, &Silent, &Cancel::new())
    }

    pub fn stage(&self) -> Result<Staged> {
        self.stage_in(self.dir.path())
    }

    pub fn error(&self) -> Error {
        self.stage().unwrap_err()
    }
}

/// The input `name` of what was staged.
pub fn input<'s>(staged: &'s Staged, name: &str) -> &'s StagedInput {
    staged.inputs.iter().find(|input| input.input.name == name).unwrap()
}

/// The transactions of what was staged.
pub fn transactions(staged: &Staged) -> &StagedInput {
    input(staged, "transactions")
}

pub fn totals(staged: &Staged) -> Counts {
    transactions(staged).report.totals
}

pub fn report(staged: &Staged) -> &InputReport {
    &transactions(staged).report
}

pub fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
}

/// All rows of a Parquet file as text, `-` for null, those columns only.
pub fn rows_of(path: &Path, columns: &[&str]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in batches(path) {
        for row in 0..batch.num_rows() {
            let cell = |name: &&str| {
                let column = batch.column_by_name(name).unwrap();
                if column.is_null(row) { "-".into() } else { array_value_to_string(column, row).unwrap() }
            };
            rows.push(columns.iter().map(cell).collect());
        }
    }
    rows
}

/// The staged rows of an input, all of its columns.
pub fn rows(input: &StagedInput) -> Vec<Vec<String>> {
    let columns: Vec<&str> = input.present.iter().map(String::as_str).collect();
    input.parts.iter().flat_map(|part| rows_of(part, &columns)).collect()
}

/// The staged rows of an input, those columns joined by blanks.
pub fn lines(input: &StagedInput, columns: &[&str]) -> Vec<String> {
    input.parts.iter().flat_map(|part| rows_of(part, columns)).map(|row| row.join(" ")).collect()
}

/// The rejects of an input, those columns joined by blanks.
pub fn rejects(input: &StagedInput, columns: &[&str]) -> Vec<String> {
    input.rejects.iter().flat_map(|path| rows_of(path, columns)).map(|row| row.join(" ")).collect()
}

/// The shared real data, when it is there.
pub fn shared_data() -> Option<PathBuf> {
    let shared = match std::env::var_os("PATRONAGE_SHARED") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let data = shared.join("data");
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: there is no `{}`", data.display());
    None
}
