//! How much memory the process uses, where the system tells (`/proc`; elsewhere all figures are absent).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Peak resident memory of the process, overall and while each of several overlapping pieces of work ran.
#[derive(Default)]
pub struct PeakMeter(Mutex<Peaks>);

#[derive(Default)]
struct Peaks {
    overall: Option<u64>,
    running: BTreeMap<String, u64>,
}

impl PeakMeter {
    /// Begins a piece of work.
    pub fn start(&self, work: &str) {
        let mut peaks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peaks.sample();
        peaks.running.insert(work.to_owned(), 0);
    }

    /// Ends a piece of work; the largest resident memory while it ran, in bytes.
    pub fn finish(&self, work: &str) -> Option<u64> {
        let mut peaks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peaks.sample();
        peaks.running.remove(work).filter(|&peak| peak > 0)
    }

    /// The largest resident memory so far, in bytes.
    pub fn overall(&self) -> Option<u64> {
        let mut peaks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        peaks.sample();
        peaks.overall
    }
}

impl Peaks {
    /// Takes the peak since the last sample into account for everything that runs, and starts a new one.
    fn sample(&mut self) {
        let Some(peak) = high_water_bytes() else { return };
        self.overall = self.overall.max(Some(peak));
        for running in self.running.values_mut() {
            *running = (*running).max(peak);
        }
        // "5" resets the high-water mark (proc(5)). Where that is not allowed, peaks only grow, which is still true.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    }
}

fn high_water_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
