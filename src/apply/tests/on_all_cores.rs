//! Many independent scenes at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Plays the scenes 0 to `scenes`, one thread a core; the panic of one fails the test.
///
/// These are threads of their own, not rayon's: a drive waits for the sealing, which needs a
/// worker of rayon's pool, and would wait for ever on the last of them.
pub(crate) fn on_all_cores(scenes: u64, play: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(0);
    let worker = || {
        loop {
            let scene = next.fetch_add(1, Ordering::Relaxed);
            if scene >= scenes {
                return;
            }
            play(scene);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(worker);
        }
    });
}
