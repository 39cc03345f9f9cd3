//! The process that the tests kill, starve and watch: it publishes one small run through the library, as the last part
//! of `patronage run` does. It is this very test binary, started again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use patronage::contract::{Table, money, text};
use patronage::error::Result;
use patronage::monitor::Cancel;
use patronage::publish::{
    Building, Maker, Manifest, OutputDir, RunId, RunRef, TableMetadata, ignore_file_size_signal, verify,
};

/// Runs that are kept: publishing a third one removes the first.
pub const KEEP: usize = 2;

/// A run to publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Night {
    /// Day of October 2026.
    pub day: i8,
    /// Rows in its table.
    pub rows: i64,
}

/// A night with little data.
pub fn night(day: i8) -> Night {
    Night { day, rows: 50 }
}

impl Night {
    pub fn id(self) -> RunId {
        RunId::new(jiff::civil::date(2026, 10, self.day), &blake3::hash(&self.rows.to_le_bytes()))
    }

    /// Publishes the night in this process.
    pub fn publish(self, out: &Path) -> Result<RunRef> {
        // A child that another test is forking holds a copy of our lock for a moment.
        publish(out, self, Duration::from_secs(10), || {})
    }

    /// The command that publishes the night in a process of its own; it ends with the exit code of `patronage`.
    pub fn command(self, out: &Path) -> Vec<String> {
        let program = std::env::current_exe().unwrap();
        self.command_of(&program, out)
    }

    /// The same with another copy of this binary.
    pub fn command_of(self, program: &Path, out: &Path) -> Vec<String> {
        let call = format!("{} {} {}", self.day, self.rows, out.display());
        let variable = format!("{CALL}={call}");
        ["env", &variable, program.to_str().unwrap(), "publisher::process", "--exact", "--ignored", "--nocapture", "-q"]
            .map(str::to_owned)
            .into()
    }
}

/// Runs a command; its exit code, or 128 and the signal that ended it, and what it wrote.
pub fn exit_code(command: &[String]) -> (i32, String) {
    use std::os::unix::process::ExitStatusExt;
    let output = Command::new(&command[0]).args(&command[1..]).stdin(Stdio::null()).output().unwrap();
    let code = output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap());
    (code, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Day, rows and output folder, for the process.
const CALL: &str = "PATRONAGE_FAULTS_PUBLISH";

/// If set, the process prints `sealed` before the last step, and goes on when its stdin ends.
pub const PAUSE: &str = "PATRONAGE_FAULTS_PAUSE";

#[test]
#[ignore = "not a test, but the process that the tests watch"]
#[expect(clippy::exit, reason = "its exit code is what the tests look at")]
fn process() {
    let Ok(call) = std::env::var(CALL) else { return };
    let mut words = call.splitn(3, ' ');
    let day = words.next().unwrap().parse().unwrap();
    let rows = words.next().unwrap().parse().unwrap();
    let out = PathBuf::from(words.next().unwrap());
    ignore_file_size_signal().unwrap();
    let pause = || {
        if std::env::var_os(PAUSE).is_some() {
            use std::io::Write;
            println!("sealed");
            std::io::stdout().flush().unwrap();
            std::io::stdin().lines().count();
        }
    };
    match publish(&out, Night { day, rows }, Duration::ZERO, pause) {
        Ok(_) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(error.kind().exit_code() as i32)
        }
    }
}

fn publish(out: &Path, night: Night, wait: Duration, before_settling: impl Fn()) -> Result<RunRef> {
    let out = OutputDir::open(out)?;
    let lock = out.lock(wait, &Cancel::new())?;
    let id = night.id();
    let run = match out.reuse(&lock, &id)? {
        Some(run) => run,
        None => {
            let building = Building::create(&out, &lock, &id)?;
            let metadata = TableMetadata { as_of: id.as_of().to_string(), tool_version: "0.1.0".to_owned() };
            let table = values();
            let file = building.write_table(&table, Maker::BuiltIn, &metadata, [Ok(rows(night.rows))])?;
            building.write_rejects("transactions", &building.path().join(&file.path), 1)?;
            building.add_file("exports/router/levels.csv", b"customer_id,level\n")?;
            let sealed = building.seal(Manifest::new(id, "0.1.0", "faults"))?;
            before_settling();
            sealed.settle()?
        }
    };
    out.prune(&lock, KEEP)?;
    Ok(run)
}

fn values() -> Table {
    let columns = vec![text("customer_id", "who"), money("net_revenue_e4", "how much")];
    Table::new("values", "one customer", &["customer_id"], columns)
}

fn rows(count: i64) -> RecordBatch {
    let keys = StringArray::from_iter_values((0..count).map(|row| format!("C{row:09}")));
    // Digits that do not compress, so that more rows are a larger file.
    let amounts = (0..count).map(|row| row.wrapping_mul(0x9E37_79B9_7F4A_7C15_u64 as i64).rem_euclid(1 << 55));
    let columns: [(&str, ArrayRef); 2] =
        [("customer_id", Arc::new(keys)), ("net_revenue_e4", Arc::new(Int64Array::from_iter_values(amounts)))];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The output folder is fit for readers: `latest` names one of these nights (or nothing, if that is allowed), and every
/// run in it is whole.
pub fn check_readable(out: &Path, may_be_latest: &[Option<Night>], when: &str) {
    let out = OutputDir::open(out).unwrap();
    let latest = out.latest().unwrap_or_else(|error| panic!("{when}: {error}")).map(|run| run.id);
    let allowed: Vec<Option<RunId>> = may_be_latest.iter().map(|night| night.map(Night::id)).collect();
    assert!(allowed.contains(&latest), "{when}: latest is {latest:?}");
    for run in out.runs().unwrap() {
        let problems = verify(&run.path).problems;
        assert!(problems.is_empty(), "{when}: run {}: {problems:?}", run.id);
    }
}

/// The night is published as the latest, with the same bytes as a run that nothing disturbed, and nothing is left over.
pub fn check_published(out: &Path, night: Night, undisturbed: &RunRef, when: &str) {
    check_readable(out, &[Some(night)], when);
    let latest = OutputDir::open(out).unwrap().latest().unwrap().unwrap();
    let (found, expected) = (latest.manifest().unwrap(), undisturbed.manifest().unwrap());
    assert_eq!(found.files, expected.files, "{when}");
    assert!(!out.join(".building").exists(), "{when}: `.building` is left");
    assert!(!out.join("latest.tmp").exists(), "{when}: `latest.tmp` is left");
}
