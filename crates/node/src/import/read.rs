//! The reading stage: bytes of blocks from files, bounded before anything is allocated.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::PathBuf,
    sync::Arc,
};

use btt_evm::Executor;
use btt_primitives::block_length;
use crossbeam_channel::Sender;
use rayon::prelude::*;

use crate::{
    Error,
    import::prepare::{Prepared, prepare},
};

/// The largest block that is read, in bytes. Ethereum's largest at 60M gas are below 10 MiB.
const MAX_BLOCK_BYTES: usize = 128 << 20;
/// Bytes from which a block's length can be told.
const PREFIX: usize = 9;
/// A batch goes on when it has so many blocks or bytes: enough for all cores to recover senders at once.
const BATCH_BLOCKS: usize = 256;
const BATCH_BYTES: usize = 4 << 20;

/// What the reading stage hands on: blocks in the order of the files, and at the end an error if there was one.
pub(super) type Batch = Vec<Result<Prepared, Error>>;

/// The files of an import.
pub(super) struct Reader {
    files: Vec<(Arc<PathBuf>, BufReader<File>)>,
    total_bytes: u64,
}

/// The bytes of one block, and where they came from.
pub(super) struct Raw {
    /// The file.
    pub(super) path: Arc<PathBuf>,
    /// Where in it the block begins.
    pub(super) offset: u64,
    /// The block's RLP.
    pub(super) bytes: Vec<u8>,
}

impl Reader {
    /// Opens all files, so that one that is missing is known before any work is done.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        let (mut files, mut total_bytes) = (Vec::new(), 0u64);
        for path in paths {
            let file = File::open(path).map_err(Error::io("read", path))?;
            let metadata = file.metadata().map_err(Error::io("read", path))?;
            if metadata.is_dir() {
                return Err(Error::io("read", path)(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            total_bytes = total_bytes.saturating_add(metadata.len());
            files.push((Arc::new(path.clone()), BufReader::with_capacity(1 << 20, file)));
        }
        Ok(Self { files, total_bytes })
    }

    pub(super) const fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// Reads until the end, the first error, or until nobody listens any more.
    pub(super) fn run(self, executor: &Executor, out: &Sender<Batch>) {
        for (path, mut file) in self.files {
            let mut offset = 0;
            loop {
                let (raw, error) = read_batch(&path, &mut file, &mut offset);
                let ended = raw.is_empty() || error.is_some();
                let mut batch: Batch = raw.into_par_iter().map(|raw| prepare(executor, raw)).collect();
                batch.extend(error.map(Err));
                let failed = batch.last().is_some_and(Result::is_err);
                if !batch.is_empty() && out.send(batch).is_err() || failed {
                    return;
                }
                if ended {
                    break;
                }
            }
        }
    }
}

/// Reads blocks until a batch is full; the error ends the reading after them.
fn read_batch(
    path: &Arc<PathBuf>,
    file: &mut BufReader<File>,
    offset: &mut u64,
) -> (Vec<Raw>, Option<Error>) {
    let (mut blocks, mut size) = (Vec::new(), 0usize);
    while blocks.len() < BATCH_BLOCKS && size < BATCH_BYTES {
        match read_block(file) {
            Ok(None) => break,
            Ok(Some(bytes)) => {
                size = size.saturating_add(bytes.len());
                let begin = *offset;
                *offset = begin.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                blocks.push(Raw { path: path.clone(), offset: begin, bytes });
            }
            Err(ReadError::Io(source)) => {
                return (blocks, Some(Error::io("read", path.as_path())(source)));
            }
            Err(ReadError::Damaged(reason)) => {
                let (path, place) = (path.to_path_buf(), String::new());
                return (blocks, Some(Error::Input { path, offset: *offset, place, reason }));
            }
        }
    }
    (blocks, None)
}

enum ReadError {
    Io(io::Error),
    Damaged(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads the next block's bytes; `None` at the end of the file.
fn read_block(file: &mut impl Read) -> Result<Option<Vec<u8>>, ReadError> {
    let mut bytes = Vec::with_capacity(PREFIX);
    file.take(1).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut length = None;
    while length.is_none() && bytes.len() <= PREFIX {
        length =
            block_length(&bytes, MAX_BLOCK_BYTES).map_err(|error| ReadError::Damaged(error.to_string()))?;
        if length.is_none() && file.take(1).read_to_end(&mut bytes)? == 0 {
            return Err(truncated(bytes.len(), None));
        }
    }
    let length = length.unwrap_or(usize::MAX);
    let missing = length.saturating_sub(bytes.len());
    // A claimed length costs nothing before its bytes are there.
    bytes.reserve(missing.min(1 << 20));
    file.take(u64::try_from(missing).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    if bytes.len() < length { Err(truncated(bytes.len(), Some(length))) } else { Ok(Some(bytes)) }
}

fn truncated(got: usize, length: Option<usize>) -> ReadError {
    ReadError::Damaged(match length {
        Some(length) => format!("the file ends after {got} of the block's {length} bytes"),
        None => format!("the file ends after {got} bytes, inside the block's length"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut input: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let mut blocks = Vec::new();
        loop {
            match read_block(&mut input) {
                Ok(Some(block)) => blocks.push(block),
                Ok(None) => return Ok(blocks),
                Err(ReadError::Damaged(reason)) => return Err(reason),
                Err(ReadError::Io(error)) => return Err(error.to_string()),
            }
        }
    }

    #[test]
    fn blocks_are_split_where_they_end() {
        let long = [&[0xf8, 60][..], &[1; 60]].concat();
        let input = [&[0xc1, 5][..], &long, &[0xc0]].concat();
        assert_eq!(read_all(&input), Ok(vec![vec![0xc1, 5], long, vec![0xc0]]));
        assert_eq!(read_all(&[]), Ok(vec![]));
    }

    #[test]
    fn cut_files_say_how_much_is_missing() {
        assert_eq!(
            read_all(&[0xf8]),
            Err("the file ends after 1 bytes, inside the block's length".to_owned())
        );
        assert_eq!(read_all(&[0xc5, 1]), Err("the file ends after 2 of the block's 6 bytes".to_owned()));
    }

    #[test]
    fn absurd_lengths_are_refused_before_allocating() {
        let reason = read_all(&[0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).unwrap_err();
        assert!(reason.contains("limit 134217728"), "{reason}");
        let reason = read_all(b"not rlp").unwrap_err();
        assert!(reason.contains("unexpected string"), "{reason}");
    }
}
