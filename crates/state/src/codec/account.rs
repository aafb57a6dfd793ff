//! flags1, nonce varint, balance (len1 and trimmed bytes), code hash32 and storage root32 where the flags say so.

use crate::{
    Account, EMPTY_CODE_HASH, EMPTY_ROOT,
    codec::{Reader, Reason, put_trimmed, put_varint},
};

const CODE: u8 = 1;
const STORAGE: u8 = 2;

/// Appends the account's row: 3 bytes for an empty account, some 12 for one with a balance only.
pub(crate) fn encode_account(account: &Account, out: &mut Vec<u8>) {
    let mut flags = 0;
    if account.has_code() {
        flags |= CODE;
    }
    if account.has_storage() {
        flags |= STORAGE;
    }
    out.push(flags);
    put_varint(out, account.nonce);
    put_trimmed(out, &account.balance);
    if account.has_code() {
        out.extend_from_slice(account.code_hash.as_slice());
    }
    if account.has_storage() {
        out.extend_from_slice(account.storage_root.as_slice());
    }
}

/// Reads an account's row.
pub(crate) fn decode_account(bytes: &[u8]) -> Result<Account, Reason> {
    let mut reader = Reader::new(bytes);
    let flags = reader.u8()?;
    if flags & !(CODE | STORAGE) != 0 {
        return Err(format!("unknown account flags {flags:#04x}"));
    }
    let mut account = Account { nonce: reader.varint()?, balance: reader.trimmed()?, ..Account::default() };
    if flags & CODE != 0 {
        account.code_hash = reader.b256()?;
        if account.code_hash == EMPTY_CODE_HASH {
            return Err("empty code hash written out".into());
        }
    }
    if flags & STORAGE != 0 {
        account.storage_root = reader.b256()?;
        if account.storage_root == EMPTY_ROOT {
            return Err("empty storage root written out".into());
        }
    }
    reader.finish()?;
    Ok(account)
}

/// Reads a history value: as [`decode_account`], and empty means that there was no account.
pub(crate) fn decode_account_or_absent(bytes: &[u8]) -> Result<Option<Account>, Reason> {
    if bytes.is_empty() { Ok(None) } else { decode_account(bytes).map(Some) }
}
