//! The trie and its versions: one per block, committed or not.

use std::sync::Arc;

use alloy_primitives::B256;
use parking_lot::{Mutex, RwLock};
use rayon::ThreadPool;

use crate::{
    Error, KeyValue,
    trie::{Leaves, Records, RootJob, changes::Overlay, store::Store},
};

/// How a trie keeps its nodes in memory. Roots, records and node sets do not depend on it.
#[derive(Clone, Debug)]
pub enum TrieKind {
    /// The records on disk and the most recently used nodes; one thread. The oracle of the other kind.
    Plain {
        /// Bound of the nodes kept, in bytes.
        cache_bytes: usize,
    },
    /// Nodes stay in memory across blocks; hashing uses all threads of the pool.
    Resident {
        /// Bound of the nodes kept, in bytes; the nodes of at most four nibbles stay beyond it.
        budget_bytes: usize,
        /// The threads that hash; `None` hashes on the calling thread alone.
        pool: Option<Arc<ThreadPool>>,
    },
}

/// The trie of one database.
#[derive(Debug)]
pub struct Trie {
    shared: Arc<Shared>,
    head: RwLock<Version>,
}

/// What the jobs of a trie have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) records: Arc<dyn Records>,
    pub(super) store: Store,
    pub(super) pool: Option<Arc<ThreadPool>>,
}

/// The trie of one block: an immutable handle, cheap to clone.
///
/// Until it is published it holds the nodes that its block changed, and its base, so that jobs can stand on blocks that
/// are not yet committed.
#[derive(Clone, Debug)]
pub struct Version(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: B256,
    /// Number and hash of the block below; errors name it.
    parent: (u64, B256),
    unpublished: Mutex<Option<Unpublished>>,
}

#[derive(Debug)]
struct Unpublished {
    base: Version,
    overlay: Arc<Overlay>,
}

impl Trie {
    /// The trie above the records of `database`, whose state root is `root`.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn open(database: Arc<dyn KeyValue>, root: B256, kind: TrieKind) -> Result<Self, Error> {
        let store = Store::new(database.as_ref(), &kind)?;
        let pool = match kind {
            TrieKind::Plain { .. } => None,
            TrieKind::Resident { pool, .. } => pool,
        };
        Ok(Self::over(Arc::new(database), root, store, pool))
    }

    pub(super) fn over(
        records: Arc<dyn Records>,
        root: B256,
        store: Store,
        pool: Option<Arc<ThreadPool>>,
    ) -> Self {
        let head = Version::published(root);
        Self { shared: Arc::new(Shared { records, store, pool }), head: RwLock::new(head) }
    }

    /// The newest published version: the database's head.
    pub fn head(&self) -> Version {
        self.head.read().clone()
    }

    /// Starts the job that computes a child of `base`. `leaves` is the flat state of the same block as `base`.
    ///
    /// While the job runs, the database may move on to `base` or to an ancestor of it. Once it has moved elsewhere, the
    /// job's reads may contradict each other: its result, an error included, is to be dropped.
    pub fn job(&self, base: &Version, leaves: Arc<dyn Leaves>) -> RootJob {
        RootJob::new(self.shared.clone(), base.clone(), leaves)
    }

    /// Makes a version the head. The writer alone calls it, after the batch with the version's node set is visible.
    ///
    /// # Errors
    /// [`Error::Invariant`] when the version's base is not the head.
    pub fn publish(&self, version: &Version) -> Result<(), Error> {
        let mut head = self.head.write();
        if head.is(version) {
            return Ok(());
        }
        let overlay = match version.0.unpublished.lock().as_ref() {
            Some(unpublished) if unpublished.base.is(&head) => unpublished.overlay.clone(),
            _ => return Err(not_a_child(version, &head)),
        };
        self.shared.store.publish(&overlay);
        *version.0.unpublished.lock() = None;
        *head = version.clone();
        Ok(())
    }
}

impl Version {
    /// The state root of the version's block.
    pub fn root(&self) -> B256 {
        self.0.root
    }

    /// True for two handles of one version.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A version that the database holds.
    fn published(root: B256) -> Self {
        let parent = (0, B256::ZERO);
        Self(Arc::new(Inner { root, parent, unpublished: Mutex::new(None) }))
    }

    /// The child of `base`, the trie of block `parent`, with these changes.
    pub(super) fn child(base: Self, parent: (u64, B256), root: B256, overlay: Overlay) -> Self {
        let unpublished = Unpublished { base, overlay: Arc::new(overlay) };
        Self(Arc::new(Inner { root, parent, unpublished: Mutex::new(Some(unpublished)) }))
    }

    /// The changes of this version and of its bases that are not published, newest first.
    pub(super) fn overlays(&self) -> Vec<Arc<Overlay>> {
        let mut overlays = Vec::new();
        let mut version = self.clone();
        loop {
            let base = match version.0.unpublished.lock().as_ref() {
                None => return overlays,
                Some(unpublished) => {
                    overlays.push(unpublished.overlay.clone());
                    unpublished.base.clone()
                }
            };
            version = base;
        }
    }
}

fn not_a_child(version: &Version, head: &Version) -> Error {
    let (number, hash) = version.0.parent;
    let what =
        format!("its child's trie, root {}, does not follow the head's, {}", version.root(), head.root());
    Error::Invariant { number, hash, what }
}
