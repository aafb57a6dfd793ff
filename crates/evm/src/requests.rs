//! Execution requests (EIP-7685): deposits from logs (EIP-6110), withdrawals (EIP-7002) and consolidations (EIP-7251)
//! from their contracts.

use alloy_eips::{
    eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS,
};
use alloy_primitives::{Address, B256, Bytes, Log, b256};
use btt_chainspec::Fork;
use btt_primitives::Receipt;
use revm::precompile::crypto;

use crate::{Error, Invalid, block_run::BlockRun, vm::ExecutionResult};

/// keccak256 of `DepositEvent(bytes,bytes,bytes,bytes,bytes)`.
const DEPOSIT_EVENT: B256 = b256!("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
/// Length of the event's data.
const DEPOSIT_DATA: usize = 576;
/// Where each field of the event starts (the head's offset) and how many bytes it has: public key, withdrawal
/// credentials, amount, signature, index.
const DEPOSIT_FIELDS: [(usize, usize); 5] = [(160, 48), (256, 32), (320, 8), (384, 96), (512, 8)];

/// Request types, the first byte of each list of requests.
const DEPOSITS: u8 = 0;
const WITHDRAWALS: u8 = 1;
const CONSOLIDATIONS: u8 = 2;

/// The deposits that the contract logged in a block, in order, each public key, credentials, amount, signature, index.
///
/// # Errors
/// [`Invalid::DepositLayout`] for an event of another layout.
fn deposits(contract: Address, receipts: &[Receipt]) -> Result<Vec<u8>, Invalid> {
    let mut requests = Vec::new();
    for (transaction, receipt) in receipts.iter().enumerate() {
        for (log, event) in receipt.logs.iter().enumerate().filter(|(_, log)| is_deposit(contract, log)) {
            let fields = deposit_fields(&event.data.data);
            requests.extend(fields.ok_or(Invalid::DepositLayout { transaction, log })?);
        }
    }
    Ok(requests)
}

fn is_deposit(contract: Address, log: &Log) -> bool {
    log.address == contract && log.topics().first() == Some(&DEPOSIT_EVENT)
}

/// The fields of the event's data without their lengths and padding.
fn deposit_fields(data: &[u8]) -> Option<Vec<u8>> {
    if data.len() != DEPOSIT_DATA {
        return None;
    }
    let mut fields = Vec::with_capacity(192);
    for (index, (offset, length)) in DEPOSIT_FIELDS.into_iter().enumerate() {
        let body = data.get(offset..)?;
        if word(data.get(index.checked_mul(32)?..)?)? != offset || word(body)? != length {
            return None;
        }
        fields.extend(body.get(32..)?.get(..length)?);
    }
    Some(fields)
}

/// The first 32 bytes as a number.
fn word(bytes: &[u8]) -> Option<usize> {
    let (leading, low) = bytes.get(..32)?.split_last_chunk::<8>()?;
    let is_small = leading.iter().all(|byte| *byte == 0);
    usize::try_from(u64::from_be_bytes(*low)).ok().filter(|_| is_small)
}

/// Collects the requests of a block after its transactions: nothing before Prague. Lists without requests are left out.
///
/// # Errors
/// [`Error::Invalid`] when a deposit's log or one of the two contracts is not as it has to be, [`Error::Fatal`].
pub(crate) fn collect(run: &mut BlockRun<'_>) -> Result<Vec<Bytes>, Error> {
    if run.fork < Fork::Prague {
        return Ok(Vec::new());
    }
    let mut lists = vec![list(DEPOSITS, &deposits(run.spec.deposit_contract, &run.receipts)?)];
    for (kind, contract) in [
        (WITHDRAWALS, WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
        (CONSOLIDATIONS, CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
    ] {
        let result =
            run.system_call(contract, Bytes::new())?.ok_or(Invalid::SystemContractMissing(contract))?;
        let failed = Invalid::SystemCallFailed(contract);
        let output = Some(result).filter(ExecutionResult::is_success).and_then(ExecutionResult::into_output);
        lists.push(list(kind, &output.ok_or(failed)?));
    }
    Ok(lists.into_iter().flatten().collect())
}

/// One list of requests with its type in front; `None` without requests, which then do not count.
fn list(kind: u8, requests: &[u8]) -> Option<Bytes> {
    if requests.is_empty() {
        return None;
    }
    Some([&[kind], requests].concat().into())
}

/// sha256 over the sha256 of each list, ascending by type.
pub fn requests_hash(lists: &[Bytes]) -> B256 {
    let hashes: Vec<u8> = lists.iter().flat_map(|list| crypto().sha256(list)).collect();
    crypto().sha256(&hashes).into()
}

/// The data of a deposit's event whose fields consist of 1s, 2s and so on.
#[cfg(test)]
pub(crate) fn deposit_event() -> Vec<u8> {
    let word = |number: usize| alloy_primitives::U256::from(number).to_be_bytes::<32>();
    let mut data: Vec<u8> = DEPOSIT_FIELDS.iter().flat_map(|(offset, _)| word(*offset)).collect();
    for (byte, (_, length)) in (1..).zip(DEPOSIT_FIELDS) {
        data.extend(word(length));
        data.extend(vec![byte; length]);
        data.resize(data.len().next_multiple_of(32), 0);
    }
    data
}

#[cfg(test)]
mod tests {
    use btt_primitives::EMPTY_REQUESTS_HASH;

    use super::*;

    #[test]
    fn deposit_fields_are_taken_in_order() {
        let fields = deposit_fields(&deposit_event()).unwrap();
        assert_eq!(fields.len(), 192);
        for (range, byte) in [(0..48, 1), (48..80, 2), (80..88, 3), (88..184, 4), (184..192, 5)] {
            assert!(fields[range.clone()].iter().all(|found| *found == byte), "{range:?}");
        }
    }

    #[test]
    fn each_changed_offset_and_length_is_refused() {
        let places = DEPOSIT_FIELDS.iter().enumerate().flat_map(|(index, (offset, _))| [index * 32, *offset]);
        for place in places {
            for byte in [place, place + 23, place + 30, place + 31] {
                let mut data = deposit_event();
                data[byte] ^= 1;
                assert_eq!(deposit_fields(&data), None, "byte {byte}");
            }
        }
        assert_eq!(deposit_fields(&deposit_event()[1..]), None);
        assert_eq!(deposit_fields(&[deposit_event(), vec![0]].concat()), None);
    }

    #[test]
    fn hash_of_no_requests_is_the_hash_of_nothing() {
        assert_eq!(requests_hash(&[]), EMPTY_REQUESTS_HASH);
        assert_eq!(list(WITHDRAWALS, &[]), None);
        assert_eq!(list(WITHDRAWALS, &[7]), Some(Bytes::from_static(&[1, 7])));
    }
}
