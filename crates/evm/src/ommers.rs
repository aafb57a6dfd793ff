//! Ommers of proof-of-work blocks.

use alloy_primitives::{
    B256, U256,
    map::{B256Map, B256Set},
};
use btt_chainspec::ChainSpec;
use btt_primitives::{EMPTY_OMMERS_HASH, Header, SealedBlock};

use crate::{Error, Invalid, InvalidOmmer, Parent, check_header};

/// Ommers that one block may have.
const MAX_OMMERS: usize = 2;
/// An ommer's parent is among so many ancestors.
const GENERATIONS: usize = 7;

/// An earlier block, as far as the rules for ommers need it.
#[derive(Clone, Debug)]
pub struct Ancestor {
    /// Its header.
    pub header: Header,
    /// The ommers of its body.
    pub ommers: Vec<Header>,
}

/// Finds an earlier block by its hash, `None` before genesis. Asked for blocks with ommers only.
pub type Ancestors<'a> = dyn Fn(&B256) -> Result<Option<Ancestor>, btt_state::Error> + Sync + 'a;

/// Checks the ommers of a block whose body was found to fit its header.
///
/// # Errors
/// [`Error::Invalid`] for the first rule found broken, [`Error::Fatal`] when an ancestor cannot be read.
pub fn check_ommers(
    spec: &ChainSpec,
    sealed: &SealedBlock,
    parent: &Parent<'_>,
    ancestors: &Ancestors<'_>,
) -> Result<(), Error> {
    let ommers = &sealed.block.body.ommers;
    if ommers.is_empty() {
        return Ok(());
    }
    if ommers.len() > MAX_OMMERS {
        return Err(Invalid::TooManyOmmers(ommers.len()).into());
    }
    let (generations, mut included) = recent(parent, ancestors)?;
    included.insert(sealed.hash);
    for (index, ommer) in ommers.iter().enumerate() {
        check_ommer(spec, ommer, parent, &generations, &mut included)
            .map_err(|reason| Invalid::Ommer { index, reason })?;
    }
    Ok(())
}

fn check_ommer(
    spec: &ChainSpec,
    ommer: &Header,
    parent: &Parent<'_>,
    generations: &B256Map<Header>,
    included: &mut B256Set,
) -> Result<(), InvalidOmmer> {
    let hash = ommer.hash_slow();
    if !included.insert(hash) {
        return Err(InvalidOmmer::Repeated);
    }
    if generations.contains_key(&hash) {
        return Err(InvalidOmmer::Ancestor);
    }
    let unknown = InvalidOmmer::UnknownParent(ommer.parent_hash);
    let ommer_parent = generations.get(&ommer.parent_hash).filter(|_| ommer.parent_hash != parent.hash);
    let header = ommer_parent.ok_or(unknown)?;
    let ommer_parent = Parent { header, hash: ommer.parent_hash, sums: [U256::ZERO; 2] };
    check_header(spec, ommer, &ommer_parent)
        .map(drop)
        .map_err(|reason| InvalidOmmer::Header(Box::new(reason)))
}

/// The last seven ancestors by hash, and the hashes of their ommers.
fn recent(
    parent: &Parent<'_>,
    ancestors: &Ancestors<'_>,
) -> Result<(B256Map<Header>, B256Set), btt_state::Error> {
    let (mut generations, mut included) = (B256Map::default(), B256Set::default());
    let mut hash = parent.hash;
    for _ in 0..GENERATIONS {
        let Some(ancestor) = ancestors(&hash)? else { break };
        if ancestor.header.ommers_hash != EMPTY_OMMERS_HASH {
            included.extend(ancestor.ommers.iter().map(Header::hash_slow));
        }
        let next = ancestor.header.parent_hash;
        generations.insert(hash, ancestor.header);
        hash = next;
    }
    Ok((generations, included))
}
