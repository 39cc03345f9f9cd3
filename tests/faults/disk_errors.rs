//! Faults 3 and 5: a disk that fails or is full. The run ends with exit code 7, readers see what they saw before, nothing
//! is left over, and the next run completes.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::kills::Sweep;
use crate::publisher::{Night, check_published, check_readable, exit_code, night};
use crate::tracing::{can_trace, faulty, skip};

const MOST_CALLS: usize = 2_000;

/// Exit code of a run whose output failed.
const OUTPUT_FAILED: i32 = 7;

/// Fails each `call` in turn with `error`; how many there were. `swallowed` is whether the run may go on all the same.
fn sweep(call: &str, error: &str, swallowed: bool) -> usize {
    let (before, tonight) = ([night(1), night(2)], night(3));
    let mut sweep = Sweep::new(&before, tonight);
    // The text in the lock is a courtesy that may fail.
    sweep.paths.retain(|path| !path.ends_with("/.lock"));
    let command = tonight.command(&sweep.out);
    let log = sweep.out.with_extension("trace");
    for when in 1.. {
        assert!(when < MOST_CALLS, "{call} does not end");
        let moment = format!("{error} at {call} {when}");
        sweep.put_back();
        let mut traced = faulty(&command, call, &format!("error={error}"), when, &sweep.paths);
        let output = traced.iter().position(|word| word == "/dev/null").unwrap();
        traced[output] = log.to_str().unwrap().to_owned();
        let (code, errors) = exit_code(&traced);
        if !std::fs::read_to_string(&log).unwrap().contains("(INJECTED)") {
            assert_eq!(code, 0, "{moment}: {errors}");
            return when - 1;
        }
        assert!(code == OUTPUT_FAILED || (swallowed && code == 0), "{moment}: exit code {code}: {errors}");
        check_readable(&sweep.out, &[Some(before[1]), Some(tonight)], &moment);
        // What cannot be removed for want of a descriptor is removed by the next run.
        assert!(swallowed || !sweep.out.join(".building").exists(), "{moment}: `.building` is left");

        let (code, errors) = exit_code(&command);
        assert_eq!(code, 0, "{moment}, then run again: {errors}");
        check_published(&sweep.out, tonight, &sweep.undisturbed, &moment);
    }
    unreachable!("the loop ends by returning")
}

/// A failed sync is reported and never tried again: a second try would succeed here, and prove nothing on a real disk.
#[test]
fn every_failed_sync_stops_the_run() {
    if can_trace("every_failed_sync_stops_the_run") {
        assert!(sweep("fsync", "EIO", false) > 10);
    }
}

#[test]
fn every_failed_write_stops_the_run() {
    if can_trace("every_failed_write_stops_the_run") {
        // Three files, the manifest and `_SUCCESS`.
        assert!(sweep("write", "ENOSPC", false) >= 5);
    }
}

#[test]
fn every_failed_rename_or_link_stops_the_run() {
    if can_trace("every_failed_rename_or_link_stops_the_run") {
        assert!(sweep("rename", "EIO", false) >= 2);
        assert_eq!(sweep("symlink", "ENOSPC", false), 1);
        assert!(sweep("mkdir", "ENOSPC", false) > 2);
    }
}

/// Fault 44. Some files are opened only to look, or to remove what the next run would remove.
#[test]
fn running_out_of_descriptors_harms_nothing() {
    if can_trace("running_out_of_descriptors_harms_nothing") {
        assert!(sweep("openat", "EMFILE", true) > 10);
    }
}

/// A small file system, unmounted when dropped.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    pub fn mount(test: &str, options: &str) -> Option<SmallDisk> {
        let disk = SmallDisk { folder: tempfile::tempdir().unwrap() };
        let mounted = disk.mount_with(options);
        if !mounted {
            skip(test, "mounting a file system is not permitted");
        }
        mounted.then_some(disk)
    }

    fn mount_with(&self, options: &str) -> bool {
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.folder.path()).output();
        mount.is_ok_and(|output| output.status.success())
    }

    pub fn grow(&self) {
        assert!(self.mount_with("remount,size=64m,nr_inodes=1000"));
    }

    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).output();
    }
}

/// Publishes a night that does not fit after one that does; then there is room.
fn fill(disk: &SmallDisk, too_much: Night) {
    let out = disk.out();
    night(1).publish(&out).unwrap();
    let (code, errors) = exit_code(&too_much.command(&out));
    assert_eq!(code, OUTPUT_FAILED, "{errors}");
    assert!(errors.contains("could not write"), "{errors}");
    check_readable(&out, &[Some(night(1))], "full");
    assert!(!out.join(".building").exists(), "the half-written run is left on the full disk");

    disk.grow();
    let (code, errors) = exit_code(&too_much.command(&out));
    assert_eq!(code, 0, "{errors}");
    check_published(&out, too_much, &undisturbed(too_much, disk.folder.path()), "room again");
}

fn undisturbed(night: Night, folder: &Path) -> patronage::publish::RunRef {
    night.publish(&folder.join("undisturbed")).unwrap()
}

#[test]
fn a_disk_without_space() {
    if let Some(disk) = SmallDisk::mount("a_disk_without_space", "size=1m") {
        fill(&disk, Night { day: 2, rows: 200_000 });
    }
}

#[test]
fn a_disk_without_inodes() {
    // The first night takes 12 of them and the folder one.
    if let Some(disk) = SmallDisk::mount("a_disk_without_inodes", "size=64m,nr_inodes=20") {
        fill(&disk, night(2));
    }
}
