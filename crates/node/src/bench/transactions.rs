//! The signed transactions of a workload, block after block, the same for the same seed.

use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, Bytes, TxKind, U256};
use btt_primitives::{Transaction, UnsignedTransaction};
use rayon::prelude::*;

use crate::bench::{
    Workload,
    accounts::{self, Accounts},
    contracts::{self, Artifact, call, create, word},
    scene::Scene,
};

/// Side of the picture whose pixels the path tracer computes, and the paths of one transaction.
const PICTURE: usize = 64;
const PATHS: u64 = 60;
/// Slots filled, changed and cleared by a transaction of storage churn; fewer in the mix.
const CHURN: u64 = 50;
const CHURN_IN_MIX: u64 = 5;

/// What every transaction of a run has in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) chain_id: u64,
    pub(super) max_fee_per_gas: u128,
    pub(super) max_priority_fee_per_gas: u128,
}

/// Transactions with their senders.
#[derive(Debug, Default)]
pub(super) struct Signed {
    pub(super) transactions: Vec<Transaction>,
    pub(super) senders: Vec<Address>,
}

/// Makes the transactions of a workload in order.
#[derive(Debug)]
pub(super) struct Generator<'a> {
    workload: Workload,
    seed: u64,
    terms: Terms,
    accounts: &'a Accounts,
    scene: &'a Scene,
    deployed: Artifact,
    nonces: Vec<u64>,
    made: usize,
}

/// A transaction before its sender, nonce and fees are added.
struct Action {
    to: TxKind,
    value: U256,
    input: Bytes,
    gas_limit: u64,
}

impl<'a> Generator<'a> {
    pub(super) fn new(
        workload: Workload,
        seed: u64,
        terms: Terms,
        accounts: &'a Accounts,
        scene: &'a Scene,
    ) -> Self {
        let nonces = vec![0; accounts.keyed()];
        Self { workload, seed, terms, accounts, scene, deployed: contracts::deployed(), nonces, made: 0 }
    }

    /// The next `count` transactions. Senders take turns.
    pub(super) fn take(&mut self, count: usize) -> Signed {
        let unsigned: Vec<_> = (0..count).map(|_| self.unsigned()).collect();
        let transactions = unsigned
            .into_par_iter()
            .map(|(sender, tx)| self.accounts.key(sender).sign_transaction(UnsignedTransaction::Eip1559(tx)));
        let transactions: Vec<_> = transactions.collect();
        let first = self.made.saturating_sub(count);
        let senders = (first..self.made).map(|index| self.accounts.address(self.sender(index))).collect();
        Signed { transactions, senders }
    }

    fn unsigned(&mut self) -> (usize, TxEip1559) {
        let index = self.made;
        let sender = self.sender(index);
        let Action { to, value, input, gas_limit } = self.action(index, sender);
        let nonce = self.nonces[sender];
        self.nonces[sender] = nonce.saturating_add(1);
        self.made = index.saturating_add(1);
        let Terms { chain_id, max_fee_per_gas, max_priority_fee_per_gas } = self.terms;
        let access_list = Default::default();
        let tx = TxEip1559 {
            chain_id,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas,
            to,
            value,
            access_list,
            input,
        };
        (sender, tx)
    }

    fn sender(&self, index: usize) -> usize {
        index.checked_rem(self.accounts.keyed()).unwrap_or_default()
    }

    fn action(&self, index: usize, sender: usize) -> Action {
        let single = |input, gas_limit| Action::call(self.scene.single, input, gas_limit);
        match self.workload {
            Workload::Transfers => Action::transfer(self.accounts.address(self.other(index))),
            Workload::TransfersHot => {
                Action::transfer(self.accounts.address(self.accounts.len().saturating_sub(1)))
            }
            Workload::Erc20 | Workload::Erc20Hot => self.token_transfer(index, sender),
            Workload::Swap | Workload::Swap64 => self.swap(index, sender),
            Workload::SwapV3 => self.range_swap(index),
            Workload::Snailtracer => single(self.pixel(index), 16_777_216),
            Workload::Hashes => single(call("run(bytes32)", &[self.random(index).into()]), 6_000_000),
            Workload::Sstore => single(call("run(uint256)", &[U256::from(CHURN)]), 3_000_000),
            Workload::Deploy => Action {
                to: TxKind::Create,
                value: U256::ZERO,
                input: self.init_code(index),
                gas_limit: 2_000_000,
            },
            Workload::Mix => match index.wrapping_mul(7).wrapping_rem(20) {
                0..12 => Action::transfer(self.accounts.address(self.other(index))),
                12..17 => self.token_transfer(index, sender),
                17..19 => self.swap(index, sender),
                _ => single(call("run(uint256)", &[U256::from(CHURN_IN_MIX)]), 1_000_000),
            },
        }
    }

