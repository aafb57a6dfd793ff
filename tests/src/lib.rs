//! What the tests of this package share: where the repository, the built program and the fixtures are.
//!
//! Invariant: nothing here is linked into `bttd`. What fails here panics and says what was expected, because its
//! callers are tests.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

mod fixtures;
pub mod hostile;
mod program;
mod repository;
mod suite;

pub use fixtures::{archive, bundle, fixtures};
pub use hostile::Entry;
pub use program::{bttd, bttd_path};
pub use repository::root;
pub use suite::Suite;
