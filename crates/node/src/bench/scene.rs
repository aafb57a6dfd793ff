//! The contracts of a workload as they stand in the first state.
//!
//! What a constructor or a call has to do runs in plain revm; the balances of up to millions of holders are written as
//! slots.

use alloy_primitives::{Address, Bytes, TxKind, U256, keccak256};
use btt_evm::plain::{Plain, PlainAccount, PlainError};

use crate::bench::{
    Workload,
    accounts::{Accounts, BALANCE},
    contracts::{self, Artifact, allowance_slot, balance_slot, call, create, word},
};

/// Tokens over which ERC-20 transfers are spread, and independent pairs.
pub(super) const TOKENS: usize = 64;
pub(super) const PAIRS: usize = 64;
/// Both reserves of a pair: a swap moves the price a little, thousands come back to where it was.
const RESERVE: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);
/// The root of price 1, 96 fractional bits.
const PRICE_ONE: U256 = U256::from_limbs([0, 1 << 32, 0, 0]);
/// Ranges of liquidity around the first price of the pool, and the liquidity of each.
const RANGES: i32 = 40;
const RANGE_LIQUIDITY: u128 = 1_000_000_000_000_000_000_000;

/// The contracts of one workload; what it does not need is empty.
#[derive(Debug, Default)]
pub(super) struct Scene {
    /// The accounts to seed.
    pub(super) contracts: Vec<PlainAccount>,
    pub(super) tokens: Vec<Address>,
    pub(super) router: Address,
    pub(super) pairs: Vec<Address>,
    pub(super) range_router: Address,
    pub(super) pool: Address,
    /// The one contract of the workloads that call one.
    pub(super) single: Address,
}

impl Scene {
    /// Sets up what `workload` needs for these accounts.
    ///
    /// # Errors
    /// When a setup call fails, which is a fault of the contracts.
    pub(super) fn new(workload: Workload, chain_id: u64, accounts: &Accounts) -> Result<Self, PlainError> {
        let mut stage = Stage { plain: Plain::new(chain_id), slots: Vec::new() };
        let mut scene = Self::default();
        match workload {
            Workload::Transfers | Workload::TransfersHot | Workload::Deploy => {}
            Workload::Erc20 => scene.tokens = stage.tokens(TOKENS, accounts),
            Workload::Erc20Hot => scene.tokens = stage.tokens(1, accounts),
            Workload::Swap => (scene.router, scene.pairs) = stage.pairs(1, accounts)?,
            Workload::Swap64 => (scene.router, scene.pairs) = stage.pairs(PAIRS, accounts)?,
            Workload::SwapV3 => (scene.range_router, scene.pool) = stage.pool(accounts)?,
            Workload::Snailtracer => scene.single = stage.create(create(&contracts::raytracer(), &[]))?,
            Workload::Hashes => scene.single = stage.place("hashes", &contracts::hashes()),
            Workload::Sstore => scene.single = stage.place("churn", &contracts::churn()),
            Workload::Mix => {
                scene.tokens = stage.tokens(TOKENS, accounts);
                (scene.router, scene.pairs) = stage.pairs(PAIRS, accounts)?;
                scene.single = stage.place("churn", &contracts::churn());
            }
        }
        scene.contracts = stage.finish();
        Ok(scene)
    }
}

/// A state in which contracts are being set up.
struct Stage {
    plain: Plain,
    /// Slots to add to the contracts at the end.
    slots: Vec<(Address, Vec<(U256, U256)>)>,
}

/// Who sets up; not part of the first state.
const DEPLOYER: Address = Address::repeat_byte(0xde);

impl Stage {
    /// Puts a contract without a constructor at an address made from its name.
    fn place(&mut self, name: &str, artifact: &Artifact) -> Address {
        let address = Address::from_word(keccak256(name));
        let code = artifact.runtime.clone();
        self.plain.insert(&PlainAccount { address, nonce: 1, code, ..Default::default() });
        address
    }

