//! How often a fault is tried, and on how many threads.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often a fault is tried: in full by `tests/run`, a tenth as often by `cargo test` alone, whose build is slow.
pub(crate) fn times(full: u64) -> u64 {
    if std::env::var_os("VERIDOSE_FULL").is_some() {
        return full;
    }
    println!("measured: only {} of {full}: VERIDOSE_FULL is not set", full / 10);
    full / 10
}

/// Does `case` for every number below `count`, on as many threads as there are cores.
pub(crate) fn in_parallel<T>(count: u64, start: impl Fn() -> T + Sync, case: impl Fn(&mut T, u64) + Sync) {
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = start();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    case(&mut own, number);
                }
            });
        }
    });
}
