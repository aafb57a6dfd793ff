//! The run: both halves through the same blocks, then the whole import of those blocks into a second copy.

use std::{
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    thread,
    time::Instant,
};

use btt_chainspec::{ChainSpec, Genesis};
use btt_evm::{
    Executed,
    plain::{Plain, PlainAccount},
};
use btt_state::{BlockCommit, Database, Durability, KeyValue, Rocks, RocksOptions, Table, TrieKind};
use crossbeam_channel::Receiver;

use crate::bench::{
    BenchError, Workload,
    accounts::{Accounts, BALANCE},
    chain::{Block, Chain},
    keccak_floor::{Leaves, hash_all},
    process,
    report::{Row, median, to_f64},
    scene::Scene,
    seed::Seed,
    transactions::{Generator, Terms},
};

/// Blocks that are executed first and not counted.
const WARM_UP: usize = 2;
/// Memory for the trie's nodes.
const TRIE_BYTES: usize = 256 << 20;
/// Executed blocks that may wait for the writer.
const QUEUE: usize = 2;

/// What to run.
#[derive(Clone, Debug)]
pub struct ExecutionOptions {
    /// The workloads, each on a state of its own.
    pub workloads: Vec<Workload>,
    /// Accounts of the state.
    pub accounts: usize,
    /// Blocks counted, an even number: every other one is committed with a wait for stable storage.
    pub blocks: usize,
    /// Transactions per block; `None` for each workload's own number.
    pub transactions: Option<usize>,
    /// Seed of everything that is made.
    pub seed: u64,
    /// Folder for the databases, removed afterwards.
    pub folder: PathBuf,
    /// Measure right after the start, with nothing in memory, instead of as a node that has run for long.
    pub cold: bool,
    /// How the trie keeps its nodes.
    pub trie: TrieChoice,
}

/// How the trie keeps its nodes in a run; both give the same roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrieChoice {
    /// On disk, the most recently used ones in memory; one thread.
    Plain,
    /// In memory across blocks; all cores.
    Resident,
}

impl TrieChoice {
    fn kind(self) -> TrieKind {
        match self {
            Self::Plain => TrieKind::Plain { cache_bytes: TRIE_BYTES },
            // without a pool of its own it hashes on the calling thread, which is right but slower
            Self::Resident => TrieKind::Resident {
                budget_bytes: TRIE_BYTES,
                pool: rayon::ThreadPoolBuilder::new().build().ok().map(Arc::new),
            },
        }
    }
}

impl FromStr for TrieChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "plain" => Ok(Self::Plain),
            "resident" => Ok(Self::Resident),
            _ => Err(format!("no trie named {name}; there are plain and resident")),
        }
    }
}

/// Runs the workloads one after another; `note` hears what is being done.
///
/// # Errors
/// When a database fails, or both halves differ.
pub fn execution(options: &ExecutionOptions, note: &mut dyn FnMut(&str)) -> Result<Vec<Row>, BenchError> {
    note("making the bench chain");
    let genesis = Genesis::named("bench")?;
    options.workloads.iter().map(|workload| run(*workload, options, genesis.clone(), note)).collect()
}

/// One workload with what it was set up with.
struct Run<'a> {
    workload: Workload,
    options: &'a ExecutionOptions,
    spec: Arc<ChainSpec>,
    accounts: Accounts,
    scene: Scene,
    per_block: usize,
}

/// What each counted block took, by what was done.
#[derive(Debug, Default)]
struct Times {
    raw: Vec<Spent>,
    recover: Vec<Spent>,
    exec: Vec<Spent>,
    root: Vec<Spent>,
    keccak: Vec<Spent>,
    receipts: Vec<Spent>,
    commit: Vec<Spent>,
    commit_synced: Vec<Spent>,
    gas: u64,
    transactions: usize,
}

fn run(
    workload: Workload,
    options: &ExecutionOptions,
    genesis: Genesis,
    note: &mut dyn FnMut(&str),
) -> Result<Row, BenchError> {
    let per_block = options.transactions.unwrap_or_else(|| workload.transactions_per_block());
    let total = per_block.saturating_mul(options.blocks.saturating_add(WARM_UP));
    note(&format!("{workload}: making {} accounts and their state", options.accounts));
    let accounts = Accounts::new(options.seed, options.accounts, total.min(options.accounts / 2).max(1));
    let scene = Scene::new(workload, genesis.spec.chain_id, &accounts)?;
    let seed = Seed::new(genesis, &accounts, &scene);
    let run = Run { workload, options, spec: seed.spec.clone(), accounts, scene, per_block };
    let folder = Folder::new(options.folder.join(format!("bench-{workload}")))?;
    let (first, second) = (folder.0.join("first"), folder.0.join("second"));
    let leaves = Leaves::of(&seed.changes);
    let disk_bytes = run.seed(seed, &first, &second)?;
    let (times, blocks) = run.compare(&first, leaves, note)?;
    note(&format!("{workload}: importing {} blocks", blocks.len()));
    let import = run.import(&second, blocks)?;
    Ok(run.row(&times, &import, disk_bytes))
}

