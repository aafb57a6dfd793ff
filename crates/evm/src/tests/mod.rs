//! Blocks and transactions on small chains, with real bytecode.

mod build;
mod collision;
mod constantinople;
mod ethereum;
mod faults;
mod fixtures;
mod headers;
mod model;
mod native;
mod support;
mod system_calls;
