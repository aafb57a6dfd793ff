//! System transactions: what the protocol does in the EVM, in a form that every Ethereum client decodes.
//!
//! A system transaction is a legacy transaction of gas price 0 from the block's beneficiary to a system contract. No
//! other transaction of gas price 0 is valid on a bttd chain.

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, address};

use crate::Transaction;

/// Caller of log-less system calls (EIP-4788, EIP-2935, the fee report); has no key.
pub const SYSTEM_CALLER: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");
/// Validator set: seats, epochs, and bor's views.
pub const VALIDATOR_SET_ADDRESS: Address = address!("0x0000000000000000000000000000000000001000");
/// State receiver: delivers deposits from TRON.
pub const INBOX_ADDRESS: Address = address!("0x0000000000000000000000000000000000001001");
/// Reward pool: takes the pool's part of the base fee.
pub const REWARD_POOL_ADDRESS: Address = address!("0x0000000000000000000000000000000000001002");
/// Slashing: judges evidence.
pub const SLASHING_ADDRESS: Address = address!("0x0000000000000000000000000000000000001003");
/// Parameters and fork votes.
pub const PARAMS_ADDRESS: Address = address!("0x0000000000000000000000000000000000001007");
/// The BTT token view, the vault of all BTT that is on TRON, and the tree of withdrawals.
pub const BTT_ADDRESS: Address = address!("0x0000000000000000000000000000000000001010");
/// Stake hub: positions of validators and delegators.
pub const STAKE_HUB_ADDRESS: Address = address!("0x0000000000000000000000000000000000002002");
/// Payment channels of the bandwidth market; no system rights.
pub const SPEED_CHANNELS_ADDRESS: Address = address!("0x0000000000000000000000000000000000003000");
/// Whose balance is the burned BTT.
pub const BURN_ADDRESS: Address = address!("0x000000000000000000000000000000000000dead");

/// Gas of one log-less system call (EIP-4788, EIP-2935 and the fee report); not counted in the block's gas.
pub const SYSTEM_CALL_GAS_LIMIT: u64 = 30_000_000;
/// Evidence transactions that one block can hold.
pub const MAX_EVIDENCE_PER_BLOCK: usize = 8;

/// The system transactions, in the order in which a block holds them, after the users' transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemKind {
    /// Delivers one deposit from TRON (`commitDeposit`).
    Deposit,
    /// Brings one proof of double signing (`slashDoubleSign`).
    Evidence,
    /// Closes an epoch: rewards, jail, seats of the next set (`commitEpoch`).
    Epoch,
}

impl SystemKind {
    /// All kinds, in block order.
    pub const ALL: [Self; 3] = [Self::Deposit, Self::Evidence, Self::Epoch];

    /// The contract that the transaction calls.
    pub const fn target(self) -> Address {
        match self {
            Self::Deposit => INBOX_ADDRESS,
            Self::Evidence => SLASHING_ADDRESS,
            Self::Epoch => VALIDATOR_SET_ADDRESS,
        }
    }

    /// The transaction's gas limit, exactly. Below the cap of EIP-7825 (16,777,216).
    pub const fn gas_limit(self) -> u64 {
        match self {
            Self::Deposit => 350_000,
            Self::Evidence => 2_000_000,
            Self::Epoch => 16_000_000,
        }
    }

    /// The kind that `tx` has by its outer form, or `None` for a user's transaction or a malformed system
    /// transaction: legacy, replay-protected for `chain_id`, gas price 0, signed by the block's `beneficiary`, value
    /// 0, to a target and with the gas limit of one kind. Nonce and calldata are the executor's to recompute and
    /// compare.
    pub fn of(tx: &Transaction, sender: Address, beneficiary: Address, chain_id: u64) -> Option<Self> {
        let form =
            tx.is_legacy() && has_system_price(tx) && tx.chain_id() == Some(chain_id) && tx.value().is_zero();
        if !form || sender != beneficiary {
            return None;
        }
        Self::ALL
            .into_iter()
            .find(|kind| tx.to() == Some(kind.target()) && tx.gas_limit() == kind.gas_limit())
    }
}

/// True for a transaction that offers gas price 0. On a bttd chain only system transactions may, whatever the base
/// fee.
pub fn has_system_price(tx: &Transaction) -> bool {
    tx.max_fee_per_gas() == 0
}

#[cfg(test)]
mod tests {
    use alloy_consensus::{TxEip1559, TxLegacy};
    use alloy_primitives::{TxKind, U256};

    use super::*;
    use crate::{SigningKey, UnsignedTransaction};

    const CHAIN: u64 = 199_337;

    fn deposit() -> TxLegacy {
        TxLegacy {
            chain_id: Some(CHAIN),
            gas_limit: 350_000,
            to: TxKind::Call(INBOX_ADDRESS),
            ..TxLegacy::default()
        }
    }

    fn kind_of(tx: TxLegacy) -> Option<SystemKind> {
        let key = SigningKey::from_bytes(&[1; 32]).unwrap();
        let tx = key.sign_transaction(UnsignedTransaction::Legacy(tx));
        SystemKind::of(&tx, key.address(), key.address(), CHAIN)
    }

    #[test]
    fn each_kind_is_known_by_target_and_gas_limit() {
        for kind in SystemKind::ALL {
            let tx = TxLegacy { to: TxKind::Call(kind.target()), gas_limit: kind.gas_limit(), ..deposit() };
            assert_eq!(kind_of(tx), Some(kind));
            assert!(kind.gas_limit() <= 16_777_216);
        }
    }

    #[test]
    fn each_changed_part_makes_it_no_system_transaction() {
        let rows = [
            TxLegacy { gas_price: 1, ..deposit() },
            TxLegacy { gas_limit: 350_001, ..deposit() },
            TxLegacy { chain_id: None, ..deposit() },
            TxLegacy { chain_id: Some(1), ..deposit() },
            TxLegacy { value: U256::from(1), ..deposit() },
            TxLegacy { to: TxKind::Call(SLASHING_ADDRESS), ..deposit() },
            TxLegacy { to: TxKind::Create, ..deposit() },
        ];
        assert_eq!(kind_of(deposit()), Some(SystemKind::Deposit));
        for tx in rows {
            assert_eq!(kind_of(tx.clone()), None, "{tx:?}");
        }
    }

    #[test]
    fn only_the_beneficiary_and_only_legacy() {
        let key = SigningKey::from_bytes(&[1; 32]).unwrap();
        let tx = key.sign_transaction(UnsignedTransaction::Legacy(deposit()));
        assert_eq!(SystemKind::of(&tx, key.address(), Address::ZERO, CHAIN), None);
        let typed = TxEip1559 {
            chain_id: CHAIN,
            gas_limit: 350_000,
            to: TxKind::Call(INBOX_ADDRESS),
            ..TxEip1559::default()
        };
        let typed = key.sign_transaction(UnsignedTransaction::Eip1559(typed));
        assert!(has_system_price(&typed));
        assert_eq!(SystemKind::of(&typed, key.address(), key.address(), CHAIN), None);
    }
}
