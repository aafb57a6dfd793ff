//! Which chain: a name that is compiled in, or a genesis file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use btt_chainspec::{CHAINS, Genesis, GenesisFile};

use crate::Error;

/// Largest genesis file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// A chain as the user named it.
#[derive(Clone, Debug)]
pub struct ChainFile {
    /// The name or the path.
    pub source: String,
    /// The file's text; a data directory keeps it.
    pub text: String,
    /// What it says.
    pub genesis: Genesis,
}

impl ChainFile {
    /// Loads `devnet`, `testnet`, `mainnet`, `bench`, or the genesis file at a path. A file of such a name in the
    /// current folder has to be given with a slash (`./devnet`).
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read, [`Error::Chain`] when it is no genesis.
    pub fn load(source: &str) -> Result<Self, Error> {
        if let Some(text) = named(source) {
            return Self::parse(source.to_owned(), text);
        }
        let path = Path::new(source);
        let looks_like_name = !source.contains(['/', '.']) && !path.exists();
        if looks_like_name {
            let error =
                Genesis::named(source).map(drop).expect_err("names that are compiled in are handled above");
            return Err(Error::Chain { chain: source.to_owned(), source: error });
        }
        Self::parse(source.to_owned(), read_bounded(path)?)
    }

    /// Reads a genesis file's text.
    ///
    /// # Errors
    /// [`Error::Chain`].
    pub fn parse(source: String, text: String) -> Result<Self, Error> {
        match Genesis::parse(&text) {
            Ok(genesis) => Ok(Self { source, text, genesis }),
            Err(error) => Err(Error::Chain { chain: source, source: error }),
        }
    }
}

/// The text of a chain that is compiled in.
fn named(name: &str) -> Option<String> {
    let file = match name {
        "devnet" => GenesisFile::devnet(),
        "testnet" => GenesisFile::testnet(),
        "mainnet" => GenesisFile::mainnet(),
        "bench" => GenesisFile::bench(),
        _ => return None,
    };
    debug_assert!(CHAINS.contains(&name));
    Some(file.to_json())
}

fn read_bounded(path: &Path) -> Result<String, Error> {
    let bytes = fs::metadata(path).map_err(Error::io("read", path))?.len();
    if bytes > MAX_BYTES {
        let reason = format!("it has {bytes} bytes, a chain file at most {MAX_BYTES}");
        let source = std::io::Error::new(std::io::ErrorKind::FileTooLarge, reason);
        return Err(Error::Io { action: "read", path: PathBuf::from(path), source });
    }
    fs::read_to_string(path).map_err(Error::io("read", path))
}
