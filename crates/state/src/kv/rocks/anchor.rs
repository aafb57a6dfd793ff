//! A note of the newest synced head beside the write-ahead log.
//!
//! Recovery drops everything behind the first damaged record of the log and says nothing. The note is written after the
//! log was synced and tells afterwards that a committed block is missing. It is not synced itself: after a power cut it
//! may be older than the log, which is harmless, never newer.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use alloy_primitives::keccak256;
use parking_lot::Mutex;

use crate::{
    Error, Head, Table,
    codec::meta,
    kv::{Batch, KeyValue, Op},
};

const NAME: &str = "anchor";
const BYTES: usize = 76;

#[derive(Debug)]
pub(super) struct Anchor {
    file: Mutex<File>,
    noted: Option<Head>,
}

impl Anchor {
    /// Opens or creates the note in the database's folder.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(|error| failed(&error))?;
        let mut bytes = Vec::with_capacity(BYTES);
        (&mut file).take(BYTES as u64).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
        Ok(Self { file: Mutex::new(file), noted: decode(&bytes) })
    }

    /// Refuses a database whose head is below the note.
    pub(super) fn check(&self, kv: &dyn KeyValue, folder: &Path) -> Result<(), Error> {
        let Some(noted) = self.noted else { return Ok(()) };
        let head = kv.get(Table::Meta, meta::HEAD)?.and_then(|row| Head::decode(&row).ok());
        if head.is_some_and(|head| head.number >= noted.number) {
            return Ok(());
        }
        let found = head.map_or_else(|| "no block".to_owned(), |head| format!("block {}", head.number));
        Err(Error::Storage {
            operation: "open",
            reason: format!(
                "{} ends at {found}, yet block {} ({}) had been committed: its write-ahead log is cut or damaged. \
                 Restore a checkpoint, or delete {} to go on from {found}; a validator must not vote again below block \
                 {}",
                folder.display(),
                noted.number,
                noted.hash,
                folder.join(NAME).display(),
                noted.number,
            ),
        })
    }

    /// Notes the head that a synced batch has set.
    pub(super) fn follow(&self, batch: &Batch) -> Result<(), Error> {
        let head = batch.iter().filter_map(|op| match op {
            Op::Put(Table::Meta, meta::HEAD, row) => Head::decode(row).ok(),
            _ => None,
        });
        let Some(head) = head.last() else { return Ok(()) };
        let mut file = self.file.lock();
        file.seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(&encode(&head)))
            .map_err(|error| failed(&error))
    }
}

/// The head and the first bytes of its keccak256; a note torn by a crash is no note.
fn encode(head: &Head) -> Vec<u8> {
    let mut bytes = head.encode();
    let check = keccak256(&bytes);
    bytes.extend_from_slice(check.get(..4).unwrap_or_default());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Head> {
    let (head, check) = bytes.split_last_chunk::<4>()?;
    let matches = keccak256(head).starts_with(check);
    Head::decode(head).ok().filter(|_| matches)
}

fn failed(error: &std::io::Error) -> Error {
    Error::Storage { operation: "note the head", reason: error.to_string() }
}
