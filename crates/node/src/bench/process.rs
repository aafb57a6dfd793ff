//! What the operating system knows of this process: memory and processor time. Linux; elsewhere nothing is known.

use std::{fs, time::Duration};

const MEGABYTE: f64 = 1_000_000.0;

/// The greatest resident size since the last [`reset_peak`], in MB.
pub(super) fn peak_mb() -> Option<f64> {
    status("VmHWM:")
}

fn status(field: &str) -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024.0 / MEGABYTE)
}

/// Makes the resident size of now the greatest so far; false where the system does not let us.
pub(super) fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Processor time of the calling thread, in seconds.
pub(super) fn thread_cpu_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds).as_secs_f64())
}

/// Processor time of all threads that now live, in seconds: what other programs do at the same time does not show in
/// it. Late by up to one tick of the scheduler for threads that are running on other cores.
pub(super) fn cpu_seconds() -> Option<f64> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task").ok()?.flatten() {
        // a thread may have ended since
        let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else { continue };
        sum = sum.saturating_add(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?));
    }
    Some(sum.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use crate::bench::process::*;

    #[test]
    fn processor_time_goes_on_while_we_work() {
        let before = cpu_seconds().unwrap();
        let sum = (0..80_000_000_u64).fold(0, |sum: u64, index| sum.wrapping_mul(31).wrapping_add(index));
        assert_ne!(std::hint::black_box(sum), 0);
        assert!(cpu_seconds().unwrap() > before);
    }

    #[test]
    fn the_peak_follows_what_is_allocated() {
        assert!(reset_peak());
        let block: Vec<u8> = (0..50_000_000_u32).map(|index| index.to_le_bytes()[0]).collect();
        assert!(block.iter().map(|byte| u64::from(*byte)).sum::<u64>() > 0);
        // Other tests allocate and free in this process at the same time: only the block itself is sure to be in it.
        assert!(peak_mb().unwrap() >= 50.0, "{:?}", peak_mb());
    }
}
