//! Jobs of very different size over the threads of the rayon pool.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `run` for each job, on up to `workers` threads that have each made their own state and take the next job when
/// they are done with one. Put heavy jobs first: the last ones then fill the gaps.
pub fn share<W>(jobs: &[u32], workers: usize, make: impl Fn() -> W + Sync, run: impl Fn(&mut W, u32) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut state = None;
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            run(state.get_or_insert_with(&make), *job);
        }
    };
    if workers <= 1 {
        return work();
    }
    rayon::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|_| work());
        }
    });
}
