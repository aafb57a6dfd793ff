//! Merkle proofs of accounts and slots.

use alloy_primitives::{Address, B256, keccak256};

use crate::{
    AccountProof, Database, Error, Prover,
    database::{
        commit::UNDO_BLOCKS,
        past::{Backwards, Moment},
    },
};

impl Database {
    /// Proves an account and some of its slots against the state root of block `number`, one of the newest 256.
    ///
    /// Everything is read under one snapshot; for an older block the undo records are applied first, and the root has
    /// to become that block's.
    ///
    /// # Errors
    /// [`Error::Unknown`] above the head, [`Error::Pruned`] for a block too old; storage errors.
    pub fn proof(&self, number: u64, address: &Address, slots: &[B256]) -> Result<AccountProof, Error> {
        let moment = Moment::new(&**self.key_value())?;
        let head = moment.head();
        if number > head.number {
            return Err(Error::Unknown { asked: number, head: head.number });
        }
        let mut records = Vec::new();
        for undone in (number.saturating_add(1)..=head.number).rev() {
            let record =
                if head.number.saturating_sub(undone) < UNDO_BLOCKS { moment.undo(undone)? } else { None };
            records.push(record.ok_or_else(|| Error::Pruned {
                what: "what proofs need",
                asked: number,
                earliest: undone,
                mode: self.mode(),
            })?);
        }
        let mut prover = Prover::new(&moment, &moment, head.state_root);
        if !records.is_empty() {
            prover.update(&Backwards::default().undo(&moment, &records)?)?;
        }
        let block = moment.block(number)?;
        if prover.root() != block.state_root {
            let what =
                format!("state root {} by undo records, header says {}", prover.root(), block.state_root);
            return Err(Error::Invariant { number, hash: block.hash, what });
        }
        let slots: Vec<_> = slots.iter().map(keccak256).collect();
        prover.prove(&keccak256(address), &slots)
    }
}
