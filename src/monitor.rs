//! How the library tells what it is doing. It never prints: a [`Monitor`] listens, and the command line decides what
//! becomes a bar, a line or a JSON record.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Something that happened and that somebody may want to see. Never holds a value of a data row.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A stage begins: `total` units of `unit` are expected (bytes of input, tables), when known.
    StageStarted {
        /// Name of the stage, for example `ingest transactions`.
        stage: String,
        /// How many units it will take, when that is known.
        total: Option<u64>,
        /// What is counted: `bytes`, `tables`, `rows`.
        unit: &'static str,
    },
    /// `done` more units of the stage are through.
    StageAdvanced {
        /// Name of the stage, as in its `StageStarted`.
        stage: String,
        /// Units finished since the last event.
        done: u64,
    },
    /// The stage is through.
    StageFinished {
        /// Name of the stage, as in its `StageStarted`.
        stage: String,
        /// What came of it, in a few words.
        summary: String,
        /// How long it took.
        elapsed: Duration,
    },
    /// A table was made.
    TableFinished {
        /// Name of the table.
        table: String,
        /// Rows in it.
        rows: u64,
        /// How long it took.
        elapsed: Duration,
    },
    /// Something to read, which does not stop the run.
    Note {
        /// A lower-case fragment without a full stop.
        message: String,
    },
    /// Something that should be looked at, and does not stop the run.
    Warning {
        /// A lower-case fragment without a full stop.
        message: String,
    },
}

/// Listens to what the library does.
pub trait Monitor: Send + Sync {
    /// Called from any thread, often; must not block for long.
    fn event(&self, event: Event);
}

/// Listens to nothing: for tests and for library users who do not care.
pub struct Silent;

impl Monitor for Silent {
    fn event(&self, _: Event) {}
}

/// A request to stop, set by a signal handler and looked at between pieces of work.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicU8>);

const INTERRUPT: u8 = 1;
const TERMINATE: u8 = 2;

impl Cancel {
    /// Nothing has asked to stop yet.
    pub fn new() -> Self {
        Cancel::default()
    }

    /// Asks for a stop as Ctrl-C does (exit code 130).
    pub fn interrupt(&self) {
        self.0.store(INTERRUPT, Ordering::SeqCst);
    }

    /// Asks for a stop as a scheduler's SIGTERM does (exit code 143).
    pub fn terminate(&self) {
        self.0.store(TERMINATE, Ordering::SeqCst);
    }

    /// Ok while nobody asked to stop.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] or [`ErrorKind::Terminated`] once somebody did.
    pub fn check(&self) -> Result<()> {
        match self.0.load(Ordering::SeqCst) {
            0 => Ok(()),
            TERMINATE => Err(Error::new(ErrorKind::Terminated, "terminated by a signal; nothing was published")
                .hint("run the same command again: what was staged is kept")),
            _ => Err(Error::new(ErrorKind::Interrupted, "interrupted; nothing was published")
                .hint("run the same command again: what was staged is kept")),
        }
    }
}
