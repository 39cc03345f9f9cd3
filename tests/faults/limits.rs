//! Faults 4 and 13: limits and permissions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::publisher::{Night, check_readable, exit_code, night};
use crate::tracing::skip;

const OUTPUT_FAILED: i32 = 7;

/// Any Rust program dies of SIGXFSZ there, unless it asks not to.
#[test]
fn a_file_size_limit_is_an_error_and_not_a_death() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    night(1).publish(&out).unwrap();
    let large = Night { day: 2, rows: 200_000 };
    let mut limited: Vec<String> = ["sh", "-c", "ulimit -f 64; exec \"$@\"", "sh"].map(str::to_owned).into();
    limited.extend(large.command(&out));
    let (code, errors) = exit_code(&limited);
    assert_eq!(code, OUTPUT_FAILED, "{errors}");
    check_readable(&out, &[Some(night(1))], "file-size limit");
    assert_eq!(exit_code(&large.command(&out)).0, 0);
}

/// Root may write anywhere, so the process runs as somebody else.
#[test]
fn an_unwritable_output_folder() {
    let test = "an_unwritable_output_folder";
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let permitted = Command::new(nobody[0]).args(&nobody[1..]).arg("true").output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        return skip(test, "`setpriv` is not here or may not change the user");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where this binary was built need not be readable by others.
    let program = folder.path().join("publisher");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let out = folder.path().join("out");
    night(1).publish(&out).unwrap();

    let mut command: Vec<String> = nobody.map(str::to_owned).into();
    command.extend(night(2).command_of(&program, &out));
    let (code, errors) = exit_code(&command);
    assert_eq!(code, OUTPUT_FAILED, "{errors}");
    check_readable(&out, &[Some(night(1))], "unwritable");

    let (code, errors) = {
        let mut command: Vec<String> = nobody.map(str::to_owned).into();
        command.extend(night(2).command_of(&program, &folder.path().join("new")));
        exit_code(&command)
    };
    assert_eq!(code, OUTPUT_FAILED, "{errors}");
    assert!(!folder.path().join("new").exists());
}
