//! One error struct, one kind, one exit-code table.
//!
//! A bad *row* is never an error: it is a `Reject`, kept with its place and reason.
//! An [`Error`] is what stops a command. Its kind says what the caller should do next, and that is the exit code.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of everything here that can stop a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller should do about an [`Error`]: each kind is one exit code of the published table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A fault of ours: report it.
    Internal,
    /// The command line is wrong: fix the call.
    Usage,
    /// The pipeline file, or a file of the `sql/` folder beside it, is invalid: fix it.
    Config,
    /// An input is missing, unreadable, corrupt or breaks its contract: ask the sender.
    Input,
    /// A quality or population gate held the run back: look at it, then `patronage approve`.
    Gate,
    /// Another run holds the lock: try later.
    Locked,
    /// The output could not be written: free space or fix permissions, then run again.
    Output,
    /// Published data does not match its manifest: restore it.
    Verify,
    /// The cluster that SQL runs on cannot be reached, refuses us or failed: look at it, then run again.
    Engine,
    /// Interrupted by a signal: nothing was published, run again.
    Interrupted,
    /// Terminated by a signal: nothing was published, run again.
    Terminated,
}

/// Exit codes of the `patronage` binary, one for each action that the caller takes.
///
/// They are a published interface: a number never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Done; also: this very run is already published.
    Done = 0,
    /// A fault of ours.
    Internal = 1,
    /// Wrong usage.
    Usage = 2,
    /// Pipeline file invalid.
    Config = 3,
    /// Input unusable: missing, corrupt archive, contract broken.
    Input = 4,
    /// A quality or population gate held the run back.
    Gate = 5,
    /// Another run holds the lock.
    Locked = 6,
    /// Output failed: disk full, permission.
    Output = 7,
    /// `verify` found published data that does not match its manifest.
    Verify = 8,
    /// The engine failed: no server, a token that has run out, executors lost for good.
    Engine = 9,
    /// Interrupted (SIGINT): nothing published, restartable.
    Interrupted = 130,
    /// Terminated (SIGTERM): nothing published, restartable.
    Terminated = 143,
}

impl ErrorKind {
    /// The exit code that a command ends with when it stops on this kind of error.
    pub fn exit_code(self) -> ExitCode {
        match self {
            ErrorKind::Internal => ExitCode::Internal,
            ErrorKind::Usage => ExitCode::Usage,
            ErrorKind::Config => ExitCode::Config,
            ErrorKind::Input => ExitCode::Input,
            ErrorKind::Gate => ExitCode::Gate,
            ErrorKind::Locked => ExitCode::Locked,
            ErrorKind::Output => ExitCode::Output,
            ErrorKind::Verify => ExitCode::Verify,
            ErrorKind::Engine => ExitCode::Engine,
            ErrorKind::Interrupted => ExitCode::Interrupted,
            ErrorKind::Terminated => ExitCode::Terminated,
        }
    }
}

/// Where in a file an error stands. Lines, columns and records count from 1, bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// Column, from 1.
    pub column: Option<u64>,
    /// Byte offset from the start of the decompressed file.
    pub byte: Option<u64>,
    /// The text of that line, when it may be shown (never a row of data).
    pub text: Option<String>,
    /// How many characters of the line are meant, for the caret.
    pub length: usize,
}

impl Place {
    /// A whole file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Place { file: path.as_ref().to_path_buf(), line: None, column: None, byte: None, text: None, length: 1 }
    }

    /// The same file at `line` (from 1).
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if let Some(byte) = self.byte {
            write!(f, " (byte {byte})")?;
        }
        Ok(())
    }
}

/// What stopped a command: a kind, a message, its place, the cause below it and the next step.
///
/// Messages are lower-case fragments without a full stop, with literals in backticks; they never hold a value of a
/// data row, which may be personal.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<Place>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; see the type for how a message is worded.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), place: None, hint: None, source: None }))
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Internal, message)
    }

    /// Wrong usage of the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, message)
    }

    /// A mistake in the pipeline file or in a user's SQL file.
    pub fn config(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, message)
    }

    /// An input that cannot be used.
    pub fn input(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Input, message)
    }

    /// An output that cannot be written.
    pub fn output(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Output, message)
    }

    /// The same error, for who has something else to do about it: SQL that was typed is usage, SQL in a file is not.
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds where it happened.
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Adds the next step for the reader.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the cause below.
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What the caller should do.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where it happened, if it has a place.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The next step, if one is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The message alone, without place, cause or hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(place) = &self.0.place {
            write!(f, " ({place})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn std::error::Error + 'static))
    }
}

/// Adds kind, place and words to an I/O result in one call.
pub trait IoContext<T> {
    /// Reading `path` failed: exit code 4.
    fn reading(self, path: &Path) -> Result<T>;
    /// Writing `path` failed: exit code 7.
    fn writing(self, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn reading(self, path: &Path) -> Result<T> {
        self.map_err(|error| {
            Error::input(format!("could not read `{}`", path.display())).at(Place::file(path)).because(error)
        })
    }

    fn writing(self, path: &Path) -> Result<T> {
        self.map_err(|error| {
            let hint = match error.kind() {
                std::io::ErrorKind::StorageFull
                | std::io::ErrorKind::QuotaExceeded
                | std::io::ErrorKind::FileTooLarge => {
                    "free space on that volume, or set `[output] dir`, then run again: nothing was published"
                }
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    "make that folder writable for this user, or set `[output] dir`"
                }
                _ => "nothing was published; once the volume is well again, run again",
            };
            Error::output(format!("could not write `{}`", path.display())).hint(hint).because(error)
        })
    }
}
