//! The same faults through the whole program: `patronage run` on a small shop, killed, starved, interrupted.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use patronage::monitor::Cancel;
use patronage::publish::{OutputDir, RunRef, verify};
use tempfile::TempDir;

use crate::disk_errors::SmallDisk;
use crate::limits::as_nobody;
use crate::publisher::exit_code;
use crate::tracing::{can_trace, faulty, touched_paths};

const PIPELINE: &str = r#"
[project]
name = "corner-shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.transactions]
files = ["exports/*.csv"]
[inputs.transactions.columns]
customer_id = "customer"
order_id = "order"
ts = { column = "time", format = "%Y-%m-%d %H:%M" }
product_id = "product"
quantity = "quantity"
unit_price = "price"
amount = { expr = "quantity * unit_price" }
"#;

/// Two nights of the shop; the second one reads more.
const FIRST: &str = "2026-02-15";
const SECOND: &str = "2026-03-01";

/// A pipeline file, its exports, and the folder that it publishes into.
struct Shop {
    folder: TempDir,
    out: PathBuf,
}

impl Shop {
    /// A shop that publishes into its own folder.
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        Shop::publishing_into(folder, out)
    }

    fn publishing_into(folder: TempDir, out: PathBuf) -> Shop {
        let pipeline = format!("{PIPELINE}[output]\ndir = \"{}\"\n", out.display());
        fs::write(folder.path().join("patronage.toml"), pipeline).unwrap();
        fs::create_dir(folder.path().join("exports")).unwrap();
        fs::write(folder.path().join("exports/lines.csv"), lines()).unwrap();
        Shop { folder, out }
    }

    fn export(&self) -> PathBuf {
        self.folder.path().join("exports/lines.csv")
    }

    /// `patronage run` as of that day, on one thread, so that calls come in one order.
    fn run(&self, as_of: &str) -> Vec<String> {
        self.run_of(Path::new(env!("CARGO_BIN_EXE_patronage")), as_of)
    }

    fn run_of(&self, program: &Path, as_of: &str) -> Vec<String> {
        let pipeline = self.folder.path().join("patronage.toml");
        let words = [program.to_str().unwrap(), "run", pipeline.to_str().unwrap(), "--as-of", as_of, "--threads", "1"];
        words.map(str::to_owned).into()
    }

    fn patronage(&self, command: &str) -> (i32, String) {
        let config = self.folder.path().join("patronage.toml");
        let words = [env!("CARGO_BIN_EXE_patronage"), command, "--config", config.to_str().unwrap()];
        exit_code(&words.map(str::to_owned))
    }

    fn publish(&self, as_of: &str) -> RunRef {
        let (code, errors) = exit_code(&self.run(as_of));
        assert_eq!(code, 0, "{errors}");
        let latest = self.latest().unwrap();
        assert_eq!(latest.id.as_of().to_string(), as_of);
        latest
    }

    fn latest(&self) -> Option<RunRef> {
        OutputDir::open(&self.out).unwrap().latest().unwrap()
    }

    /// `latest` is one of these, whole, and so is every other run.
    fn check_readable(&self, nights: &[&str], when: &str) {
        let latest = self.latest().map_or(String::new(), |run| run.id.as_of().to_string());
        assert!(nights.contains(&latest.as_str()), "{when}: latest is `{latest}`");
        if !latest.is_empty() {
            let (code, errors) = self.patronage("verify");
            assert_eq!(code, 0, "{when}: {errors}");
        }
        for run in OutputDir::open(&self.out).unwrap().runs().unwrap() {
            assert!(verify(&run.path).is_whole(), "{when}: {}", run.id);
        }
    }

    /// The run of that night completes now, with the bytes of an undisturbed one, and nothing is left over.
    fn check_completes(&self, as_of: &str, undisturbed: &RunRef, when: &str) {
        let run = self.publish(as_of);
        assert_eq!(run.manifest().unwrap().files, undisturbed.manifest().unwrap().files, "{when}");
        for left in [".building", ".discarded", "latest.tmp"] {
            assert!(!self.out.join(left).exists(), "{when}: `{left}` is left");
        }
    }
}

/// 600 order lines of 61 customers over January to March 2026, with no randomness.
fn lines() -> String {
    let mut text = "customer,order,time,product,quantity,price\n".to_owned();
    for line in 0..600 {
        let (month, day) = (1 + line / 200, 1 + line % 200 * 28 / 200);
        let (customer, order, product) = (line * 7 % 61, line / 2, line * 13 % 17);
        let (quantity, cents) = (1 + line % 3, 100 + line * 37 % 900);
        writeln!(
            text,
            "C{customer:03},O{order:04},2026-{month:02}-{day:02} 10:{:02},P{product:02},{quantity},{}.{:02}",
            line % 60,
            cents / 100,
            cents % 100
        )
        .unwrap();
    }
    text
}