impl Run<'_> {
    /// Writes the first state into two databases; gives the bytes of accounts and their trie on disk.
    fn seed(&self, seed: Seed, first: &Path, second: &Path) -> Result<u64, BenchError> {
        let store = open(first)?;
        seed.write(store.clone(), self.options.trie.kind())?;
        let mut bytes = 0_u64;
        for table in [Table::Accounts, Table::AccountTrie] {
            store.compact(table)?;
            bytes = bytes.saturating_add(store.stats(table)?.disk_bytes);
        }
        store.checkpoint(second)?;
        Ok(bytes)
    }

    /// Takes both halves through the same blocks in turn.
    fn compare(
        &self,
        folder: &Path,
        mut leaves: Leaves,
        note: &mut dyn FnMut(&str),
    ) -> Result<(Times, Vec<Block>), BenchError> {
        let mut chain = self.open(folder)?;
        let mut plain = self.plain();
        let mut generator =
            Generator::new(self.workload, self.options.seed, self.terms(), &self.accounts, &self.scene);
        let (mut times, mut blocks) = (Times::default(), Vec::new());
        for index in 0..self.options.blocks.saturating_add(WARM_UP) {
            note(&format!(
                "{}: block {index} of {}",
                self.workload,
                self.options.blocks.saturating_add(WARM_UP)
            ));
            let signed = generator.take(self.per_block);
            let block = chain.build(signed)?;
            let mut this = Times::default();
            if index.is_multiple_of(2) {
                self.plain_block(&mut plain, &block, &mut this)?;
                self.node_block(&mut chain, &block, &mut leaves, index, &mut this)?;
            } else {
                self.node_block(&mut chain, &block, &mut leaves, index, &mut this)?;
                self.plain_block(&mut plain, &block, &mut this)?;
            }
            blocks.push(block);
            if index >= WARM_UP {
                times.add(this);
            }
        }
        Ok((times, blocks))
    }

    fn open(&self, folder: &Path) -> Result<Chain, BenchError> {
        let chain = Chain::open(self.spec.clone(), open(folder)?, self.options.trie.kind())?;
        if !self.options.cold {
            chain.warm(self.accounts.addresses(), &self.scene.contracts)?;
        }
        Ok(chain)
    }

    fn terms(&self) -> Terms {
        let floor = self.spec.btt().map_or(1, |rules| u128::from(rules.base_fee_floor));
        Terms {
            chain_id: self.spec.chain_id,
            max_fee_per_gas: floor.saturating_mul(4),
            max_priority_fee_per_gas: floor,
        }
    }

    /// Plain revm with the same first state.
    fn plain(&self) -> Plain {
        let mut plain = Plain::new(self.spec.chain_id);
        for address in self.accounts.addresses() {
            plain.insert(&PlainAccount { address: *address, balance: BALANCE, ..PlainAccount::default() });
        }
        self.scene.contracts.iter().for_each(|contract| plain.insert(contract));
        plain
    }

    fn plain_block(&self, plain: &mut Plain, block: &Block, times: &mut Times) -> Result<(), BenchError> {
        let header = &block.block.block.header;
        let prepared = Plain::prepare(header, &block.block.block.body.transactions, &block.senders);
        let (spent, outcome) = timed(|| plain.run(prepared));
        let outcome = outcome?;
        times.raw.push(spent);
        if outcome.failed > 0 || outcome.gas != header.gas_used {
            let what = format!(
                "plain revm used {} gas with {} failures, the node {}",
                outcome.gas, outcome.failed, header.gas_used
            );
            return Err(BenchError::Differs { workload: self.workload, number: header.number, what });
        }
        Ok(())
    }

    fn node_block(
        &self,
        chain: &mut Chain,
        block: &Block,
        leaves: &mut Leaves,
        index: usize,
        times: &mut Times,
    ) -> Result<(), BenchError> {
        let (header, transactions) = (&block.block.block.header, &block.block.block.body.transactions);
        let (recover, senders) = timed(|| chain.recover(transactions));
        let (exec, outcome) = timed(|| chain.execute(block));
        let outcome = outcome?;
        let (receipts, checked) = timed(|| Chain::check_receipts(block, &outcome));
        checked?;
        let (root, rooted) = timed(|| chain.root(block, &outcome));
        let rooted = rooted?;
        let lengths = leaves.apply(&outcome.changes);
        let (keccak, _) = timed(|| std::hint::black_box(hash_all(&lengths)));
        if senders? != block.senders || transactions.len() != self.per_block {
            let what =
                format!("{} of {} transactions, or another sender", transactions.len(), self.per_block);
            return Err(BenchError::Differs { workload: self.workload, number: header.number, what });
        }
        let synced = index % 2 == 1;
        let durability = if synced { Durability::Synced } else { Durability::Buffered };
        let Block { block, senders } = block.clone();
        let (gas, count) = (header.gas_used, transactions.len());
        let (commit, written) = timed(|| {
            let commit = chain.advance(block, Executed { outcome, rooted, senders });
            chain.database.commit(&commit, durability)
        });
        written?;
        let commits = if synced { &mut times.commit_synced } else { &mut times.commit };
        commits.push(commit);
        for (all, spent) in [
            (&mut times.recover, recover),
            (&mut times.exec, exec),
            (&mut times.receipts, receipts),
            (&mut times.root, root),
            (&mut times.keccak, keccak),
        ] {
            all.push(spent);
        }
        (times.gas, times.transactions) = (gas, count);
        Ok(())
    }

    /// Imports the blocks into the second copy as fast as it goes: one thread executes, checks, roots, another writes.
    fn import(&self, folder: &Path, blocks: Vec<Block>) -> Result<Import, BenchError> {
        let mut chain = self.open(folder)?;
        process::reset_peak();
        let (database, mut blocks) = (chain.database.clone(), blocks.into_iter());
        for block in blocks.by_ref().take(WARM_UP) {
            database.commit(&step(&mut chain, block)?, Durability::Buffered)?;
        }
        let (sender, receiver) = crossbeam_channel::bounded::<BlockCommit>(QUEUE);
        let (spent, done) = timed(|| {
            thread::scope(|scope| {
                let writer = scope.spawn(move || write_all(&database, &receiver));
                for block in blocks {
                    if sender.send(step(&mut chain, block)?).is_err() {
                        break;
                    }
                }
                drop(sender);
                writer.join().map_err(|_| BenchError::Writer)?
            })
        });
        let writer_cpu = done?.unwrap_or_default();
        let spent = Spent { cpu: spent.cpu + writer_cpu, ..spent };
        Ok(Import { spent, peak_mb: process::peak_mb() })
    }

    fn row(&self, times: &Times, import: &Import, disk_bytes: u64) -> Row {
        // every other block was committed one way, the rest the other way
        let commit = |spent: &[Spent]| wall(spent) * to_f64(times.exec.len()) / to_f64(spent.len());
        Row {
            workload: self.workload.name(),
            accounts: self.accounts.len(),
            transactions: times.transactions,
            gas: times.gas,
            raw_revm_s: wall(&times.raw),
            recover_s: wall(&times.recover),
            exec_s: wall(&times.exec),
            receipts_s: wall(&times.receipts),
            root_s: wall(&times.root),
            commit_s: commit(&times.commit),
            commit_synced_s: commit(&times.commit_synced),
            exec_over_raw: ratio(&times.exec, &times.raw),
            exec_over_raw_cpu: cpu(&times.exec) / cpu(&times.raw),
            root_over_keccak: ratio(&times.root, &times.keccak),
            root_over_keccak_cpu: cpu(&times.root) / cpu(&times.keccak),
            import_mgas_per_s: mega(times.gas) / import.spent.wall,
            import_mgas_per_cpu_s: mega(times.gas) / import.spent.cpu,
            rss_mb: import.peak_mb.unwrap_or_default(),
            disk_mb_per_million_accounts: mega(disk_bytes) / to_f64(self.accounts.len()) * 1e6,
        }
    }
}

