// `npx tsx --conditions=@millrace/source tools/bench/log.ts [--json]`: the log against plain calls for the same bytes.
import * as fs from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Log, openLog } from '@millrace/log';
import { BatchBuilder } from '@millrace/record';
import { alternate, human } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const writev = promisify(fs.writev);
const read = promisify(fs.read);
const datasync = promisify(fs.fdatasync);

const recordsPerBatch = 50;
const recordBytes = 200;
/** About 1 MiB, as the log writes. */
const batchesPerWrite = 96;
const totalBytes = 512 * 1024 * 1024;
const readBytes = 1024 * 1024;

/** Does its work once and answers how much of it a second. */
type Measure = () => Promise<number>;

function makeBatch(records: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  const value = Buffer.alloc(recordBytes, 'a log line ');
  for (let n = 0; n < records; n++) builder.tryAppend({ value }, 0);
  return builder.build();
}

/** Bytes a second, with twice as many batches under way as one write takes. */
function appendToLog(directory: string): Measure {
  return withLog(directory, async (log) => {
    let written = 0;
    const lane = async (): Promise<void> => {
      // Stamped again and again, but never while a write of the same bytes is under way.
      const batch = makeBatch(recordsPerBatch);
      for (; written < totalBytes; written += batch.length)
        await log.appendBatches(batch, { leaderEpoch: 0 });
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: batchesPerWrite * 2 }, lane));
    return written / ((performance.now() - started) / 1000);
  });
}

/** Bytes a second by `fs.writev` of as many batches at once, from as many buffers; with a flush always behind or without. */
function appendPlainly(directory: string, flush: boolean): Measure {
  return async () => {
    const halves = [0, 1].map(() =>
      Array.from({ length: batchesPerWrite }, () => makeBatch(recordsPerBatch)),
    );
    const file = fs.openSync(join(directory, 'plain'), 'w+');
    let written = 0;
    const flushBehind = async (): Promise<void> => {
      while (flush && written < totalBytes) await datasync(file);
    };
    const started = performance.now();
    const flushed = flushBehind();
    while (written < totalBytes) {
      for (const chunks of halves) written += (await writev(file, chunks, written)).bytesWritten;
    }
    const seconds = (performance.now() - started) / 1000;
    await flushed;
    fs.closeSync(file);
    fs.rmSync(join(directory, 'plain'));
    return written / seconds;
  };
}

/** Appends a second of one record each, 64 in flight. */
function appendSingly(directory: string): Measure {
  return withLog(directory, async (log) => {
    const appends = 400_000;
    let appended = 0;
    const lane = async (): Promise<void> => {
      const batch = makeBatch(1);
      for (; appended < appends; appended++) await log.appendBatches(batch, { leaderEpoch: 0 });
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: 64 }, lane));
    return appended / ((performance.now() - started) / 1000);
  });
}

async function fill(log: Log): Promise<void> {
  const bytes = Buffer.concat(Array.from({ length: 100 }, () => makeBatch(recordsPerBatch)));
  while (log.sizeInBytes < totalBytes) await log.appendBatches(Buffer.from(bytes), { leaderEpoch: 0 });
  await log.flush();
}

/** Bytes a second of a reader that goes from the beginning to the end. */
function readLog(log: Log): Measure {
  return async () => {
    let bytes = 0;
    const started = performance.now();
    for (let from = 0; from < log.endOffset; ) {
      const slice = await log.read(from, { maxBytes: readBytes });
      const chunk = await slice.read(0, slice.byteLength);
      slice.release();
      bytes += chunk.length;
      from = slice.baseOffset + Math.round((chunk.length / batchBytes) * recordsPerBatch);
    }
    return bytes / ((performance.now() - started) / 1000);
  };
}

function readPlainly(path: string): Measure {
  return async () => {
    const file = fs.openSync(path, 'r');
    let position = 0;
    const started = performance.now();
    for (;;) {
      const { bytesRead } = await read(file, Buffer.allocUnsafe(readBytes), 0, readBytes, position);
      if (bytesRead === 0) break;
      position += bytesRead;
    }
    const seconds = (performance.now() - started) / 1000;
    fs.closeSync(file);
    return position / seconds;
  };
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

const batchBytes = makeBatch(recordsPerBatch).length;
const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-log-'));
try {
  const writing = await alternate(rounds, {
    appendBytes: appendToLog(directory),
    plainWriteBytes: appendPlainly(directory, false),
    plainFlushedBytes: appendPlainly(directory, true),
    singleAppends: appendSingly(directory),
  });
  const path = join(directory, 'read');
  const log = await openLog(path);
  await fill(log);
  const reading = await alternate(rounds, {
    readBytes: readLog(log),
    plainReadBytes: readPlainly(join(path, '00000000000000000000.log')),
  });
  await log.close();
  report({ ...writing, ...reading });
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function report(figures: Record<string, number>): void {
  const {
    appendBytes = 0,
    plainWriteBytes = 0,
    plainFlushedBytes = 0,
    singleAppends = 0,
    readBytes: read = 0,
    plainReadBytes = 0,
  } = figures;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify(figures));
    return;
  }
  const line = (what: string, figure: string): void =>
    console.log(`${what.padEnd(52)} ${figure.padStart(12)}`);
  const share = (of: number, whole: number): string => `${((of / whole) * 100).toFixed(0)} %`;
  line('append, batches of 50 records, flush behind, bytes/s', human(appendBytes));
  line('  records/s', human((appendBytes / batchBytes) * recordsPerBatch));
  line('plain writev of the same bytes, bytes/s', human(plainWriteBytes));
  line('  the log reaches of it', share(appendBytes, plainWriteBytes));
  line('the same with a flush always behind, bytes/s', human(plainFlushedBytes));
  line('  the log reaches of it', share(appendBytes, plainFlushedBytes));
  line('append, single records, 64 in flight, appends/s', human(singleAppends));
  line('read in order, 1 MiB at a time, bytes/s', human(read));
  line('plain reads of the same bytes, bytes/s', human(plainReadBytes));
  line('  the log reaches of it', share(read, plainReadBytes));
}
