//! Reading the state as it is after one block.

mod leaves;

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use alloy_primitives::{Address, B256, Bytes, U256};

pub(crate) use leaves::{flat_account, flat_slot};

use crate::{Account, Error, Layer, store::Store};

/// The state after one block. Cheap to clone, and it stays right while later blocks commit.
///
/// It is a committed block's number, and on top of it the layers of executed blocks that were not committed when the
/// view was made. It holds nothing of the database open: values that later blocks changed are taken from their undo
/// records and from history, and where neither is kept any more, reads say [`Error::Pruned`].
#[derive(Clone)]
pub struct StateView(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    /// The committed block below the layers.
    base: u64,
    base_hash: B256,
    /// Oldest first; each is the child of the one before, the first of `base`.
    layers: Vec<Arc<Layer>>,
}

impl StateView {
    pub(crate) fn new(store: Arc<Store>, base: u64, base_hash: B256) -> Self {
        Self(Arc::new(Inner { store, base, base_hash, layers: Vec::new() }))
    }

    /// The height of the block.
    pub fn number(&self) -> u64 {
        self.0.layers.last().map_or(self.0.base, |layer| layer.number())
    }

    /// The hash of the block; zero before genesis.
    pub fn hash(&self) -> B256 {
        self.0.layers.last().map_or(self.0.base_hash, |layer| layer.hash())
    }

    /// The view after `layer`, a child of this view's block.
    #[must_use]
    pub fn with_layer(&self, layer: Arc<Layer>) -> Self {
        let Inner { store, base, base_hash, layers } = &*self.0;
        let layers = layers.iter().cloned().chain([layer]).collect();
        Self(Arc::new(Inner { store: store.clone(), base: *base, base_hash: *base_hash, layers }))
    }

    /// The same view with the layers left out that the database has taken over since; what a chain of views built one
    /// on another needs now and then, to stay short.
    #[must_use]
    pub fn settled(&self) -> Self {
        let Inner { store, base, base_hash, layers } = &*self.0;
        let head = store.head().number;
        let done = layers.iter().take_while(|layer| layer.is_committed() && layer.number() <= head).count();
        let Some(last) = done.checked_sub(1).and_then(|last| layers.get(last)) else { return self.clone() };
        debug_assert!(last.number() > *base || *base_hash == B256::ZERO);
        let rest = layers.iter().skip(done).cloned().collect();
        Self(Arc::new(Inner {
            store: store.clone(),
            base: last.number(),
            base_hash: last.hash(),
            layers: rest,
        }))
    }

    /// The layers on top of the committed block, oldest first.
    pub fn layers(&self) -> &[Arc<Layer>] {
        &self.0.layers
    }

    /// The account, `None` when it does not exist.
    ///
    /// # Errors
    /// [`Error::Pruned`] when later blocks changed the account and what it was is no longer kept; storage errors.
    pub fn account(&self, address: &Address) -> Result<Option<Account>, Error> {
        for layer in self.0.layers.iter().rev() {
            if let Some(account) = layer.account(address) {
                return Ok(account);
            }
        }
        self.0.store.account_at(self.below_layers(), address)
    }

    /// The value of a storage slot, zero when it was never set.
    ///
    /// # Errors
    /// As [`StateView::account`].
    pub fn storage(&self, address: &Address, slot: &B256) -> Result<U256, Error> {
        for layer in self.0.layers.iter().rev() {
            if let Some(value) = layer.storage(address, slot) {
                return Ok(value);
            }
        }
        self.0.store.slot_at(self.below_layers(), address, slot)
    }

    /// The code behind a code hash.
    ///
    /// # Errors
    /// Storage errors.
    pub fn code(&self, hash: &B256) -> Result<Option<Bytes>, Error> {
        for layer in self.0.layers.iter().rev() {
            if let Some(code) = layer.code(hash) {
                return Ok(Some(code.clone()));
            }
        }
        self.0.store.code(hash)
    }

    /// The hash of block `number` on this view's chain, itself included; `None` above it.
    ///
    /// # Errors
    /// Storage errors.
    pub fn block_hash(&self, number: u64) -> Result<Option<B256>, Error> {
        if number > self.number() {
            return Ok(None);
        }
        if let Some(layer) = self.0.layers.iter().find(|layer| layer.number() == number) {
            return Ok(Some(layer.hash()));
        }
        self.0.store.block_hash(number)
    }

    /// The block up to which flat rows may have moved without disturbing this view: the last layer, counted from the
    /// base, that the database has taken over.
    fn below_layers(&self) -> u64 {
        let Inner { store, base, layers, .. } = &*self.0;
        if layers.is_empty() || store.published.load(Ordering::Acquire) <= *base {
            return *base;
        }
        layers.iter().take_while(|layer| layer.is_committed()).last().map_or(*base, |layer| layer.number())
    }
}

impl fmt::Debug for StateView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateView")
            .field("number", &self.number())
            .field("hash", &self.hash())
            .field("base", &self.0.base)
            .field("layers", &self.0.layers.len())
            .finish()
    }
}
