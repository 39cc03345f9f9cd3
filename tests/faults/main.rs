//! What happens to published data when things go wrong: kills at every system call, failing and full disks, limits,
//! a second run, signals.
//!
//! Most faults are driven by `strace`, which can kill a process or fail a call at a chosen system call. Where it, or the
//! right to mount, is missing, a test says so on stderr and does nothing.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod disk_errors;
mod kills;
mod limits;
mod night;
mod publisher;
mod second_run;
mod sync_order;
mod tracing;
