//! A panic is a fault of ours: exit code 1, the place in the source, and nothing of the data it was about.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

static FIRST_PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Does `work`; a panic in it, or in a thread that it waits for, becomes an error.
///
/// The message of a panic may quote data, so it is shown only to who sets RUST_BACKTRACE.
pub fn caught(work: impl FnOnce() -> Result<()>) -> Result<()> {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let mut first = FIRST_PLACE.lock().unwrap_or_else(PoisonError::into_inner);
            *first = first.take().or(place);
        }));
    }
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = FIRST_PLACE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        Err(Error::internal(format!("panicked{place}; nothing was published"))
            .hint("set RUST_BACKTRACE=1 to see more, and report it with the command and `patronage --version`"))
    })
}
