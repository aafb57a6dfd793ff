//! u32 receipt count, u32 end of each receipt, the receipts. A receipt is a byte for transaction type and outcome, the
//! state root32 where the outcome is one, cumulative gas varint, log count varint; a log is its address20, topic
//! count1, topics32, data length varint, data. Blooms are computed when they are asked for.

use alloy_consensus::{Eip658Value, TxType};
use alloy_primitives::{Log, LogData};
use btt_primitives::Receipt;

use crate::codec::{Reader, Reason, put_varint, reader::Parts};

const TYPE: u8 = 0x0f;
const FAILED: u8 = 0x00;
const SUCCEEDED: u8 = 0x10;
const ROOT: u8 = 0x20;
/// The smallest log: address, no topics, no data.
const LOG_BYTES: usize = 22;

/// Appends the receipts of a block.
pub(crate) fn encode_receipts(receipts: &[Receipt], out: &mut Vec<u8>) -> Result<(), Reason> {
    let mut ends = Vec::with_capacity(receipts.len());
    let mut bytes = Vec::with_capacity(receipts.len().saturating_mul(16));
    for receipt in receipts {
        let start = bytes.len();
        encode_receipt(receipt, &mut bytes)?;
        ends.push(bytes.len().saturating_sub(start));
    }
    Parts::encode_ends(out, ends)?;
    out.extend_from_slice(&bytes);
    Ok(())
}

fn encode_receipt(receipt: &Receipt, out: &mut Vec<u8>) -> Result<(), Reason> {
    let tx_type = u8::from(receipt.tx_type);
    match receipt.outcome {
        Eip658Value::Eip658(false) => out.push(tx_type | FAILED),
        Eip658Value::Eip658(true) => out.push(tx_type | SUCCEEDED),
        Eip658Value::PostState(root) => {
            out.push(tx_type | ROOT);
            out.extend_from_slice(root.as_slice());
        }
    }
    put_varint(out, receipt.cumulative_gas_used);
    put_len(out, receipt.logs.len())?;
    for log in &receipt.logs {
        out.extend_from_slice(log.address.as_slice());
        out.push(u8::try_from(log.topics().len()).map_err(|_| "log with more than 255 topics")?);
        for topic in log.topics() {
            out.extend_from_slice(topic.as_slice());
        }
        put_len(out, log.data.data.len())?;
        out.extend_from_slice(&log.data.data);
    }
    Ok(())
}

fn put_len(out: &mut Vec<u8>, len: usize) -> Result<(), Reason> {
    put_varint(out, u64::try_from(len).map_err(|_| "length above 64 bits")?);
    Ok(())
}

/// Reads all receipts of a block.
pub(crate) fn decode_receipts(bytes: &[u8]) -> Result<Vec<Receipt>, Reason> {
    let mut reader = Reader::new(bytes);
    let ends = Parts::decode_ends(&mut reader)?;
    let parts = Parts::decode(ends, &mut reader)?;
    reader.finish()?;
    let receipts = (0..ends.len()).filter_map(|index| parts.get(index)).enumerate();
    receipts
        .map(|(index, bytes)| decode_receipt(bytes).map_err(|reason| format!("receipt {index}: {reason}")))
        .collect()
}

fn decode_receipt(bytes: &[u8]) -> Result<Receipt, Reason> {
    let mut reader = Reader::new(bytes);
    let head = reader.u8()?;
    let tx_type = TxType::try_from(head & TYPE).map_err(|error| error.to_string())?;
    let outcome = match head & !TYPE {
        FAILED => Eip658Value::Eip658(false),
        SUCCEEDED => Eip658Value::Eip658(true),
        ROOT => Eip658Value::PostState(reader.b256()?),
        other => return Err(format!("unknown outcome {other:#04x}")),
    };
    let cumulative_gas_used = reader.varint()?;
    let count = usize::try_from(reader.varint()?).map_err(|_| "too many logs")?;
    if count > reader.rest().len() / LOG_BYTES {
        return Err(format!("{count} logs in {} bytes", reader.rest().len()));
    }
    let mut logs = Vec::with_capacity(count);
    for _ in 0..count {
        logs.push(decode_log(&mut reader)?);
    }
    reader.finish()?;
    Ok(Receipt { tx_type, outcome, cumulative_gas_used, logs })
}

fn decode_log(reader: &mut Reader<'_>) -> Result<Log, Reason> {
    let address = reader.address()?;
    let count = usize::from(reader.u8()?);
    if count > 4 {
        return Err(format!("log with {count} topics"));
    }
    let mut topics = Vec::with_capacity(count);
    for _ in 0..count {
        topics.push(reader.b256()?);
    }
    let len = usize::try_from(reader.varint()?).map_err(|_| "log data above the address space")?;
    let data = reader.take(len)?.to_vec().into();
    Ok(Log { address, data: LogData::new_unchecked(topics, data) })
}
