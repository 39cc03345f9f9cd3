//! The command line as a person, a shell and a scheduler meet it: help, errors, exit codes, pipes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

pub const PIPELINE: &str = r#"[project]
name = "shop"
currency = "EUR"
time_zone = "Europe/Berlin"

[inputs.transactions]
files = ["orders.csv"]
[inputs.transactions.columns]
ts = "date"
amount = "paid"
"#;

/// The binary, in `folder`, with nothing of this machine's environment that it would look at.
pub fn patronage(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_patronage"));
    command.current_dir(folder).stdin(Stdio::null()).env_clear();
    command
}

/// Exit code, stdout and stderr in one text.
pub fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    format!(
        "exit code: {}\n----- stdout -----\n{}----- stderr -----\n{}",
        output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string()),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn folder_with(pipeline: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("patronage.toml"), pipeline).unwrap();
    folder
}

#[test]
fn help_of_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = said(patronage(folder.path()).arg("--help"));
    for command in [
        "run",
        "plan",
        "backtest",
        "check",
        "segment",
        "query",
        "runs",
        "approve",
        "verify",
        "export",
        "ltv",
        "affinity",
        "generate",
        "config",
        "completions",
        "man",
    ] {
        all += &format!("\n===== patronage {command} -h =====\n");
        all += &said(patronage(folder.path()).args([command, "-h"]));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_mistake_in_the_pipeline_file_is_shown_with_a_caret_and_exit_code_3() {
    let folder = folder_with(&format!("{PIPELINE}[gates]\nmax_reject_rato = 0.01\n"));
    insta::assert_snapshot!(said(patronage(folder.path()).arg("plan")), @"
    exit code: 3
    ----- stdout -----
    ----- stderr -----
    error: unknown key `max_reject_rato`
       --> patronage.toml:12:1
       |
    12 | max_reject_rato = 0.01
       | ^^^^^^^^^^^^^^^
    hint: did you mean `max_reject_ratio`?
    ");
}

#[test]
fn errors_for_machines_are_one_json_object() {
    let folder = folder_with(&PIPELINE.replace("EUR", "Euro"));
    let output = patronage(folder.path()).args(["check", "--log-format", "json"]).output().unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert!(record["at"].take().is_string());
    insta::assert_snapshot!(record, @r#"{"at":null,"byte":null,"causes":[],"column":12,"exit_code":3,"file":"patronage.toml","hint":"write three capital letters (ISO 4217), for example `\"EUR\"`","kind":"config","level":"error","line":3,"message":"`Euro` is not a currency code"}"#);
}

#[test]
fn an_escape_in_the_pipeline_file_does_not_reach_the_terminal() {
    let folder = folder_with(&PIPELINE.replace("EUR", "\\u001b[2J\u{202e}R"));
    let said = said(patronage(folder.path()).args(["plan", "--color", "never"]));
    assert!(!said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
    assert!(said.contains("`\\u{1b}[2J\\u{202e}R` is not a currency code"), "{said}");
}

#[test]
fn colours_are_for_who_asks_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let colourful = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = patronage(folder.path());
        said(command.arg("plan").args(arguments).envs(variables.iter().copied())).contains('\u{1b}')
    };
    assert!(!colourful(&[], &[]), "stderr is no terminal");
    assert!(colourful(&["--color", "always"], &[]));
    assert!(!colourful(&[], &[("NO_COLOR", "1")]));
    assert!(!colourful(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = folder_with(PIPELINE);
    for arguments in [
        &["run", "--as-of", "2025-02-30"][..],
        &["segment", "orders > 1", "--format", "jsn"],
        &["run", "--threads", "0"],
        &["run", "--memory", "lots"],
        &["run", "--quiet", "--verbose"],
        &["rnu"],
        &[],
        // Nothing is published yet, so there is nothing to ask.
        &["segment", "orders > 1"],
        &["query", "SELECT 1"],
        &["verify"],
        &["approve", "2026-10-31-0123456789ab"],
        &["verify", "../../etc"],
    ] {
        let output = patronage(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_nearest_pipeline_file_is_found_from_below() {
    let folder = folder_with(PIPELINE);
    let below = folder.path().join("exports/2026");
    fs::create_dir_all(&below).unwrap();
    let shown = said(patronage(&below).args(["config", "show"]));
    assert!(shown.starts_with("exit code: 0\n"), "{shown}");
    let nowhere = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(said(patronage(nowhere.path()).arg("runs")), @"
    exit code: 3
    ----- stdout -----
    ----- stderr -----
    error: no `patronage.toml` in this folder or above it
    hint: name it: `patronage run path/to/patronage.toml`
    ");
}

/// A setting comes from its flag, else from the environment, else it is the default.
#[test]
fn a_flag_wins_over_the_environment() {
    let folder = folder_with(PIPELINE);
    let elsewhere = tempfile::tempdir().unwrap();
    let code = |command: &mut Command| command.output().unwrap().status.code();
    let mut command = patronage(elsewhere.path());
    command.args(["config", "show"]);
    assert_eq!(code(&mut command), Some(3));
    assert_eq!(code(command.env("PATRONAGE_CONFIG", folder.path())), Some(0));
    assert_eq!(code(command.args(["--config", "nowhere.toml"])), Some(3));
}

/// What `config show` writes is a pipeline file that says the same.
#[test]
fn the_pipeline_file_with_its_defaults_is_a_pipeline_file() {
    let folder = folder_with(&format!(
        "{PIPELINE}customer_id = {{ column = \"who\", map = {{ x = \"y\" }} }}\n[rfm]\ngrid = \"r-rfm-0.2\"\n"
    ));
    let show =
        |folder: &Path| String::from_utf8(patronage(folder).args(["config", "show"]).output().unwrap().stdout).unwrap();
    let shown = show(folder.path());
    assert!(shown.contains("max_reject_ratio = 0.01"), "{shown}");
    assert!(shown.contains("# RFM grid: segments that no cell reaches: New Customers, Promising, Can't Lose Them"));
    assert_eq!(show(folder_with(&shown).path()), shown);
}

#[test]
fn the_schema_is_printed_as_the_library_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = patronage(folder.path()).args(["config", "schema"]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), patronage::config::schema());
}

#[test]
fn completions_for_every_shell_and_man_pages() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = patronage(folder.path()).args(["completions", shell]).output().unwrap();
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("as-of") && script.contains("segment"), "{shell}");
    }
    let page = patronage(folder.path()).arg("man").output().unwrap();
    assert!(String::from_utf8(page.stdout).unwrap().contains(".TH patronage 1"));
    assert!(patronage(folder.path()).args(["man", "."]).status().unwrap().success());
    assert!(fs::read_to_string(folder.path().join("patronage-run.1")).unwrap().contains("as\\-of"));
    let unwritable = patronage(folder.path()).args(["man", "nowhere/at/all"]).output().unwrap();
    assert_eq!(unwritable.status.code(), Some(7));
}

/// `patronage ... | head -1` is no failure of anybody (fault 43).
#[test]
fn a_reader_that_went_away_ends_the_command_quietly() {
    let folder = folder_with(PIPELINE);
    for arguments in [&["config", "schema"][..], &["config", "show"], &["completions", "bash"], &["man"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = patronage(folder.path()).args(arguments).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_under_stdout_is_exit_code_7() {
    let folder = tempfile::tempdir().unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = patronage(folder.path()).args(["config", "schema"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: could not write the result\n"));
}
