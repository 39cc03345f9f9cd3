//! Commands over runs that are there: `segment`, `query`, `runs`, `approve`, `verify`, and the exit codes that they end
//! with.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::{PIPELINE, patronage, said};
use crate::publish_fixture::Fixture;

/// A folder with a pipeline file and a published run of 12 customers.
fn published() -> Fixture {
    let fixture = Fixture::new();
    let segments = "[segments.loyal]\nwhere = \"orders >= 10\"\n";
    fs::write(fixture.folder.path().join("patronage.toml"), format!("{PIPELINE}{segments}")).unwrap();
    fixture.run("2026-10-31", 12, false);
    fixture
}

fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_predicate_takes_customers_in_the_order_of_their_ids() {
    let fixture = published();
    insta::assert_snapshot!(said(patronage(fixture.folder.path()).args(["segment", "orders < 3 AND NOT consented"])), @"
    exit code: 0
    ----- stdout -----
    customer_id  consented  r_score  orders  margin_ratio  net_revenue  last_order_date  last_contact_at              favourite_product
    -----------  ---------  -------  ------  ------------  -----------  ---------------  ---------------------------  -----------------
    C0000001     false            2       1           1.0      -0.7655  2024-10-05                                    P001
    C0000002     false            3       2           0.5       0.4690  2024-10-06       2025-10-09T08:53:20.000002Z  P002
    ----- stderr -----
    ");
}

#[test]
fn a_segment_of_the_pipeline_file_is_known_by_its_name() {
    let fixture = published();
    let mut command = patronage(fixture.folder.path());
    let shown = stdout(command.args(["segment", "loyal", "--columns", "customer_id,orders", "--format", "csv"]));
    assert_eq!(shown, "customer_id,orders\nC0000010,10\nC0000011,11\n");
}

#[test]
fn only_one_expression_is_a_predicate() {
    let fixture = published();
    for predicate in
        ["1 = 1) OR (1 = 1", "orders >", "1 = 1; DROP TABLE customers", "orders IN (SELECT 1)", "ordrs > 1", ""]
    {
        let output = patronage(fixture.folder.path()).args(["segment", predicate]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{predicate}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{predicate}");
    }
}

#[test]
fn sql_comes_from_the_argument_or_from_stdin() {
    let fixture = published();
    let sql = "SELECT favourite_product, COUNT(*) AS customers FROM customers GROUP BY favourite_product \
               ORDER BY customers DESC, favourite_product LIMIT 2;";
    let from_argument = stdout(patronage(fixture.folder.path()).args(["query", sql, "--format", "json"]));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&from_argument).unwrap();
    assert_eq!(rows.len(), 2);
    let mut child = patronage(fixture.folder.path())
        .args(["query", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), from_argument);
}

#[test]
fn a_table_that_is_not_there_is_wrong_usage_with_the_nearest_name() {
    let fixture = published();
    insta::assert_snapshot!(said(patronage(fixture.folder.path()).args(["query", "SELECT * FROM custmers"])), @"
    exit code: 2
    ----- stdout -----
    ----- stderr -----
    error: there is no table `custmers`
    hint: did you mean `customers`?
    ");
}

#[test]
fn a_table_for_eyes_is_cut_and_says_so_and_a_file_has_all() {
    let fixture = published();
    let ask = ["segment", "true", "--columns", "customer_id"];
    let cut = said(patronage(fixture.folder.path()).args(ask).args(["--limit", "2"]));
    assert_eq!(
        cut,
        "exit code: 0\n----- stdout -----\ncustomer_id\n-----------\nC0000000\nC0000001\n----- stderr -----\n\
         2 of 12 rows; `--limit 0` shows all\n"
    );
    assert_eq!(stdout(patronage(fixture.folder.path()).args(ask).args(["--limit", "0"])).lines().count(), 14);
    stdout(patronage(fixture.folder.path()).args(ask).args(["--limit", "2", "--out", "all.csv"]));
    let written = fs::read_to_string(fixture.folder.path().join("all.csv")).unwrap();
    assert_eq!(written.lines().count(), 13);
    assert!(!fixture.folder.path().join("all.csv.unfinished").exists());
}

#[test]
fn a_result_that_cannot_be_written_is_exit_code_7_and_leaves_no_half() {
    let fixture = published();
    let output =
        patronage(fixture.folder.path()).args(["segment", "true", "--out", "no/such/folder.csv"]).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut to_nobody = patronage(fixture.folder.path());
    let output = to_nobody.args(["segment", "true", "--format", "parquet"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn runs_are_listed_and_a_held_one_is_released() {
    let fixture = published();
    let held = fixture.run("2026-11-30", 13, true);
    let list = |folder: &Path| stdout(patronage(folder).args(["runs", "--format", "csv"]));
    let before = list(fixture.folder.path());
    assert!(before.lines().nth(2).unwrap().starts_with(&format!("{},2026-11-30,held,false,", held.id)), "{before}");
    let approved = stdout(patronage(fixture.folder.path()).args(["approve", &held.id.to_string(), "--wait", "10s"]));
    assert_eq!(approved, format!("run {} is published, and is the latest\n", held.id));
    assert!(list(fixture.folder.path()).contains(&format!("{},2026-11-30,published,true,", held.id)));
}

#[test]
fn another_holder_of_the_lock_is_exit_code_6() {
    let fixture = published();
    let held = fixture.run("2026-11-30", 13, true);
    let lock = fixture.lock();
    let mut approve = patronage(fixture.folder.path());
    approve.args(["approve", &held.id.to_string()]);
    assert_eq!(approve.output().unwrap().status.code(), Some(6));
    drop(lock);
    // A child of another test that is being forked holds a copy of the lock for a moment.
    approve.args(["--wait", "10s"]);
    assert_eq!(approve.output().unwrap().status.code(), Some(0));
}

#[test]
fn a_damaged_run_is_exit_code_8() {
    let fixture = published();
    let mut verify = patronage(fixture.folder.path());
    verify.arg("verify");
    assert!(stdout(&mut verify).contains(" is whole: 3 files, "));
    let table = fixture.out.latest().unwrap().unwrap().table("customers");
    let mut bytes = fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::set_permissions(&table, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    fs::write(&table, bytes).unwrap();
    let output = verify.output().unwrap();
    assert_eq!(output.status.code(), Some(8));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`tables/customers.parquet` is not what was published"));
}

/// SIGINT ends with 130 and SIGTERM with 143, and what was under way is not there.
#[test]
fn a_signal_ends_a_command_with_its_exit_code_and_nothing_half_made() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = patronage(folder.path())
            .args(["generate", "shop", "--customers", "3000000", "-q"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read_dir(folder.path()).unwrap().next().is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{signal}");
    }
}

/// The bit of a full disk that can be had without one: `ulimit -f`.
#[test]
fn a_file_size_limit_is_exit_code_7_and_leaves_no_half() {
    let folder = tempfile::tempdir().unwrap();
    let binary = env!("CARGO_BIN_EXE_patronage");
    let limited = format!("ulimit -f 16; exec {binary} generate shop --customers 2000 -q");
    let output = Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