/// A shop whose first night is published, which can be put back to that state; its second night, undisturbed; and what
/// the second night touches in the output folder.
struct SecondNight {
    shop: Shop,
    saved: PathBuf,
    undisturbed: RunRef,
    /// Paths of tables and rejects, which are written before the run is sealed.
    tables: BTreeSet<String>,
    /// All other paths but the cache's and the lock's.
    publication: BTreeSet<String>,
    _elsewhere: Shop,
}

impl SecondNight {
    fn new() -> SecondNight {
        let elsewhere = Shop::new();
        elsewhere.publish(FIRST);
        let undisturbed = elsewhere.publish(SECOND);

        let shop = Shop::new();
        shop.publish(FIRST);
        let saved = shop.folder.path().join("saved");
        assert!(Command::new("cp").arg("-a").args([&shop.out, &saved]).status().unwrap().success());
        let log = shop.folder.path().join("log");
        let cache = shop.out.join("cache").to_str().unwrap().to_owned();
        let lock = shop.out.join(".lock").to_str().unwrap().to_owned();
        let mut publication = touched_paths(&shop.run(SECOND), &shop.out, &log);
        publication.retain(|path| !path.starts_with(&cache) && *path != lock);
        let tables = publication.iter().filter(|path| path.ends_with(".parquet")).cloned().collect();
        publication.retain(|path| !path.ends_with(".parquet"));
        SecondNight { shop, saved, undisturbed, tables, publication, _elsewhere: elsewhere }
    }

    fn put_back(&self) {
        fs::remove_dir_all(&self.shop.out).unwrap();
        assert!(Command::new("cp").arg("-a").args([&self.saved, &self.shop.out]).status().unwrap().success());
    }

    /// Kills the second night at each of these calls, up to the twentieth, and at every tenth beyond: what comes later is the same
    /// code for other tables, and each kill is two runs. Gives how many kills there were.
    fn kill_at(&self, call: &str, paths: &BTreeSet<String>) -> usize {
        let mut kills = 0;
        for when in (1..).filter(|when| *when <= 20 || when % 10 == 0) {
            assert!(when < 1_000, "{call} does not end");
            let moment = format!("killed at {call} {when}");
            self.put_back();
            let (code, errors) = exit_code(&faulty(&self.shop.run(SECOND), call, "signal=KILL", when, paths));
            if code == 0 {
                return kills;
            }
            kills += 1;
            assert_eq!(code, 128 + 9, "{moment}: {errors}");
            self.shop.check_readable(&[FIRST, SECOND], &moment);
            self.shop.check_completes(SECOND, &self.undisturbed, &moment);
            println!("{moment}");
        }
        unreachable!("the loop ends by returning")
    }
}

/// Fault 1. Tables are written on other threads than the rest, and `strace` counts calls by thread: so there are two
/// sweeps.
#[test]
fn killed_at_any_write_and_sync_of_a_table() {
    if !can_trace("killed_at_any_write_and_sync_of_a_table") {
        return;
    }
    let night = SecondNight::new();
    for call in ["write", "fsync"] {
        let kills = night.kill_at(call, &night.tables);
        assert!(kills >= 10, "only {kills} kills at {call}");
    }
}

/// Fault 1, from the manifest to the switch of `latest`.
#[test]
fn killed_at_any_call_of_the_publication() {
    if !can_trace("killed_at_any_call_of_the_publication") {
        return;
    }
    let night = SecondNight::new();
    for (call, at_least) in [("write", 2), ("fsync", 6), ("rename", 2), ("symlink", 1), ("mkdir", 3)] {
        let kills = night.kill_at(call, &night.publication);
        assert!(kills >= at_least, "only {kills} kills at {call}");
    }
}

/// Fault 2.
#[test]
fn killed_at_any_time() {
    let night = SecondNight::new();
    for tenths in 1..=12_u64 {
        night.put_back();
        fs::remove_dir_all(night.shop.out.join("cache")).unwrap();
        let command = night.shop.run(SECOND);
        let mut child =
            Command::new(&command[0]).args(&command[1..]).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(tenths * 30));
        child.kill().unwrap();
        child.wait().unwrap();
        let moment = format!("killed after {} ms", tenths * 30);
        night.shop.check_readable(&[FIRST, SECOND], &moment);
        night.shop.check_completes(SECOND, &night.undisturbed, &moment);
    }
}

/// Fault 9: asked to stop at each sync in turn, the run stops before it publishes, or has published already.
#[test]
fn asked_to_stop_at_any_sync() {
    if !can_trace("asked_to_stop_at_any_sync") {
        return;
    }
    let night = SecondNight::new();
    let all: BTreeSet<String> = night.tables.union(&night.publication).cloned().collect();
    for (signal, stopped) in [("TERM", 143), ("INT", 130)] {
        let mut stops = 0;
        for when in [1, 2, 3, 5, 8, 13, 21, 34] {
            let moment = format!("SIG{signal} at sync {when}");
            night.put_back();
            let signalled = faulty(&night.shop.run(SECOND), "fsync", &format!("signal={signal}"), when, &all);
            let (code, errors) = exit_code(&signalled);
            if code == 0 {
                night.shop.check_readable(&[SECOND], &moment);
                continue;
            }
            assert_eq!(code, stopped, "{moment}: {errors}");
            stops += 1;
            night.shop.check_readable(&[FIRST], &moment);
            assert!(!night.shop.out.join(".building").exists(), "{moment}: `.building` is left");
            night.shop.check_completes(SECOND, &night.undisturbed, &moment);
        }
        assert!(stops > 0, "SIG{signal} never stopped the run");
    }
}

