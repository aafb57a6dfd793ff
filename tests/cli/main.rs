//! `bttd` as a program: what it prints, how it ends, and what survives when it is cut off.
//!
//! Each test runs the built binary on folders of its own. `SNAPSHOTS=overwrite` rewrites the texts in `help/`.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod chain_maker;
mod commands;
mod damage;
mod disk_full;
mod export;
mod fixtures;
mod help;
mod import;
mod interruption;
mod run;
