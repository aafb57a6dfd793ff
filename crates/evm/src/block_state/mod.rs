//! The state of one block while it is executed.

mod changes;
mod commit;
mod delta;
mod loaded;
mod state;

pub use delta::delta;
pub use state::{BlockState, ReadError};
