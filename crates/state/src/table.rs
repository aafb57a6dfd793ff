//! The tables (RocksDB column families) of the one database.

/// A table of the database. Integers in keys are big-endian; `H(x)` is keccak256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Ascii name to value: schema, chain id, genesis hash, head, mode, earliest heights, consensus height, cursors.
    Meta,
    /// The watcher's TRON cursor, final deposits not yet delivered, attestations until consumed.
    Bridge,
    /// number8 to hash32, running sums, header RLP.
    Headers,
    /// Block hash32 to number8.
    Numbers,
    /// number8 to transactions, senders, ommers, withdrawals.
    Bodies,
    /// number8 to the receipts without blooms.
    Receipts,
    /// number8 to sidecar RLP.
    Sidecars,
    /// number8 to the local commit certificate; the head and epoch ends only.
    Certificates,
    /// height8, round4, hash32 to the bytes of a block that is not decided yet.
    Undecided,
    /// Transaction hash32 to block and index.
    TxLookup,
    /// H(address) to the account: the canonical state.
    Accounts,
    /// H(address), H(slot) to the trimmed value: the canonical state.
    Slots,
    /// Code hash32 to bytecode; never deleted.
    Code,
    /// len1, packed nibbles to a branch record of the account trie.
    AccountTrie,
    /// H(address), len1, packed nibbles to a branch record of a storage trie.
    SlotTrie,
    /// number8 to all previous values of that block.
    Undo,
    /// address20, number8 to the account before that block; an empty value means absent.
    AccountHistory,
    /// address20, H(slot), number8 to the slot's value before that block. The slot is hashed because a wipe removes
    /// slots whose keys nobody knows.
    SlotHistory,
    /// kind1, last 16 bytes, section4 to the blocks of that section.
    LogIndex,
    /// Hash32 to the address or slot behind it; optional.
    Preimages,
}

impl Table {
    /// Every table, in the order of declaration.
    pub const ALL: [Self; 20] = [
        Self::Meta,
        Self::Bridge,
        Self::Headers,
        Self::Numbers,
        Self::Bodies,
        Self::Receipts,
        Self::Sidecars,
        Self::Certificates,
        Self::Undecided,
        Self::TxLookup,
        Self::Accounts,
        Self::Slots,
        Self::Code,
        Self::AccountTrie,
        Self::SlotTrie,
        Self::Undo,
        Self::AccountHistory,
        Self::SlotHistory,
        Self::LogIndex,
        Self::Preimages,
    ];

    /// Its place in [`Table::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The column family's name: stable, part of the format on disk.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Bridge => "bridge",
            Self::Headers => "headers",
            Self::Numbers => "numbers",
            Self::Bodies => "bodies",
            Self::Receipts => "receipts",
            Self::Sidecars => "sidecars",
            Self::Certificates => "certificates",
            Self::Undecided => "undecided",
            Self::TxLookup => "tx_lookup",
            Self::Accounts => "accounts",
            Self::Slots => "slots",
            Self::Code => "code",
            Self::AccountTrie => "account_trie",
            Self::SlotTrie => "slot_trie",
            Self::Undo => "undo",
            Self::AccountHistory => "account_history",
            Self::SlotHistory => "slot_history",
            Self::LogIndex => "log_index",
            Self::Preimages => "preimages",
        }
    }
}
