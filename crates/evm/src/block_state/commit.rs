//! Taking over what transactions and the protocol changed.

use alloy_primitives::{Address, U256};
use revm::state::{Account as Executed, AccountInfo, EvmState};

use crate::block_state::state::{BlockState, ReadError};

impl BlockState {
    /// Adds what one transaction or system call changed, and gives whether it destroyed an account. The order in which
    /// the map gives its accounts does not show.
    pub(crate) fn commit(&mut self, changes: EvmState) -> bool {
        let mut destroys = false;
        changes.into_iter().filter(|(_, account)| account.is_touched()).for_each(|(address, account)| {
            destroys |= account.is_selfdestructed();
            self.commit_account(address, account);
        });
        destroys
    }

    fn commit_account(&mut self, address: Address, executed: Executed) {
        let id = executed.info.account_id.or_else(|| self.places.get(&address).copied());
        let place = id.expect("the EVM changes only accounts that it loaded through this state").get();
        if executed.is_selfdestructed() || (executed.is_empty() && !executed.is_created()) {
            self.remove(place);
            return;
        }
        let created = executed.is_created();
        if created {
            self.record(place);
            self.accounts[place].wipe();
        }
        let Executed { info, storage, .. } = executed;
        self.set_info(place, info);
        let mut recorded = self.accounts[place].changed;
        for (key, slot) in storage.into_iter().filter(|(_, slot)| slot.is_changed()) {
            if !recorded {
                self.record(place);
                recorded = true;
            }
            self.accounts[place].write_slot(key, slot.present_value);
        }
    }

    /// Adds `amount` wei to an account outside of any transaction, and so touches it: an account that does not exist is
    /// created when the amount is not zero or `keep_empty` holds (before EIP-158), an empty one is otherwise removed.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn credit(
        &mut self,
        address: &Address,
        amount: U256,
        keep_empty: bool,
    ) -> Result<(), ReadError> {
        let place = self.load(address)?;
        let account = &self.accounts[place];
        let mut info = account.info.clone();
        info.balance = info.balance.saturating_add(amount);
        if info.is_empty() && !keep_empty {
            self.remove(place);
        } else {
            self.set_info(place, info);
        }
        Ok(())
    }

    /// Takes the whole balance of an account and returns it.
    ///
    /// # Errors
    /// The state cannot be read.
    pub(crate) fn drain(&mut self, address: &Address) -> Result<U256, ReadError> {
        let place = self.load(address)?;
        let account = &self.accounts[place];
        let balance = account.info.balance;
        if account.exists {
            let info = AccountInfo { balance: U256::ZERO, ..account.info.clone() };
            self.set_info(place, info);
        }
        Ok(balance)
    }

    fn set_info(&mut self, place: usize, mut info: AccountInfo) {
        let account = &mut self.accounts[place];
        let (before, id) = (&account.info, account.info.account_id);
        let new_code = info.code_hash != before.code_hash;
        let same =
            account.exists && info.balance == before.balance && info.nonce == before.nonce && !new_code;
        if !same {
            let change = info.balance.wrapping_sub(before.balance);
            self.balance_change = self.balance_change.wrapping_add(change);
            if new_code && let Some(code) = info.code.as_ref().filter(|code| !code.is_empty()) {
                self.codes.insert(info.code_hash, code.clone());
                self.created_codes.push(info.code_hash);
            }
            self.record(place);
        }
        info.account_id = id;
        let account = &mut self.accounts[place];
        account.info = info;
        account.exists = true;
    }

    fn remove(&mut self, place: usize) {
        if !self.accounts[place].exists {
            return;
        }
        self.record(place);
        let account = &mut self.accounts[place];
        self.balance_change = self.balance_change.wrapping_sub(account.info.balance);
        account.info = AccountInfo { account_id: account.info.account_id, ..AccountInfo::default() };
        account.exists = false;
        account.wipe();
    }

    /// Keeps the account's value in the parent state, before it is changed for the first time.
    fn record(&mut self, place: usize) {
        let account = &mut self.accounts[place];
        if !account.changed {
            account.changed = true;
            self.changed.push((place, account.account()));
        }
    }
}