/// What an import took.
#[derive(Clone, Copy, Debug)]
struct Import {
    spent: Spent,
    peak_mb: Option<f64>,
}

/// Writes what comes; gives the processor time of this thread, which ends with it.
fn write_all(database: &Database, blocks: &Receiver<BlockCommit>) -> Result<Option<f64>, BenchError> {
    blocks.iter().try_for_each(|block| database.commit(&block, Durability::Buffered))?;
    Ok(process::thread_cpu_seconds())
}

fn step(chain: &mut Chain, block: Block) -> Result<BlockCommit, BenchError> {
    let executed = chain.execute_whole(&block)?;
    Ok(chain.advance(block.block, executed))
}

impl Times {
    fn add(&mut self, block: Self) {
        self.raw.extend(block.raw);
        self.recover.extend(block.recover);
        self.exec.extend(block.exec);
        self.root.extend(block.root);
        self.keccak.extend(block.keccak);
        self.receipts.extend(block.receipts);
        self.commit.extend(block.commit);
        self.commit_synced.extend(block.commit_synced);
        self.gas = self.gas.saturating_add(block.gas);
        self.transactions = self.transactions.saturating_add(block.transactions);
    }
}

/// Seconds of one piece of work: on the wall's clock, and of the processor in all threads of this process.
#[derive(Clone, Copy, Debug)]
struct Spent {
    wall: f64,
    cpu: f64,
}

