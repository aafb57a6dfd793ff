//! What an import has done so far.

use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

/// Counts of one import, up to now.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Blocks executed.
    pub blocks: u64,
    /// Transactions executed.
    pub transactions: u64,
    /// Gas used by them.
    pub gas: u64,
    /// Blocks passed over, because the database had them.
    pub skipped: u64,
    /// Time since the start, in seconds.
    #[serde(rename = "seconds", serialize_with = "seconds")]
    pub elapsed: Duration,
    /// Height of the last block executed or passed over.
    #[serde(skip)]
    pub number: u64,
    /// Bytes of the files that have been worked off.
    #[serde(skip)]
    pub bytes: u64,
    /// Bytes of all files.
    #[serde(skip)]
    pub total_bytes: u64,
    #[serde(skip)]
    start: Instant,
}

impl Figures {
    pub(super) fn new(total_bytes: u64) -> Self {
        Self {
            blocks: 0,
            transactions: 0,
            gas: 0,
            skipped: 0,
            elapsed: Duration::ZERO,
            number: 0,
            bytes: 0,
            total_bytes,
            start: Instant::now(),
        }
    }

    pub(super) fn tick(&mut self) {
        self.elapsed = self.start.elapsed();
    }

    /// Gas used, in millions.
    pub fn mgas(&self) -> f64 {
        float(self.gas) / 1e6
    }

    /// Blocks executed a second, on average.
    pub fn blocks_per_second(&self) -> f64 {
        rate(self.blocks, self.elapsed)
    }

    /// Million gas a second, on average.
    pub fn mgas_per_second(&self) -> f64 {
        rate(self.gas, self.elapsed) / 1e6
    }

    /// Time that the rest of the files takes at the average speed so far, by bytes; `None` before the first byte.
    pub fn eta(&self) -> Option<Duration> {
        let rest = self.total_bytes.saturating_sub(self.bytes);
        let seconds = float(rest) / rate(self.bytes, self.elapsed);
        Duration::try_from_secs_f64(seconds).ok()
    }
}

fn rate(count: u64, elapsed: Duration) -> f64 {
    float(count) / elapsed.as_secs_f64().max(1e-3)
}

/// The nearest float, which is all that a rate shows.
fn float(count: u64) -> f64 {
    let [high, low] =
        [count >> 32, count & 0xffff_ffff].map(|half| f64::from(u32::try_from(half).unwrap_or(u32::MAX)));
    high.mul_add(4_294_967_296.0, low)
}

fn seconds<S: Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}
