import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openLog } from '@millrace/log';
import { type Measure, recordBytes, recordsPerBatch, secondsOf } from './log-batches.ts';

/** What the same work is done with for comparison: LevelDB, as a log with the offset as its key. */
export const peer = 'classic-level@3.0.0';

interface Level {
  batch(
    operations: readonly { type: 'put'; key: Buffer; value: Buffer }[],
    options: { sync: boolean },
  ): Promise<void>;
  get(key: Buffer): Promise<Buffer | undefined>;
  iterator(): AsyncIterable<[Buffer, Buffer]>;
  open(): Promise<void>;
  close(): Promise<void>;
}

type LevelClass = new (path: string, options: { keyEncoding: 'buffer'; valueEncoding: 'buffer' }) => Level;

/** Installs the peer into a folder of its own. */
export function loadPeer(directory: string): LevelClass {
  const folder = join(directory, 'peer');
  mkdirSync(folder);
  execFileSync('npm', ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--no-audit', peer], {
    stdio: 'pipe',
  });
  return createRequire(join(folder, 'index.js'))('classic-level').ClassicLevel as LevelClass;
}

export interface StoreWork {
  /** Records a second in batches of 50, one lane of calls, in the page cache when acknowledged. */
  readonly append: Measure;
  /** The same with 32 calls in flight, on the disk when acknowledged. */
  readonly appendSynced: Measure;
  /** Records a second, all of them in order. */
  readonly readAll: Measure;
  /** Records a second, each at a random offset. */
  readonly readRandom: Measure;
}

const appendedBatches = 10_000;
const syncedBatches = 4000;
const randomReads = 5000;
const value = Buffer.alloc(recordBytes, 'a log line ');

export function levelWork(ClassicLevel: LevelClass, directory: string): StoreWork {
  const path = join(directory, 'level');
  const options = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const;
  const write = async (batches: number, lanes: number, sync: boolean): Promise<number> => {
    rmSync(path, { recursive: true, force: true });
    const db = new ClassicLevel(path, options);
    await db.open();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < batches * recordsPerBatch) {
        const base = next;
        next += recordsPerBatch;
        await db.batch(
          Array.from({ length: recordsPerBatch }, (_, n) => ({ type: 'put', key: keyOf(base + n), value })),
          { sync },
        );
      }
    };
    const seconds = await secondsOf(() => Promise.all(Array.from({ length: lanes }, lane)));
    await db.close();
    return (batches * recordsPerBatch) / seconds;
  };
  const reading = async (work: (db: Level) => Promise<number>): Promise<number> => {
    const db = new ClassicLevel(path, options);
    await db.open();
    let records = 0;
    const seconds = await secondsOf(async () => {
      records = await work(db);
    });
    await db.close();
    return records / seconds;
  };
  return {
    appendSynced: () => write(syncedBatches, 32, true),
    append: () => write(appendedBatches, 1, false),
    readAll: () => reading(countAll),
    readRandom: () =>
      reading(async (db) => {
        for (const offset of randomOffsets())
          if ((await db.get(keyOf(offset))) === undefined) throw missing(offset);
        return randomReads;
      }),
  };
}

export function logWork(directory: string): StoreWork {
  const path = join(directory, 'as-store');
  const write = async (batches: number, lanes: number, sync: boolean): Promise<number> => {
    rmSync(path, { recursive: true, force: true });
    const log = await openLog(path);
    const records = Array.from({ length: recordsPerBatch }, () => ({ value }));
    let appended = 0;
    const lane = async (): Promise<void> => {
      while (appended < batches) {
        appended++;
        await log.append(records);
        if (sync) await log.flush();
      }
    };
    const seconds = await secondsOf(() => Promise.all(Array.from({ length: lanes }, lane)));
    await log.close();
    return (batches * recordsPerBatch) / seconds;
  };
  const reading = async (
    work: (log: Awaited<ReturnType<typeof openLog>>) => Promise<number>,
  ): Promise<number> => {
    const log = await openLog(path);
    let records = 0;
    const seconds = await secondsOf(async () => {
      records = await work(log);
    });
    await log.close();
    return records / seconds;
  };
  return {
    appendSynced: () => write(syncedBatches, 32, true),
    append: () => write(appendedBatches, 1, false),
    readAll: () => reading((log) => countAll({ iterator: () => log.records() })),
    readRandom: () =>
      reading(async (log) => {
        for (const offset of randomOffsets()) {
          const { value: record } = await log.records({ from: offset })[Symbol.asyncIterator]().next();
          if (record?.offset !== offset) throw missing(offset);
        }
        return randomReads;
      }),
  };
}

async function countAll(store: { iterator(): AsyncIterable<unknown> }): Promise<number> {
  let records = 0;
  for await (const _ of store.iterator()) records++;
  if (records !== appendedBatches * recordsPerBatch) throw new Error(`${records} records were read`);
  return records;
}

function keyOf(offset: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeBigUInt64BE(BigInt(offset));
  return key;
}

function randomOffsets(): number[] {
  return Array.from({ length: randomReads }, () =>
    Math.floor(Math.random() * appendedBatches * recordsPerBatch),
  );
}

function missing(offset: number): Error {
  return new Error(`the record at ${offset} was not found`);
}
