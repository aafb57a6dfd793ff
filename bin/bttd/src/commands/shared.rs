//! Arguments that several commands have.

use std::path::PathBuf;

use btt_node::{Mode, OpenOptions};
use clap::Args;

/// The data directory.
#[derive(Args, Clone, Debug)]
pub(crate) struct DatadirArg {
    /// The data directory
    #[arg(long, env = "BTTD_DATADIR", value_name = "DIR")]
    pub(crate) datadir: PathBuf,
}

/// How much of the past a database keeps.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ModeArg {
    /// How much of the past is kept: archive (all), full (state of 100,000 blocks), minimal (10,064 blocks, no
    /// history). A new database is full, an old one stays as it is; less is possible later, more is not
    #[arg(long, env = "BTTD_MODE", value_name = "MODE", value_parser = parse_mode)]
    pub(crate) mode: Option<Mode>,
}

impl ModeArg {
    pub(crate) const fn options(self) -> OpenOptions {
        OpenOptions { mode: self.mode }
    }
}

fn parse_mode(name: &str) -> Result<Mode, String> {
    name.parse()
}

/// `1 block`, `2 blocks`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(number))
}

/// `512 B`, `1.5 MiB`.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    // Tenths of the unit below, so that no float is needed.
    let (mut tenths, mut unit) = (u128::from(number).saturating_mul(10) / 1024, 0usize);
    while tenths >= 10_240 && unit.saturating_add(1) < units.len() {
        tenths /= 1024;
        unit = unit.saturating_add(1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units.get(unit).copied().unwrap_or_default())
}

/// `12,345`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len().saturating_mul(2));
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (number, text) in
            [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (u64::MAX, "15.9 EiB")]
        {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(count(1, "block"), "1 block");
        assert_eq!(count(1024, "block"), "1,024 blocks");
    }
}