    /// The account on the other side: the ones without keys take turns, so that none occurs twice for long.
    fn other(&self, index: usize) -> usize {
        let (keyed, all) = (self.accounts.keyed(), self.accounts.len());
        match index.checked_rem(all.saturating_sub(keyed)) {
            Some(step) => keyed.saturating_add(step),
            None => index.saturating_add(all / 2).checked_rem(all).unwrap_or_default(),
        }
    }

    /// To another holder of the sender's token.
    fn token_transfer(&self, index: usize, sender: usize) -> Action {
        let tokens = self.scene.tokens.len();
        let number = sender.checked_rem(tokens).unwrap_or_default();
        let other = self.other(index);
        let aligned =
            other.saturating_sub(other.checked_rem(tokens).unwrap_or_default()).saturating_add(number);
        let holder = if aligned < self.accounts.len() { aligned } else { number };
        let words = [word(self.accounts.address(holder)), U256::from(1_000)];
        Action::call(self.scene.tokens[number], call("transfer(address,uint256)", &words), 80_000)
    }

    /// On the sender's pair, to and fro.
    fn swap(&self, index: usize, sender: usize) -> Action {
        let pairs = self.scene.pairs.len();
        let number = sender.checked_rem(pairs).unwrap_or_default();
        let forward = index.checked_div(pairs).unwrap_or_default().is_multiple_of(2);
        let amount = self.amount(index, 1_000_000_000_000_000_000);
        let words = [
            amount,
            U256::ONE,
            U256::from(160),
            word(self.accounts.address(sender)),
            U256::MAX,
            U256::ONE,
            word(self.scene.pairs[number]),
            U256::from(forward),
        ];
        let signature = "swapExact(uint256,uint256,(address,bool)[],address,uint256)";
        Action::call(self.scene.router, call(signature, &words), 250_000)
    }

    /// Up to twice what the innermost range holds, so that most swaps cross a tick.
    fn range_swap(&self, index: usize) -> Action {
        let forward = U256::from(index.is_multiple_of(2));
        let amount = self.amount(index, 100_000_000_000_000_000_000);
        let words = [word(self.scene.pool), forward, amount, U256::ONE];
        Action::call(self.scene.range_router, call("swap(address,bool,uint256,uint256)", &words), 800_000)
    }

    fn pixel(&self, index: usize) -> Bytes {
        let place = index.wrapping_mul(977);
        // the upper part of the picture is sky, which is done at once
        let (column, row) =
            (place % PICTURE, (PICTURE / 2).saturating_add((place / PICTURE) % (PICTURE / 2)));
        let words = [self.seed, PICTURE as u64, column as u64, row as u64, PATHS].map(U256::from);
        call("run(uint256,uint256,uint256,uint256,uint256)", &words)
    }

    fn init_code(&self, index: usize) -> Bytes {
        create(&self.deployed, &[U256::from(index), U256::from(1_000_000)])
    }

    /// From half of `middle` to one and a half.
    fn amount(&self, index: usize, middle: u128) -> U256 {
        let random: U256 = self.random(index).into();
        U256::from(middle / 2).saturating_add(random.wrapping_rem(U256::from(middle)))
    }

    fn random(&self, index: usize) -> alloy_primitives::B256 {
        accounts::word(b"transaction", self.seed, index)
    }
}

impl Action {
    const fn transfer(to: Address) -> Self {
        Self { to: TxKind::Call(to), value: U256::ONE, input: Bytes::new(), gas_limit: 21_000 }
    }

