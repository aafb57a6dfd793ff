//! A database with one damaged row: a target of the fuzzers.

use std::{
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use alloy_consensus::{TxLegacy, TxType};
use alloy_primitives::{Address, B256, Bytes, Log, U256, hex, keccak256};
use btt_primitives::{
    Block, BlockBody, Header, Receipt, SigningKey, Transaction, logs_bloom, receipts_root, transactions_root,
};
use btt_state::{
    Account, AccountChange, Batch, BlockCommit, Database, Durability, KeyValue, Layer, Leaves, LogFilter,
    Memory, Options, SlotChange, StateChanges, StateView, Table, TrieKind,
};

/// Enough accounts and slots that both tries have branch records below one another.
const ACCOUNTS: u64 = 40;
const SLOTS: u64 = 40;
const BLOCKS: u64 = 3;

/// The account that has code and storage.
const CONTRACT: Address = Address::repeat_byte(0xcc);

/// A row of some table.
type Row = (Table, Vec<u8>, Vec<u8>);

/// Replaces the value of row `bytes[..2]` (big-endian, modulo the number of rows) by the rest, then opens the database
/// and reads everything in it. Each read may fail and none may panic. True when the database opens and verifies: then
/// the row is the one that was there, or one of the few that nothing else tells of.
pub fn rows(bytes: &[u8]) -> bool {
    let Some((index, value)) = bytes.split_first_chunk::<2>() else { return false };
    let rows = base();
    let damaged = usize::from(u16::from_be_bytes(*index)) % rows.len();
    let store = Arc::new(Memory::new());
    let mut batch = Batch::default();
    for (at, (table, key, original)) in rows.iter().enumerate() {
        batch.put(*table, key, if at == damaged { value } else { original });
    }
    store.write(batch, Durability::Buffered).expect("memory takes every batch");
    let Ok(database) = Database::open(store, options()) else { return false };
    read_blocks(&database);
    read_state(&database);
    read_trie(&database);
    let is_verified = database.verify(&mut |_| ControlFlow::Continue(())).is_ok();
    drop(database.rewind(BLOCKS - 1));
    let (table, key, original) = &rows[damaged];
    if is_verified && value != original {
        assert!(
            is_free(*table, original, value),
            "{table:?} {} verifies with another value",
            hex::encode(key)
        );
    }
    is_verified
}

/// Rows that hold what cannot be computed from others: what the database is set to, a body's senders, and the log
/// index, which may name more blocks than it must.
const fn is_free(table: Table, original: &[u8], value: &[u8]) -> bool {
    match table {
        Table::Meta | Table::LogIndex => true,
        Table::Bodies => original.len() == value.len(),
        _ => false,
    }
}

/// An input for [`rows`] per row of the database, each of which changes nothing.
pub fn row_samples() -> Vec<Vec<u8>> {
    let inputs =
        base().iter().zip(0_u16..).map(|((_, _, value), index)| [&index.to_be_bytes()[..], value].concat());
    inputs.collect()
}

fn options() -> Options {
    let trie = TrieKind::Plain { cache_bytes: 1 << 16 };
    Options { state_cache_bytes: 4096, code_cache_bytes: 4096, trie, ..Options::default() }
}

fn read_blocks(database: &Database) {
    for number in 0..=BLOCKS {
        if let Ok(Some(header)) = database.header(number) {
            drop(database.number(&header.hash));
        }
        if let Ok(Some((block, _))) = database.block(number) {
            for tx in &block.body.transactions {
                drop(database.transaction(tx.hash()));
            }
        }
        drop(database.receipts(number));
    }
    let filter = LogFilter { addresses: vec![CONTRACT], ..LogFilter::default() };
    drop(database.logs(0..=BLOCKS, &filter, &mut |_| true));
}

fn read_state(database: &Database) {
    for number in 0..=BLOCKS {
        let Ok(view) = database.at(number) else { continue };
        for index in [0, 1, ACCOUNTS] {
            drop(view.account(&address(index)));
        }
        if let Ok(Some(account)) = view.account(&CONTRACT) {
            drop(view.code(&account.code_hash));
        }
        drop(view.storage(&CONTRACT, &slot(1)));
        drop(view.accounts(&B256::ZERO, &B256::repeat_byte(0xff), &mut |_, _| ControlFlow::Continue(())));
        let hashed = keccak256(CONTRACT);
        drop(
            view.slots(&hashed, &B256::ZERO, &B256::repeat_byte(0xff), &mut |_, _| ControlFlow::Continue(())),
        );
    }
}

fn read_trie(database: &Database) {
    for number in 0..=BLOCKS {
        drop(database.proof(number, &CONTRACT, &[slot(1), slot(SLOTS)]));
        drop(database.proof(number, &address(ACCOUNTS), &[]));
    }
    let view = database.latest();
    let next = changes(&view, BLOCKS + 1);
    let mut job = database.trie().job(&database.trie().head(), Arc::new(view));
    drop(job.update(&next));
}

/// The rows of a chain of a few blocks.
fn base() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let store: Arc<dyn KeyValue> = Arc::new(Memory::new());
        let database = Database::open(store.clone(), options()).expect("an empty store opens");
        for number in 0..=BLOCKS {
            commit(&database, number);
        }
        let mut rows = Vec::new();
        for table in Table::ALL {
            let mut visit = |key: &[u8], value: &[u8]| {
                rows.push((table, key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            };
            store.scan(table, &[], None, &mut visit).expect("memory is read");
        }
        rows
    })
}

