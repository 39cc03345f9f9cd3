//! SIGINT and SIGTERM ask a command to stop; the second one does not ask.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use crate::error::{Error, Result};
use crate::monitor::Cancel;

/// A request to stop that the first SIGINT or SIGTERM sets. The second one ends the process at once, with the exit code
/// of its signal: nothing half-made is ever published, so there is nothing to lose.
///
/// # Errors
/// When the system refuses a handler.
pub fn cancel_on_signal() -> Result<Cancel> {
    let failed = |error: std::io::Error| Error::internal("could not install the signal handlers").because(error);
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
    let cancel = Cancel::new();
    let asked = cancel.clone();
    let wait_for_signals = move || {
        for (count, signal) in signals.forever().enumerate() {
            if count > 0 {
                low_level::exit(128 + signal);
            }
            if signal == SIGINT { asked.interrupt() } else { asked.terminate() }
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(wait_for_signals).map_err(failed)?;
    Ok(cancel)
}