    const fn call(to: Address, input: Bytes, gas_limit: u64) -> Self {
        Self { to: TxKind::Call(to), value: U256::ZERO, input, gas_limit }
    }
}

#[cfg(test)]
mod tests {
    use btt_evm::plain::{Plain, PlainAccount};
    use btt_primitives::{Header, SignatureRule, recover_sender};

    use super::*;
    use crate::bench::accounts::BALANCE;

    const CHAIN_ID: u64 = 199_338;
    const TERMS: Terms =
        Terms { chain_id: CHAIN_ID, max_fee_per_gas: 2_000_000_000, max_priority_fee_per_gas: 1_000_000_000 };

    struct Run {
        gas: u64,
        signed: Signed,
    }

    /// `count` transactions in plain revm, none of which may fail.
    fn run(workload: Workload, accounts: &Accounts, count: usize) -> Run {
        let scene = Scene::new(workload, CHAIN_ID, accounts).unwrap();
        let mut plain = Plain::new(CHAIN_ID);
        for address in accounts.addresses() {
            plain.insert(&PlainAccount { address: *address, balance: BALANCE, ..Default::default() });
        }
        scene.contracts.iter().for_each(|contract| plain.insert(contract));
        let signed = Generator::new(workload, 1, TERMS, accounts, &scene).take(count);
        let header = Header {
            number: 1,
            timestamp: 1_800_000_000,
            gas_limit: 4_500_000_000,
            base_fee_per_gas: Some(1_000_000_000),
            ..Header::default()
        };
        let block = Plain::prepare(&header, &signed.transactions, &signed.senders);
        let outcome = plain.run(block).unwrap();
        assert_eq!(outcome.failed, 0, "{workload}");
        Run { gas: outcome.gas, signed }
    }

    /// Gas per transaction between these bounds: a workload that silently does less or more work shows here.
    #[test]
    fn every_workload_does_its_work() {
        let accounts = Accounts::new(1, 400, 150);
        let rows = [
            (Workload::Transfers, 200, 21_000..=21_000),
            (Workload::TransfersHot, 200, 21_000..=21_000),
            (Workload::Erc20, 300, 30_000..=40_000),
            (Workload::Erc20Hot, 300, 30_000..=40_000),
            (Workload::Swap, 100, 70_000..=130_000),
            (Workload::Swap64, 200, 70_000..=150_000),
            (Workload::SwapV3, 100, 90_000..=250_000),
            (Workload::Snailtracer, 24, 4_000_000..=12_000_000),
            (Workload::Hashes, 2, 2_000_000..=5_000_000),
            (Workload::Sstore, 450, 1_200_000..=1_800_000),
            (Workload::Deploy, 10, 400_000..=900_000),
            (Workload::Mix, 200, 25_000..=80_000),
        ];
        for (workload, count, expected) in rows {
            let per_tx = run(workload, &accounts, count).gas / count as u64;
            assert!(expected.contains(&per_tx), "{workload}: {per_tx} gas per transaction");
        }
    }

    #[test]
    fn transactions_are_signed_by_their_senders_and_the_same_each_time() {
        let accounts = Accounts::new(1, 100, 10);
        let signed = run(Workload::Mix, &accounts, 40).signed;
        for (tx, sender) in signed.transactions.iter().zip(&signed.senders) {
            assert_eq!(recover_sender(tx, SignatureRule::LowS).as_ref(), Ok(sender));
        }
        assert_eq!(signed.transactions, run(Workload::Mix, &accounts, 40).signed.transactions);
    }

    #[test]
    fn transfers_of_a_block_touch_no_account_twice() {
        let accounts = Accounts::new(1, 300, 100);
        let signed = run(Workload::Transfers, &accounts, 100).signed;
        let recipients = signed.transactions.iter().filter_map(alloy_consensus::Transaction::to);
        let mut touched: Vec<_> = signed.senders.iter().copied().chain(recipients).collect();
        touched.sort_unstable();
        touched.dedup();
        assert_eq!(touched.len(), 200);
    }
}