fn timed<T>(work: impl FnOnce() -> T) -> (Spent, T) {
    let cpu = process::cpu_seconds();
    let start = Instant::now();
    let result = work();
    let wall = start.elapsed().as_secs_f64();
    let cpu = process::cpu_seconds().zip(cpu).map_or(wall, |(after, before)| after - before);
    (Spent { wall, cpu }, result)
}

/// The median block's time on the wall's clock, for all blocks.
fn wall(spent: &[Spent]) -> f64 {
    let mut blocks: Vec<_> = spent.iter().map(|spent| spent.wall).collect();
    median(&mut blocks) * to_f64(spent.len())
}

/// Processor time of all blocks. A sum: one block's is as coarse as the scheduler's tick.
fn cpu(spent: &[Spent]) -> f64 {
    spent.iter().map(|spent| spent.cpu).sum()
}

/// Median over the blocks of one time by another.
fn ratio(above: &[Spent], below: &[Spent]) -> f64 {
    let mut ratios: Vec<_> = above.iter().zip(below).map(|(above, below)| above.wall / below.wall).collect();
    median(&mut ratios)
}

/// A number of bytes or gas in millions.
fn mega(count: u64) -> f64 {
    count as f64 / 1e6
}

fn open(folder: &Path) -> Result<Arc<dyn KeyValue>, BenchError> {
    fs::create_dir_all(folder).map_err(io_error("create", folder))?;
    Ok(Arc::new(Rocks::open(folder, &RocksOptions::default())?))
}

/// A folder that is removed with its contents at the end.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new(path: PathBuf) -> Result<Self, BenchError> {
        fs::create_dir_all(&path).map_err(io_error("create", &path))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // the folder lies in a temporary one: what cannot be removed now goes with that
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BenchError {
    let path = path.to_owned();
    move |source| BenchError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(workloads: &[Workload], trie: TrieChoice) -> Vec<Row> {
        let folder = tempfile::tempdir().unwrap();
        let options = ExecutionOptions {
            workloads: workloads.to_vec(),
            accounts: 300,
            blocks: 2,
            transactions: Some(10),
            seed: 1,
            folder: folder.path().to_owned(),
            cold: false,
            trie,
        };
        let rows = execution(&options, &mut |_| ()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        rows
    }

    /// Every block is executed by plain revm and by the node, which must use the same gas, and imported once more with
    /// every check: so a row means that all of it agreed.
    #[test]
    fn every_workload_runs_through_both_halves() {
        let rows = small(&Workload::ALL, TrieChoice::Plain);
        for (row, workload) in rows.iter().zip(Workload::ALL) {
            assert_eq!((row.workload, row.accounts, row.transactions), (workload.name(), 300, 20));
            let times = [
                row.raw_revm_s,
                row.recover_s,
                row.exec_s,
                row.receipts_s,
                row.root_s,
                row.commit_s,
                row.commit_synced_s,
                row.exec_over_raw,
                row.root_over_keccak,
                row.import_mgas_per_s,
                row.disk_mb_per_million_accounts,
            ];
            assert!(times.iter().all(|time| *time > 0.0 && time.is_finite()), "{row:?}");
            assert!(row.gas >= 20 * 21_000, "{row:?}");
        }
    }

    #[test]
    fn the_resident_trie_imports_the_same_blocks() {
        let rows = small(&[Workload::Mix], TrieChoice::Resident);
        assert_eq!(rows.len(), 1);
    }
}
