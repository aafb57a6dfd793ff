//! Ethereum's conformance data, which is not part of the repository.

use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use crate::root;

/// The folder that `BTT_FIXTURES` names, else `../shared/fixtures` beside the repository; `None` without that folder.
///
/// A suite without fixtures says `SKIPPED` and succeeds; see [`crate::Suite::skip_whole`].
pub fn fixtures() -> Option<PathBuf> {
    let folder = match env::var_os("BTT_FIXTURES") {
        Some(folder) => PathBuf::from(folder),
        None => root().join("../shared/fixtures"),
    };
    folder.is_dir().then_some(folder)
}

/// Every file of a `.tar.zst` archive with its path, in the archive's order. Panics on what is not such an archive.
pub fn archive(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(open(path));
    let entries = archive.entries().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in entries {
        let mut entry = entry.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().unwrap().to_str().expect("paths are UTF-8").to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap_or_else(|error| panic!("{}: {name}: {error}", path.display()));
        files.push((name, content));
    }
    assert!(!files.is_empty(), "{} holds no file", path.display());
    files
}

/// Every line of a `.ndjson.zst` bundle, one at a time: unpacked, a bundle may be half a gigabyte.
pub fn bundle(path: &Path) -> impl Iterator<Item = Vec<u8>> {
    let name = path.display().to_string();
    let lines = BufReader::with_capacity(1 << 20, open(path)).split(b'\n');
    lines.map(move |line| line.unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn open(path: &Path) -> zstd::Decoder<'static, BufReader<File>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    zstd::Decoder::new(file).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
