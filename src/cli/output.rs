//! Where results go: stdout, or the file that `--out` names.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext, Result};

/// Lets `write` write to stdout, or to the file `out`, which appears whole or not at all.
pub fn deliver<T>(out: Option<&Path>, write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>) -> Result<T> {
    let Some(path) = out else {
        let mut stdout = BufWriter::new(io::stdout());
        let result = write(&mut stdout)?;
        writing(stdout.flush())?;
        return Ok(result);
    };
    let unfinished = beside(path);
    let result = write_file(&unfinished, path, write);
    if result.is_err() {
        // The error that is reported is the first one; what is left of the file is only untidy.
        let _ = fs::remove_file(&unfinished);
    }
    result
}

fn write_file<T>(
    unfinished: &Path,
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T>,
) -> Result<T> {
    let mut file = BufWriter::new(File::create(unfinished).writing(path)?);
    let result = write(&mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all()).writing(path)?;
    fs::rename(unfinished, path).writing(path)?;
    Ok(result)
}

/// `customers.csv.unfinished`, in the same folder, so that the rename is one step.
fn beside(path: &Path) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(".unfinished");
    PathBuf::from(name)
}

/// Adds kind and words to a failure of writing results.
pub fn writing<T>(result: io::Result<T>) -> Result<T> {
    result.map_err(failed)
}

/// What a failure of writing results is.
pub fn failed(error: io::Error) -> Error {
    Error::output("could not write the result").hint("free space or choose another file with `--out`").because(error)
}

/// Whether the reader of our output went away, as `head` does: no failure of anybody.
pub fn is_broken_pipe(error: &Error) -> bool {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    std::iter::successors(first, |cause| cause.source())
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe))
}
