//! `bttd chain export`: blocks to a file, as geth writes them.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use alloy_rlp::Encodable;
use serde::Serialize;

use crate::{Error, Node, Stop};

/// What to export and where to.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The file to write.
    pub file: PathBuf,
    /// Height of the first block; 1 when not given, because importing starts after genesis.
    pub from: Option<u64>,
    /// Height of the last block; the head when not given.
    pub to: Option<u64>,
    /// Overwrite an existing file.
    pub force: bool,
}

/// What was exported.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// The file.
    pub file: PathBuf,
    /// Height of the first block.
    pub from: u64,
    /// Height of the last block.
    pub to: u64,
    /// Blocks written.
    pub blocks: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Writes blocks as RLP, one after another without framing. The file appears when it is whole and on stable storage.
/// `None` when a signal stopped it; then there is no file.
///
/// # Errors
/// [`Error::Exists`], [`Error::AboveHead`], [`Error::Io`], or the database failed.
pub fn export(node: &Node, request: &ExportRequest, stop: &Stop) -> Result<Option<ExportReport>, Error> {
    let head = node.database.head().number;
    let (from, to) = (request.from.unwrap_or(1), request.to.unwrap_or(head));
    if let Some(asked) = [from, to].into_iter().find(|asked| *asked > head) {
        return Err(Error::AboveHead { asked, head });
    }
    if request.file.exists() && !request.force {
        return Err(Error::Exists { path: request.file.clone() });
    }
    let partial = partial_path(&request.file);
    let written = write_blocks(node, &partial, from, to, stop);
    if !matches!(written, Ok(Some(_))) {
        // Nobody wants half a file; when it cannot be removed either, the first error says more.
        let _ = fs::remove_file(&partial);
    }
    let Some((blocks, bytes)) = written? else { return Ok(None) };
    fs::rename(&partial, &request.file).map_err(Error::io("write", &request.file))?;
    Ok(Some(ExportReport { file: request.file.clone(), from, to, blocks, bytes }))
}

fn partial_path(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    file.with_file_name(name)
}

fn write_blocks(
    node: &Node,
    path: &Path,
    from: u64,
    to: u64,
    stop: &Stop,
) -> Result<Option<(u64, u64)>, Error> {
    let file = File::create(path).map_err(Error::io("write", path))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let (mut blocks, mut bytes, mut buffer) = (0u64, 0u64, Vec::new());
    for number in from..=to {
        if stop.is_set() {
            return Ok(None);
        }
        let head = node.database.head().number;
        let block = node.database.block(number)?.ok_or(btt_state::Error::Unknown { asked: number, head })?;
        buffer.clear();
        block.0.encode(&mut buffer);
        out.write_all(&buffer).map_err(Error::io("write", path))?;
        blocks = blocks.saturating_add(1);
        bytes = bytes.saturating_add(u64::try_from(buffer.len()).unwrap_or(u64::MAX));
    }
    let file = out.into_inner().map_err(|error| Error::io("write", path)(error.into_error()))?;
    file.sync_all().map_err(Error::io("write", path))?;
    Ok(Some((blocks, bytes)))
}
