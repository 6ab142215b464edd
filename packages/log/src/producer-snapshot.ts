import { crc32c } from '@millrace/record';
import { type ProducerBatch, type ProducerEntry, ProducerState } from './producer-state.ts';

/*
 * Kafka's producer snapshot, version 1:
 *
 *   int16 version · uint32 CRC-32C of all that follows · int32 count · count × row
 *   row: int64 producer id · int16 producer epoch · int32 last sequence · int64 last offset · int32 offset delta
 *        · int64 timestamp · int32 coordinator epoch · int64 first offset of the current transaction
 *
 * Kafka writes the last batch of a producer. We write a row for each batch that is kept, the newest last: a reader that
 * keeps one row a producer ends with the same, and our own recognises retries of all of them after a restart.
 */
const version = 1;
const headBytes = 2 + 4 + 4;
const rowBytes = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;
const crcAt = 2;
const bodyAt = 6;
const none = -1;

export function encodeProducerSnapshot(state: ProducerState): Buffer {
  let rows = 0;
  for (const entry of state.entries.values()) rows += entry.batches.length;
  const bytes = Buffer.allocUnsafe(headBytes + rows * rowBytes);
  bytes.writeInt16BE(version, 0);
  bytes.writeInt32BE(rows, bodyAt);
  let at = headBytes;
  for (const [producerId, entry] of state.entries) {
    for (const batch of entry.batches) {
      writeRow(bytes, at, producerId, entry, batch);
      at += rowBytes;
    }
  }
  bytes.writeUInt32BE(crc32c(bytes, bodyAt), crcAt);
  return bytes;
}

/** undefined when the bytes are not a whole snapshot: the caller falls back to an older one and the log. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerState | undefined {
  if (bytes.length < headBytes || bytes.readInt16BE(0) !== version) return undefined;
  if (bytes.readUInt32BE(crcAt) !== crc32c(bytes, bodyAt)) return undefined;
  const rows = bytes.readInt32BE(bodyAt);
  if (bytes.length !== headBytes + rows * rowBytes) return undefined;
  const state = new ProducerState();
  for (let at = headBytes; at < bytes.length; at += rowBytes) readRow(bytes, at, state);
  return state;
}

function writeRow(
  bytes: Buffer,
  at: number,
  producerId: number,
  entry: ProducerEntry,
  batch: ProducerBatch,
): void {
  bytes.writeBigInt64BE(BigInt(producerId), at);
  bytes.writeInt16BE(entry.producerEpoch, at + 8);
  bytes.writeInt32BE(batch.lastSequence, at + 10);
  bytes.writeBigInt64BE(BigInt(batch.lastOffset), at + 14);
  bytes.writeInt32BE(batch.lastOffset - batch.baseOffset, at + 22);
  bytes.writeBigInt64BE(BigInt(Math.trunc(entry.lastUsed)), at + 26);
  bytes.writeInt32BE(none, at + 34);
  bytes.writeBigInt64BE(BigInt(none), at + 38);
}

function readRow(bytes: Buffer, at: number, state: ProducerState): void {
  const producerId = Number(bytes.readBigInt64BE(at));
  const producerEpoch = bytes.readInt16BE(at + 8);
  const lastSequence = bytes.readInt32BE(at + 10);
  const lastOffset = Number(bytes.readBigInt64BE(at + 14));
  const delta = bytes.readInt32BE(at + 22);
  const batch = {
    firstSequence: lastSequence >= delta ? lastSequence - delta : lastSequence - delta + 2 ** 31,
    lastSequence,
    baseOffset: lastOffset - delta,
    lastOffset,
  };
  const earlier = state.entries.get(producerId);
  state.restore(producerId, {
    producerEpoch,
    batches: earlier?.producerEpoch === producerEpoch ? [...earlier.batches, batch] : [batch],
    lastUsed: Number(bytes.readBigInt64BE(at + 26)),
  });
}
