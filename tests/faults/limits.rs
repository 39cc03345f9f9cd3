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

/// The beginning of a command that runs as somebody else, since root may write anywhere; `None`, with a note, if this user
/// may not do that.
pub fn as_nobody(test: &str) -> Option<Vec<String>> {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let permitted = Command::new(nobody[0]).args(&nobody[1..]).arg("true").output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        skip(test, "`setpriv` is not here or may not change the user");
        return None;
    }
    Some(nobody.map(str::to_owned).into())
}

#[test]
fn an_unwritable_output_folder() {
    let Some(nobody) = as_nobody("an_unwritable_output_folder") else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where this binary was built need not be readable by others.
    let program = folder.path().join("publisher");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let (out, new) = (folder.path().join("out"), folder.path().join("new"));
    night(1).publish(&out).unwrap();

    for into in [&out, &new] {
        let command = [nobody.clone(), night(2).command_of(&program, into)].concat();
        let (code, errors) = exit_code(&command);
        assert_eq!(code, OUTPUT_FAILED, "{errors}");
    }
    check_readable(&out, &[Some(night(1))], "unwritable");
    assert!(!new.exists());
}
