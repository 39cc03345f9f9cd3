//! One run at a time: a lock that the operating system frees when its holder dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::{Error, ErrorKind, IoContext, Result};
use crate::monitor::Cancel;

/// How often a waiting run looks again.
const POLL: Duration = Duration::from_millis(100);

/// The right to change an output folder, until it is dropped or the process dies.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, looking again for `wait` if another process holds it.
    pub(super) fn acquire(path: &Path, wait: Duration, cancel: &Cancel) -> Result<Lock> {
        super::disk::refuse_symlink(path)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).writing(path)?;
        let mut waited = Duration::ZERO;
        loop {
            cancel.check()?;
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if waited < wait => {
                    thread::sleep(POLL);
                    waited += POLL;
                }
                Err(TryLockError::WouldBlock) => return Err(held_by_another(path)),
                // A file system without locks must not pass for one where nobody else runs.
                Err(TryLockError::Error(error)) => {
                    return Err(Error::output(format!("could not lock `{}`", path.display()))
                        .hint("put the output folder on a file system that supports file locks")
                        .because(error));
                }
            }
        }
        let lock = Lock { file };
        lock.note("");
        Ok(lock)
    }

    /// Writes who holds the lock into it, for the message that another run gets.
    pub(super) fn note(&self, run_id: &str) {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = &self.file;
        // Only a courtesy: the lock is held whether or not its text could be written.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "process {}{}{run_id}", std::process::id(), separator(run_id)));
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would leave the lock to a child process that another thread has forked and that has not begun its
        // program yet, which still has the file. The system frees it in any case when both are gone.
        let _ = self.file.unlock();
    }
}

fn separator(run_id: &str) -> &'static str {
    if run_id.is_empty() { "" } else { ", run " }
}

fn held_by_another(path: &Path) -> Error {
    let holder = fs::read_to_string(path).unwrap_or_default();
    let holder = match holder.trim() {
        "" => "unknown process",
        text => text,
    };
    Error::new(
        ErrorKind::Locked,
        format!("another run holds the lock `{}` ({})", path.display(), holder.escape_debug()),
    )
    .hint("wait for it to end, or give this run time to wait with `--wait`")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a child process has between `fork` and `exec`.
    #[test]
    fn a_dropped_lock_is_free_although_another_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let lock = Lock::acquire(&path, Duration::ZERO, &Cancel::new()).unwrap();
        let _inherited = lock.file.try_clone().unwrap();
        assert!(Lock::acquire(&path, Duration::ZERO, &Cancel::new()).is_err());
        drop(lock);
        Lock::acquire(&path, Duration::ZERO, &Cancel::new()).unwrap();
    }
}
