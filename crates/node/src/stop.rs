//! Stopping on SIGINT and SIGTERM.

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

/// A flag that says "finish what you are doing and stop". Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Sets the flag.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// True once it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Sets the flag at the first SIGINT or SIGTERM, and says so. The third one ends the process at once, which loses
/// nothing that was committed: a write is atomic.
///
/// Called once in a process; later calls do nothing.
pub fn stop_on_signals(stop: &Stop) {
    let (stop, seen) = (stop.clone(), AtomicU32::new(0));
    let handler = move || {
        stop.set();
        match seen.fetch_add(1, Ordering::Relaxed) {
            0 => tracing::warn!("stopping after the block in work; twice more to end at once"),
            1 => tracing::warn!("still finishing the block in work; once more to end at once"),
            _ => process::abort(),
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!(%error, "signals are not handled: SIGINT ends the process at once");
    }
}
