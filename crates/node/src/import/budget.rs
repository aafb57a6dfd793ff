//! A bound on what waits between executing and writing.

use std::sync::{Condvar, Mutex, PoisonError};

/// Largest sum of the weights in flight, in bytes.
const LIMIT: usize = 64 << 20;

/// Counts bytes in flight; taking waits until there is room.
#[derive(Debug)]
pub(super) struct Budget {
    used: Mutex<usize>,
    freed: Condvar,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self { used: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until `weight` fits. One thing alone always fits, however heavy.
    pub(super) fn take(&self, weight: usize) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |used: &mut usize| *used > 0 && used.saturating_add(weight) > LIMIT;
        let mut used = self.freed.wait_while(used, is_full).unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_add(weight);
    }

    /// Gives `weight` back.
    pub(super) fn give(&self, weight: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(weight);
        drop(used);
        self.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_things_pass_alone_and_in_turn() {
        let budget = Budget::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        budget.take(LIMIT + 1);
                        assert_eq!(*budget.used.lock().unwrap(), LIMIT + 1);
                        budget.give(LIMIT + 1);
                    }
                });
            }
        });
        assert_eq!(*budget.used.lock().unwrap(), 0);
    }
}
