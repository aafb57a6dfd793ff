//! The data directory: one folder, one chain, one process at a time.
//!
//! ```text
//! DIR/LOCK           held with flock while a process uses the folder; its text is the process id
//! DIR/genesis.json   the chain's genesis file, as it was given
//! DIR/db/            the database
//! ```

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    process,
};

use crate::{ChainFile, Error};

const LOCK: &str = "LOCK";
const GENESIS: &str = "genesis.json";
const DATABASE: &str = "db";

/// A data directory that this process holds until the value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Locked; the system lets go of it even when the process is killed.
    _lock: File,
}

impl DataDir {
    /// Takes the folder, making it when it does not exist.
    ///
    /// # Errors
    /// [`Error::Locked`] with the holder's process id, [`Error::NoDataDir`] when the folder holds anything that bttd
    /// did not put there, [`Error::Io`].
    pub fn create(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path).map_err(Error::io("create", path))?;
        refuse_strange_folder(path)?;
        Self::lock(path)
    }

    /// Takes a folder in which a chain was set up.
    ///
    /// # Errors
    /// [`Error::NoChain`] when there is none, else as [`Self::create`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        if !path.join(GENESIS).is_file() {
            return Err(Error::NoChain { path: path.to_owned() });
        }
        Self::lock(path)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database's folder.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The chain that was set up here; `None` in a new folder.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Chain`] when the stored file was damaged.
    pub fn chain(&self) -> Result<Option<ChainFile>, Error> {
        let path = self.path.join(GENESIS);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        ChainFile::parse(path.display().to_string(), text).map(Some)
    }

    /// Keeps the chain's file; on stable storage and whole, or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn keep_chain(&self, chain: &ChainFile) -> Result<(), Error> {
        let path = self.path.join(GENESIS);
        let new = path.with_extension("json.new");
        let write = || {
            let mut file = File::create(&new)?;
            file.write_all(chain.text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)?;
            File::open(&self.path)?.sync_all()
        };
        write().map_err(Error::io("write", &path))
    }

    fn lock(path: &Path) -> Result<Self, Error> {
        let lock_path = path.join(LOCK);
        let open = || File::options().read(true).write(true).create(true).truncate(false).open(&lock_path);
        let mut lock = open().map_err(Error::io("write", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked { path: path.to_owned(), pid: holder(&mut lock) });
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { action: "lock", path: lock_path, source });
            }
        }
        let write_pid = |lock: &mut File| {
            lock.set_len(0)?;
            lock.rewind()?;
            writeln!(lock, "{}", process::id())
        };
        write_pid(&mut lock).map_err(Error::io("write", &lock_path))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }
}

/// The process id that the holder wrote.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.take(32).read_to_string(&mut text) {
        Ok(_) if text.trim().parse::<u32>().is_ok() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// Refuses a folder with other things in it, so that a slip of `--datadir` does not mix a database into somebody's
/// files.
fn refuse_strange_folder(path: &Path) -> Result<(), Error> {
    if path.join(GENESIS).is_file() || path.join(LOCK).is_file() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let name = entry.map_err(Error::io("read", path))?.file_name();
        if name != LOCK {
            return Err(Error::NoDataDir {
                path: path.to_owned(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_taker_is_told_the_first_one_s_pid() {
        let folder = tempfile::tempdir().unwrap();
        let held = DataDir::create(folder.path()).unwrap();
        match DataDir::create(folder.path()) {
            Err(Error::Locked { pid, .. }) => assert_eq!(pid, process::id().to_string()),
            other => panic!("{other:?}"),
        }
        drop(held);
        DataDir::create(folder.path()).unwrap();
    }

    #[test]
    fn folder_with_other_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "").unwrap();
        match DataDir::create(folder.path()) {
            Err(Error::NoDataDir { found, .. }) => assert_eq!(found, "thesis.tex"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn folder_without_chain_is_not_opened_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none");
        assert!(matches!(DataDir::open(&path), Err(Error::NoChain { .. })));
        assert!(!path.exists());
    }
}