/// Fault 6: an export that cannot be read to its end is none.
#[test]
fn a_failing_read_of_an_export() {
    if !can_trace("a_failing_read_of_an_export") {
        return;
    }
    let shop = Shop::new();
    shop.publish(FIRST);
    fs::remove_dir_all(shop.out.join("cache")).unwrap();
    let paths = BTreeSet::from([shop.export().to_str().unwrap().to_owned()]);
    let (code, errors) = exit_code(&faulty(&shop.run(SECOND), "read,pread64", "error=EIO", 1, &paths));
    assert_eq!(code, 4, "{errors}");
    assert!(errors.contains("lines.csv"), "{errors}");
    shop.check_readable(&[FIRST], "EIO");
    shop.publish(SECOND);
}

/// Fault 10.
#[test]
fn a_second_run_at_the_same_time() {
    let shop = Shop::new();
    shop.publish(FIRST);
    let lock = OutputDir::open(&shop.out).unwrap().lock(Duration::ZERO, &Cancel::new()).unwrap();
    let (code, errors) = exit_code(&shop.run(SECOND));
    assert_eq!(code, 6, "{errors}");
    assert!(errors.contains(&format!("process {}", std::process::id())), "{errors}");
    drop(lock);
    shop.publish(SECOND);
}

/// Fault 3. The cache is on the same disk, so that a run fails while it reads on the smallest disk, and while it publishes
/// on larger ones, until it fits.
#[test]
fn a_full_disk() {
    let mut failures = 0;
    for kibibytes in (40..4_000).step_by(40) {
        let Some(disk) = SmallDisk::mount("a_full_disk", &format!("size={kibibytes}k")) else { return };
        let shop = Shop::publishing_into(tempfile::tempdir().unwrap(), disk.out());
        let (code, errors) = exit_code(&shop.run(FIRST));
        if code == 0 {
            break;
        }
        failures += 1;
        assert_eq!(code, 7, "{kibibytes} KiB: {errors}");
        assert!(errors.contains("free space"), "{kibibytes} KiB: {errors}");
        shop.check_readable(&[""], "full");
        assert!(!shop.out.join(".building").exists(), "{kibibytes} KiB: the unfinished run fills the disk");
        disk.grow();
        shop.publish(FIRST);
        shop.check_readable(&[FIRST], "room again");
    }
    assert!(failures >= 3, "the run fits after {failures} failures");
}

/// Fault 4.
#[test]
fn a_file_size_limit() {
    let shop = Shop::new();
    let mut limited: Vec<String> = ["sh", "-c", "ulimit -f 2; exec \"$@\"", "sh"].map(str::to_owned).into();
    limited.extend(shop.run(FIRST));
    let (code, errors) = exit_code(&limited);
    assert_eq!(code, 7, "{errors}");
    shop.publish(FIRST);
}

/// Fault 13.
#[test]
fn an_unwritable_output_folder() {
    use std::os::unix::fs::PermissionsExt;
    let Some(nobody) = as_nobody("an_unwritable_output_folder") else { return };
    let shop = Shop::new();
    fs::set_permissions(shop.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = shop.folder.path().join("program");
    fs::copy(env!("CARGO_BIN_EXE_patronage"), &program).unwrap();
    let (code, errors) = exit_code(&[nobody, shop.run_of(&program, FIRST)].concat());
    assert_eq!(code, 7, "{errors}");
    assert!(errors.contains("writable"), "{errors}");
}

/// Fault 33.
#[test]
fn bit_rot_is_exit_code_8() {
    let shop = Shop::new();
    let run = shop.publish(FIRST);
    assert_eq!(shop.patronage("verify").0, 0);
    let table = run.table("customers");
    let mut content = fs::read(&table).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&table, content).unwrap();
    let (code, errors) = shop.patronage("verify");
    assert_eq!(code, 8, "{errors}");
    assert!(errors.contains("tables/customers.parquet"), "{errors}");
}

#[test]
fn the_same_night_twice_changes_nothing() {
    let shop = Shop::new();
    let run = shop.publish(FIRST);
    let made = fs::metadata(run.path.join("manifest.json")).unwrap().modified().unwrap();
    assert_eq!(shop.publish(FIRST), run);
    assert_eq!(fs::metadata(run.path.join("manifest.json")).unwrap().modified().unwrap(), made);
    assert_eq!(OutputDir::open(&shop.out).unwrap().runs().unwrap().len(), 1);
}
