//! Every call that changes the output folder, in one file: what a publication does to the disk, and in which order, can
//! be read here and seen in a system-call trace.
//!
//! A failed `fsync` is never repeated: the kernel may have dropped the dirty pages and then reports success.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::error::{Error, IoContext, Result};

/// Lets a write beyond the file-size limit (`ulimit -f`) fail as an error instead of killing the process.
///
/// # Errors
/// When the signal handler cannot be installed.
pub fn ignore_file_size_signal() -> Result<()> {
    #[cfg(unix)]
    {
        // A handler that does nothing but set a flag nobody reads: the write then fails with EFBIG.
        signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, Arc::new(AtomicBool::new(false)))
            .map_err(|error| Error::internal("could not install the handler of SIGXFSZ").because(error))?;
    }
    Ok(())
}

/// A new file; one that is already there is an error. Readable by owner and group only: tables hold personal data.
pub(super) fn create_new(path: &Path) -> Result<File> {
    step().writing(path)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path).writing(path)
}

/// Writes to an open file.
pub(super) fn write(mut file: &File, bytes: &[u8]) -> io::Result<usize> {
    step()?;
    io::Write::write(&mut file, bytes)
}

/// A new folder; one that is already there is kept.
pub(super) fn create_dir(path: &Path) -> Result<()> {
    step().writing(path)?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        result => result.writing(path),
    }
}

/// The file's content is on the disk when this returns.
pub(super) fn sync_file(file: &File, path: &Path) -> Result<()> {
    step().writing(path)?;
    file.sync_all().writing(path)
}

/// The folder's entries are on the disk when this returns.
pub(super) fn sync_dir(path: &Path) -> Result<()> {
    step().writing(path)?;
    // Windows has no way to open a folder for syncing; its file systems journal renames.
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).writing(path)?;
    Ok(())
}

/// Moves a file or folder within the output folder, replacing a file or an empty folder of that name.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    step().writing(to)?;
    fs::rename(from, to).writing(to)
}

/// Removes a file or symbolic link, if it is there.
pub(super) fn remove_file(path: &Path) -> Result<()> {
    step().writing(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.writing(path),
    }
}

/// Removes a folder and all in it, if it is there; symbolic links in it are removed and not followed.
pub(super) fn remove_dir(path: &Path) -> Result<()> {
    step().writing(path)?;
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.writing(path),
    }
}

/// Makes `link` name the relative path `target`. Not atomic: made under a temporary name and renamed by the caller.
pub(super) fn create_link(target: &str, link: &Path) -> Result<()> {
    step().writing(link)?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, link).writing(link)?;
    // Elsewhere symbolic links need privileges: a text file with the same content.
    #[cfg(not(unix))]
    fs::write(link, target).writing(link)?;
    Ok(())
}

/// What `link` names, or `None` when there is no link.
pub(super) fn read_link(link: &Path) -> io::Result<Option<String>> {
    #[cfg(unix)]
    let target = fs::read_link(link).map(|target| target.to_string_lossy().into_owned());
    #[cfg(not(unix))]
    let target = fs::read_to_string(link);
    match target {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An error when `path` is a symbolic link: what is behind it is not ours to write, rename or remove.
pub(super) fn refuse_symlink(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            Err(Error::output(format!("`{}` is a symbolic link, where a folder of ours should be", path.display()))
                .hint("remove the link; to keep runs on another volume, set `[output] dir` to a folder there"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).writing(path),
        _ => Ok(()),
    }
}

#[cfg(not(test))]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use crash::step;

/// Simulated crashes: after a set number of steps, nothing reaches the disk any more.
#[cfg(test)]
pub(crate) mod crash {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static STEPS_LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Runs `work`, dead from the step after `steps` on.
    pub fn after<T>(steps: u32, work: impl FnOnce() -> T) -> T {
        STEPS_LEFT.set(Some(steps));
        let result = work();
        STEPS_LEFT.set(None);
        result
    }

    pub(super) fn step() -> io::Result<()> {
        match STEPS_LEFT.get() {
            None => Ok(()),
            Some(0) => Err(io::Error::other("simulated crash")),
            Some(left) => {
                STEPS_LEFT.set(Some(left - 1));
                Ok(())
            }
        }
    }
}
