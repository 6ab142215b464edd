import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Log } from '@millrace/log';
import { OffsetIndex } from '../../packages/log/src/offset-index.ts';
import { type Measure, makeBatch, recordsPerBatch, secondsOf } from './log-batches.ts';

const read = promisify(fs.read);
const readBytes = 1024 * 1024;
const randomReads = 30_000;

/** Bytes a second of a reader that goes from the beginning to the end. */
export function readLog(log: Log): Measure {
  const batchBytes = makeBatch(recordsPerBatch).length;
  return async () => {
    let bytes = 0;
    const seconds = await secondsOf(async () => {
      for (let from = 0; from < log.endOffset; ) {
        const slice = await log.read(from, { maxBytes: readBytes });
        const chunk = await slice.read(0, slice.byteLength);
        slice.release();
        bytes += chunk.length;
        from = slice.baseOffset + Math.round((chunk.length / batchBytes) * recordsPerBatch);
      }
    });
    return bytes / seconds;
  };
}

export function readPlainly(path: string): Measure {
  return async () => {
    const file = fs.openSync(path, 'r');
    let position = 0;
    const seconds = await secondsOf(async () => {
      for (;;) {
        const { bytesRead } = await read(file, Buffer.allocUnsafe(readBytes), 0, readBytes, position);
        if (bytesRead === 0) break;
        position += bytesRead;
      }
    });
    fs.closeSync(file);
    return position / seconds;
  };
}

/** One batch each, a second, one after the other. */
export function readRandomBatches(log: Log): Measure {
  return async () => {
    const offsets = Array.from({ length: randomReads }, () => Math.floor(Math.random() * log.endOffset));
    const seconds = await secondsOf(async () => {
      for (const offset of offsets) {
        const slice = await log.read(offset, { maxBytes: 1 });
        await slice.read(0, slice.byteLength);
        slice.release();
      }
    });
    return randomReads / seconds;
  };
}

/** 4 KiB each, a second, one after the other. */
export function readRandomPages(path: string): Measure {
  return async () => {
    const file = fs.openSync(path, 'r');
    const pages = Math.floor(fs.fstatSync(file).size / 4096);
    const positions = Array.from({ length: randomReads }, () => Math.floor(Math.random() * pages) * 4096);
    const seconds = await secondsOf(async () => {
      for (const position of positions) await read(file, Buffer.allocUnsafe(4096), 0, 4096, position);
    });
    fs.closeSync(file);
    return randomReads / seconds;
  };
}

/** Offsets found a second in the index of a segment of 1 GiB: an entry every 4 KiB. */
export function lookUp(): Measure {
  const entries = 262_144;
  const offsetsPerEntry = 20;
  const index = new OffsetIndex(0);
  for (let n = 0; n < entries; n++)
    index.add(n * offsetsPerEntry, n * offsetsPerEntry + offsetsPerEntry - 1, n * 4096);
  return async () => {
    const lookUps = 2_000_000;
    const offsets = Array.from({ length: 4096 }, () => Math.floor(Math.random() * entries * offsetsPerEntry));
    let sum = 0;
    const seconds = await secondsOf(async () => {
      for (let n = 0; n < lookUps; n++) sum += index.floor(offsets[n & 4095] ?? 0)?.position ?? 0;
    });
    if (sum === 0) throw new Error('nothing was found');
    return lookUps / seconds;
  };
}
