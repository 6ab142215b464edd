import * as fs from 'node:fs';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Log, openLog } from '@millrace/log';
import { type Measure, makeBatch, recordsPerBatch, secondsOf } from './log-batches.ts';

const writev = promisify(fs.writev);
const datasync = promisify(fs.fdatasync);

/** About 1 MiB, as the log writes. */
const batchesPerWrite = 96;
const totalBytes = 512 * 1024 * 1024;

/** Bytes a second, with twice as many batches under way as one write takes. */
export function appendToLog(directory: string): Measure {
  return withLog(directory, async (log) => {
    let written = 0;
    const lane = async (): Promise<void> => {
      // Stamped again and again, but never while a write of the same bytes is under way.
      const batch = makeBatch(recordsPerBatch);
      for (; written < totalBytes; written += batch.length)
        await log.appendBatches(batch, { leaderEpoch: 0 });
    };
    const seconds = await secondsOf(() => Promise.all(Array.from({ length: batchesPerWrite * 2 }, lane)));
    return written / seconds;
  });
}

/** Bytes a second by `fs.writev` of as many batches at once, from as many buffers; with a flush always behind or without. */
export function appendPlainly(directory: string, flush: boolean): Measure {
  return async () => {
    const halves = [0, 1].map(() =>
      Array.from({ length: batchesPerWrite }, () => makeBatch(recordsPerBatch)),
    );
    const file = fs.openSync(join(directory, 'plain'), 'w+');
    let written = 0;
    const flushBehind = async (): Promise<void> => {
      while (flush && written < totalBytes) await datasync(file);
    };
    let flushed = Promise.resolve();
    const seconds = await secondsOf(async () => {
      flushed = flushBehind();
      while (written < totalBytes) {
        for (const chunks of halves) written += (await writev(file, chunks, written)).bytesWritten;
      }
    });
    await flushed;
    fs.closeSync(file);
    fs.rmSync(join(directory, 'plain'));
    return written / seconds;
  };
}

/** Appends a second of one record each, 64 in flight. */
export function appendSingly(directory: string): Measure {
  return withLog(directory, async (log) => {
    const appends = 400_000;
    let appended = 0;
    const lane = async (): Promise<void> => {
      const batch = makeBatch(1);
      for (; appended < appends; appended++) await log.appendBatches(batch, { leaderEpoch: 0 });
    };
    return appends / (await secondsOf(() => Promise.all(Array.from({ length: 64 }, lane))));
  });
}

function withLog(directory: string, work: (log: Log) => Promise<number>): Measure {
  return async () => {
    const path = join(directory, 'log');
    const log = await openLog(path);
    try {
      return await work(log);
    } finally {
      await log.close();
      rmSync(path, { recursive: true });
    }
  };
}
