//! What the rules compare against. A new crate, owner or justified exception is one row here.

use crate::table::Class::{Dev, Io, Pure, Root, Store};

/// What a crate may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Rules: no clock, randomness, environment, files, sockets, threads.
    Pure,
    /// The same, but the database and worker threads whose order cannot show.
    Store,
    /// Adapters to the world; tokio lives here and above.
    Io,
    /// Composition: the node and the program.
    Root,
    /// Never in the released program's default path: simulation and tests.
    Dev,
}

/// One crate of the workspace.
pub struct Crate {
    /// Its folder; the package is `btt-<folder's name>`, except for the program.
    pub dir: &'static str,
    pub class: Class,
    /// Dependencies go to lower layers.
    pub layer: u8,
    /// Crates of the same layer it may depend on all the same, by folder name.
    pub siblings: &'static [&'static str],
}

const fn row(dir: &'static str, class: Class, layer: u8, siblings: &'static [&'static str]) -> Crate {
    Crate { dir, class, layer, siblings }
}

/// Every crate that exists or is planned, lowest layer first (ARCHITECTURE.md, "Layers").
pub const CRATES: &[Crate] = &[
    row("crates/primitives", Pure, 0, &[]),
    row("crates/chainspec", Pure, 0, &["primitives"]),
    row("crates/contracts", Pure, 0, &["primitives", "chainspec"]),
    row("crates/staking", Pure, 0, &["primitives"]),
    row("crates/bridge", Pure, 0, &["primitives"]),
    row("crates/speed", Pure, 0, &["primitives"]),
    row("crates/consensus", Pure, 1, &[]),
    row("crates/mempool", Pure, 1, &[]),
    row("crates/state", Store, 1, &[]),
    row("crates/evm", Store, 1, &["state"]),
    row("crates/engine", Store, 2, &[]),
    row("crates/network", Io, 3, &[]),
    row("crates/watcher", Io, 3, &[]),
    row("crates/rpc", Io, 3, &[]),
    row("crates/ops", Io, 3, &[]),
    row("crates/torrent", Io, 3, &[]),
    row("crates/sim", Dev, 3, &[]),
    row("crates/tron-sim", Dev, 3, &[]),
    row("crates/node", Root, 4, &[]),
    row("bin/bttd", Root, 5, &[]),
    row("tests", Dev, 6, &[]),
];

/// tokio lives in this layer and above.
pub const TOKIO_FROM_LAYER: u8 = 3;

/// Heavy dependencies and the one crate that may name each, by the start of the dependency's name.
pub const OWNERS: &[(&str, &str)] = &[
    ("rocksdb", "crates/state"),
    ("revm", "crates/evm"),
    ("arc-malachitebft", "crates/consensus"),
    ("libp2p", "crates/network"),
    ("jsonrpsee", "crates/rpc"),
    ("reqwest", "crates/watcher"),
    ("ureq", "crates/watcher"),
    ("hyper", "crates/watcher"),
    ("clap", "bin/bttd"),
    ("tikv-jemallocator", "bin/bttd"),
];

/// What no pure crate may reach, directly or through others: the tools of a program that acts.
pub const NOT_BELOW_PURE: &[&str] = &["tokio", "rocksdb", "libp2p", "reqwest", "ureq", "hyper", "jsonrpsee"];

/// What the released program must not hold.
pub const NOT_IN_RELEASE: &[&str] = &["proptest", "arbitrary", "btt-sim", "btt-tests"];

/// Crates of which the build must hold one version.
pub const ONE_VERSION: &[&str] = &["libp2p", "revm", "alloy-primitives", "rocksdb", "tokio"];

/// Packages in the lock file that are not ours.
pub const EXTERNAL_PACKAGES: usize = 720;

/// Direct dependencies of a crate, without those for tests; the median is reported.
pub const DIRECT_DEPENDENCIES: usize = 35;

/// Features a crate may declare beside `default`.
pub const FEATURES: usize = 3;

/// Licences that may be linked in.
pub const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "CC0-1.0",
    "Unicode-3.0",
    "Zlib",
    "MPL-2.0",
];

/// A file longer than this, or a function with more lines of code, needs a row in the list of exceptions.
pub const FILE_LINES: usize = 800;
pub const FUNCTION_LINES: usize = 80;

/// Files above [`FILE_LINES`], each with the reason why it is better in one piece.
pub const LONG_FILES: &[(&str, &str)] = &[];

/// Functions above [`FUNCTION_LINES`], as (file, function, reason).
pub const LONG_FUNCTIONS: &[(&str, &str, &str)] = &[];

/// Crates whose header needs no example, each with the reason.
pub const NO_EXAMPLE: &[(&str, &str)] = &[];

/// Build scripts, each with the reason why it must be.
pub const BUILD_SCRIPTS: &[(&str, &str)] =
    &[("bin/bttd/build.rs", "commit, profile and compiler for --version, from git and rustc alone")];

/// Files above one MiB, each with the reason.
pub const BIG_FILES: &[(&str, &str)] = &[];

/// Columns of Rust code and comments. rustfmt.toml wraps code at 110 and leaves comments alone.
pub const WIDTH: usize = 120;

/// The row of a package, by its folder.
pub fn crate_at(dir: &str) -> Option<&'static Crate> {
    CRATES.iter().find(|row| row.dir == dir)
}

/// The row of the crate that holds a file.
pub fn crate_of(path: &str) -> Option<&'static Crate> {
    CRATES.iter().find(|row| path.strip_prefix(row.dir).is_some_and(|rest| rest.starts_with('/')))
}

impl Crate {
    /// The folder's own name.
    pub fn name(&self) -> &'static str {
        self.dir.rsplit('/').next().unwrap_or(self.dir)
    }

    /// Pure and store crates: what they compute depends on their input alone.
    pub const fn is_deterministic(&self) -> bool {
        matches!(self.class, Pure | Store)
    }
}