fn commit(database: &Database, number: u64) {
    let trie = database.trie();
    let view = database.latest();
    let changes = changes(&view, number);
    let mut job = trie.job(&trie.head(), Arc::new(view));
    job.update(&changes).expect("the changes fit the trie");
    let rooted = job.finish();
    let head = database.head();
    let (transactions, receipts) = contents(number);
    let header = Header {
        number,
        parent_hash: head.hash,
        state_root: rooted.root,
        transactions_root: transactions_root(&transactions),
        receipts_root: receipts_root(&receipts),
        logs_bloom: logs_bloom(&receipts),
        gas_used: receipts.last().map_or(0, |receipt| receipt.cumulative_gas_used),
        ..Header::default()
    };
    let hash = header.hash_slow();
    let commit = BlockCommit {
        hash,
        senders: transactions.iter().map(|_| key().address()).collect(),
        block: Block { header, body: BlockBody { transactions, ..BlockBody::default() } },
        receipts,
        layer: Arc::new(Layer::new(number, hash, changes, &rooted.storage_roots)),
        nodes: rooted.nodes,
        version: rooted.version,
        sums: [U256::from(number); 2],
        extra: Batch::default(),
    };
    let written = match number {
        0 => database.init_genesis(7, &commit),
        _ => database.commit(&commit, Durability::Buffered),
    };
    written.expect("the block is the head's child");
}

/// One transaction with one log in each block but the first.
fn contents(number: u64) -> (Vec<Transaction>, Vec<Receipt>) {
    if number == 0 {
        return (Vec::new(), Vec::new());
    }
    let tx = key().sign_transaction(TxLegacy { nonce: number, ..TxLegacy::default() }.into());
    let log = Log::new_unchecked(CONTRACT, vec![slot(number)], Bytes::from_static(b"data"));
    let receipt = Receipt {
        tx_type: TxType::Legacy,
        outcome: true.into(),
        cumulative_gas_used: 21_000,
        logs: vec![log],
    };
    (vec![tx], vec![receipt])
}

/// What a block does to the state of `view`: everything in the first, then the balance of an account and a slot.
fn changes(view: &StateView, value: u64) -> StateChanges {
    let is_genesis = value == 0;
    let value = U256::from(value + 1);
    let addresses = (0..if is_genesis { ACCOUNTS } else { 1 }).map(address);
    let mut accounts: Vec<_> = addresses
        .map(|address| {
            let before = view.account(&address).ok().flatten();
            let after = Account { balance: value, ..before.unwrap_or_default() };
            change(address, before, after, Vec::new())
        })
        .collect();
    let before = view.account(&CONTRACT).ok().flatten();
    let after = Account { nonce: 1, code_hash: keccak256(code()), ..before.unwrap_or_default() };
    let slots = (0..if is_genesis { SLOTS } else { 1 }).map(slot).map(|slot| {
        let before = view.storage(&CONTRACT, &slot).unwrap_or_default();
        SlotChange { slot, hashed: keccak256(slot), before, after: value }
    });
    let mut slots: Vec<_> = slots.collect();
    slots.sort_by_key(|slot| slot.hashed);
    accounts.push(change(CONTRACT, before, after, slots));
    accounts.sort_by_key(|account| account.hashed);
    let codes = if is_genesis { vec![(keccak256(code()), code())] } else { Vec::new() };
    StateChanges { accounts, codes }
}

fn change(
    address: Address,
    before: Option<Account>,
    after: Account,
    slots: Vec<SlotChange>,
) -> AccountChange {
    AccountChange { address, hashed: keccak256(address), before, after: Some(after), wiped: false, slots }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).expect("below the curve's order")
}

const fn code() -> Bytes {
    Bytes::from_static(&[0x60, 0x01, 0x60, 0x02])
}

fn address(index: u64) -> Address {
    Address::from_word(B256::from(U256::from(index)))
}

fn slot(index: u64) -> B256 {
    U256::from(index).into()
}