    fn create(&mut self, init: Bytes) -> Result<Address, PlainError> {
        let (address, _) = self.plain.call(DEPLOYER, TxKind::Create, init)?;
        Ok(address.expect("a creation that succeeds has an address"))
    }

    fn call(&mut self, to: Address, signature: &str, words: &[U256]) -> Result<(), PlainError> {
        self.plain.call(DEPLOYER, TxKind::Call(to), call(signature, words)).map(drop)
    }

    /// Tokens of which account i holds the one with number i modulo `count`.
    fn tokens(&mut self, count: usize, accounts: &Accounts) -> Vec<Address> {
        let artifact = contracts::token();
        let tokens: Vec<_> =
            (0..count).map(|index| self.place(&format!("token {index}"), &artifact)).collect();
        for (index, token) in tokens.iter().enumerate() {
            let holders = accounts.addresses().iter().skip(index).step_by(count);
            let mut slots: Vec<_> = holders.map(|holder| (balance_slot(*holder), BALANCE)).collect();
            let supply = BALANCE.saturating_mul(U256::from(slots.len()));
            slots.push((U256::from(2), supply));
            self.slots.push((*token, slots));
        }
        tokens
    }

    /// A router and pairs of two tokens each; signing account i trades on the pair with number i modulo `count`.
    fn pairs(&mut self, count: usize, accounts: &Accounts) -> Result<(Address, Vec<Address>), PlainError> {
        let router = self.place("router", &contracts::router());
        let (token, pair) = (contracts::token(), contracts::pair());
        let mut pairs = Vec::with_capacity(count);
        for index in 0..count {
            let sides = [0, 1].map(|side| self.place(&format!("pair {index} token {side}"), &token));
            let address = self.create(create(&pair, &sides.map(word)))?;
            for side in sides {
                self.call(side, "mint(address,uint256)", &[word(address), RESERVE])?;
                self.fund(
                    side,
                    router,
                    (index..accounts.keyed()).step_by(count).map(|i| accounts.address(i)),
                );
            }
            self.call(address, "sync()", &[])?;
            pairs.push(address);
        }
        Ok((router, pairs))
    }

    /// Gives traders a balance and lets `spender` take all of it.
    fn fund(&mut self, token: Address, spender: Address, traders: impl Iterator<Item = Address>) {
        let slots = traders
            .flat_map(|who| [(balance_slot(who), BALANCE), (allowance_slot(who, spender), U256::MAX)])
            .collect();
        self.slots.push((token, slots));
    }

    /// A pool with liquidity in overlapping ranges of 1 to [`RANGES`] spacings to both sides of price 1.
    fn pool(&mut self, accounts: &Accounts) -> Result<(Address, Address), PlainError> {
        let router = self.place("range router", &contracts::range_router());
        let sides = [0, 1].map(|side| self.place(&format!("range token {side}"), &contracts::token()));
        let [first, second] = sides.map(word);
        let pool = self.create(create(&contracts::range_pool(), &[first, second, PRICE_ONE]))?;
        for side in sides {
            self.call(side, "mint(address,uint256)", &[word(DEPLOYER), RESERVE])?;
            self.call(side, "approve(address,uint256)", &[word(router), U256::MAX])?;
            self.fund(side, router, (0..accounts.keyed()).map(|i| accounts.address(i)));
        }
        for step in 1..=RANGES {
            let upper = U256::from(step.unsigned_abs()).saturating_mul(U256::from(60));
            let lower = U256::ZERO.wrapping_sub(upper);
            let words = [word(router), lower, upper, U256::from(RANGE_LIQUIDITY)];
            self.call(pool, "mint(address,int24,int24,uint128)", &words)?;
        }
        Ok((router, pool))
    }

    /// The accounts with code, with the slots that were added.
    fn finish(self) -> Vec<PlainAccount> {
        let mut accounts = self.plain.accounts();
        accounts.retain(|account| !account.code.is_empty());
        for (address, slots) in self.slots {
            if let Ok(index) = accounts.binary_search_by_key(&address, |account| account.address) {
                accounts[index].slots.extend(slots);
            }
        }
        accounts
    }
}
