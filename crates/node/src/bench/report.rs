//! The result of a run, and a table of it for people.

use serde::Serialize;

/// What one workload gave. A time is the median block's, in seconds of wall time, multiplied by the number of blocks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// The workload's name.
    pub workload: &'static str,
    /// Accounts in the state.
    pub accounts: usize,
    /// Transactions of the measured blocks.
    pub transactions: usize,
    /// Gas used by the measured blocks.
    pub gas: u64,
    /// Plain revm over a hash map, a commit per transaction.
    pub raw_revm_s: f64,
    /// Recovering the senders, on all cores.
    pub recover_s: f64,
    /// The node's executor on a view of the database, senders known.
    pub exec_s: f64,
    /// Root and bloom of the receipts.
    pub receipts_s: f64,
    /// The state root after execution.
    pub root_s: f64,
    /// The batch of a block, not waiting for the disk.
    pub commit_s: f64,
    /// The same waiting for stable storage, as a validator commits.
    pub commit_synced_s: f64,
    /// Median over the blocks of `exec` by `raw_revm`.
    pub exec_over_raw: f64,
    /// The same in processor time of all threads, over all blocks: what else the machine does changes it less.
    pub exec_over_raw_cpu: f64,
    /// Median over the blocks of the root's time by the time of the hashing that it cannot do without.
    pub root_over_keccak: f64,
    /// The same in processor time of all threads.
    pub root_over_keccak_cpu: f64,
    /// Gas by wall time of the whole import: execution, root, receipts, batch without waiting for the disk; senders
    /// known.
    pub import_mgas_per_s: f64,
    /// The same by processor time of all threads.
    pub import_mgas_per_cpu_s: f64,
    /// The greatest resident size of the process during the import, in MB of 10^6 bytes.
    pub rss_mb: f64,
    /// Disk used by accounts and their trie after seeding, compacted, in MB per million accounts.
    pub disk_mb_per_million_accounts: f64,
}

/// The rows as a table for people: per workload its phases in microseconds per transaction, its ratios, its speed.
pub fn table(rows: &[Row]) -> String {
    let heads = [
        "raw revm", "recover", "exec", "receipts", "root", "commit", "synced", "x raw", "cpu", "x hash",
        "cpu",
    ];
    let mut text = format!("{:<13} {:>9} {:>7}", "workload", "accounts", "txs");
    heads.iter().for_each(|head| text.push_str(&format!(" {head:>8}")));
    text.push_str(&format!(" {:>8} {:>8} {:>8} {:>8}\n", "import", "cpu", "rss", "disk"));
    for row in rows {
        text.push_str(&format!("{:<13} {:>9} {:>7}", row.workload, row.accounts, row.transactions));
        let phases = [
            row.raw_revm_s,
            row.recover_s,
            row.exec_s,
            row.receipts_s,
            row.root_s,
            row.commit_s,
            row.commit_synced_s,
        ];
        let per_tx = phases.map(|seconds| seconds * 1e6 / to_f64(row.transactions));
        let numbers = per_tx.into_iter().chain([
            row.exec_over_raw,
            row.exec_over_raw_cpu,
            row.root_over_keccak,
            row.root_over_keccak_cpu,
        ]);
        numbers.for_each(|number| text.push_str(&format!(" {number:>8.2}")));
        let (import, cpu) = (row.import_mgas_per_s, row.import_mgas_per_cpu_s);
        let (rss, disk) = (row.rss_mb, row.disk_mb_per_million_accounts);
        text.push_str(&format!(" {import:>8.0} {cpu:>8.0} {rss:>8.0} {disk:>8.0}\n"));
    }
    text.push_str(
        "\nraw revm to synced: microseconds per transaction. x raw: exec by raw revm. x hash: root by the hashing it needs.\n\
         import: execution, receipts, root and batch, senders known, in Mgas/s. rss: peak of the import, MB.\n\
         disk: accounts and their trie, MB per million accounts. cpu: the figure before it, by processor time.\n",
    );
    text
}

/// The number in the middle; the mean of both for an even count, 0 for none.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length.is_multiple_of(2) => f64::midpoint(values[middle.saturating_sub(1)], values[middle]),
        _ => values[middle],
    }
}

/// A count for a ratio; exact below 2^53.
pub(super) const fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (mut values, expected) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0], 5.0), (vec![5.0, 1.0, 100.0], 5.0)]
        {
            assert!((median(&mut values) - expected).abs() < 1e-12, "{values:?}");
        }
    }

    /// The keys that scripts read.
    #[test]
    fn json_has_the_documented_keys() {
        let row = serde_json::to_value(Row { workload: "transfers", ..Row::default() }).unwrap();
        for key in [
            "workload",
            "accounts",
            "transactions",
            "gas",
            "raw_revm_s",
            "recover_s",
            "exec_s",
            "root_s",
            "commit_s",
            "exec_over_raw",
            "import_mgas_per_s",
            "rss_mb",
            "disk_mb_per_million_accounts",
        ] {
            assert!(row.get(key).is_some(), "{key} is missing");
        }
    }

    #[test]
    fn the_table_has_a_line_per_workload() {
        let row = Row { workload: "swap-v3", transactions: 1_000, raw_revm_s: 0.5, ..Row::default() };
        let text = table(&[row.clone(), row]);
        assert_eq!(
            text.lines().filter(|line| line.starts_with("swap-v3 ") && line.contains("  500.00 ")).count(),
            2
        );
    }
}
