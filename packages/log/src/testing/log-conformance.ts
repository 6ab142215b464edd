import assert from 'node:assert/strict';
import { batchesIn, verifyBatch } from '@millrace/record';
import type { Log } from '../log.ts';
import { batchOf, bytesOf, valuesOf } from './log-fixtures.ts';

export interface LogConformance {
  /** jest's, vitest's or node:test's. */
  test(name: string, run: () => Promise<void>): void;
  /** A log without records, open. */
  create(): Promise<Log>;
}

type Check = (log: Log) => Promise<void>;

/** What every log keeps to, whatever it keeps its records in. The suite closes what it created. */
export function logConformance(suite: LogConformance): void {
  for (const [name, check] of Object.entries({ ...appending, ...reading, ...marking })) {
    suite.test(name, async () => {
      const log = await suite.create();
      try {
        await check(log);
      } finally {
        await log.close();
      }
    });
  }
}

const appending: Record<string, Check> = {
  'is empty at first': async (log) => {
    assert.equal(log.startOffset, log.endOffset);
    assert.equal((await bytesOf(log, log.endOffset, 1000)).length, 0);
    assert.equal(log.latestLeaderEpoch, -1);
    assert.equal(log.failure, undefined);
  },
  'gives offsets in the order of the calls': async (log) => {
    const appended = await Promise.all([
      log.append({ value: 'a' }),
      log.append([{ value: 'b' }, { value: 'c' }]),
      log.appendBatches(Buffer.concat([batchOf(['d']), batchOf(['e', 'f'])]), { leaderEpoch: 0 }),
      log.append({ value: 'g' }),
    ]);

    assert.deepEqual(
      appended.map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset]),
      [
        [0, 0],
        [1, 2],
        [3, 5],
        [6, 6],
      ],
    );
    assert.deepEqual(await valuesOf(log), ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  },
  'stamps offsets and epoch, and nothing else': async (log) => {
    await log.append({ value: 'before' });
    await log.appendBatches(batchOf(['a', 'b']), { leaderEpoch: 7 });

    const bytes = await bytesOf(log, 1, 1000);

    const header = verifyBatch(bytes);
    assert.deepEqual([header.baseOffset, header.lastOffset, header.leaderEpoch], [1, 2, 7]);
    assert.equal(log.latestLeaderEpoch, 7);
  },
  'keeps keys, headers, tombstones and timestamps': async (log) => {
    await log.append({
      key: 'k',
      value: null,
      timestamp: 1234,
      headers: [{ key: 'h', value: Buffer.from('v') }],
    });

    for await (const record of log.records()) {
      assert.equal(String(record.key), 'k');
      assert.equal(record.value, null);
      assert.equal(record.timestamp, 1234);
      assert.deepEqual(
        record.headers.map(({ key, value }) => [key, value === null ? null : Buffer.from(value).toString()]),
        [['h', 'v']],
      );
    }
  },
  'refuses what is no batch, too large or nothing at all': async (log) => {
    const batch = batchOf(['x']);
    const options = { leaderEpoch: 0 };
    await assert.rejects(log.appendBatches(Buffer.alloc(0), options), { code: 'CORRUPT_MESSAGE' });
    await assert.rejects(log.appendBatches(Buffer.alloc(200), options), { code: 'CORRUPT_MESSAGE' });
    await assert.rejects(log.appendBatches(batch.subarray(0, -1), options), { code: 'CORRUPT_MESSAGE' });
    await assert.rejects(log.appendBatches(Buffer.concat([batch, batch.subarray(0, 30)]), options), {
      code: 'CORRUPT_MESSAGE',
    });
    await assert.rejects(log.appendBatches(batchOf(['x'.repeat(2_000_000)]), options), {
      code: 'RECORD_TOO_LARGE',
    });
    await assert.rejects(log.append({ value: 'x'.repeat(2_000_000) }), { code: 'RECORD_TOO_LARGE' });
    await assert.rejects(log.append([]), TypeError);
    assert.equal(log.endOffset, 0);
    assert.equal((await log.append({ value: 'x' })).baseOffset, 0);
  },
};

const reading: Record<string, Check> = {
  'reads whole batches, the first however large': async (log) => {
    for (const value of ['a', 'b'.repeat(500), 'c', 'd']) await log.append({ value });

    const small = [...batchesIn(await bytesOf(log, 1, 1))];
    const some = [...batchesIn(await bytesOf(log, 0, 700))];

    assert.deepEqual(
      small.map(({ header }) => header.baseOffset),
      [1],
    );
    assert.ok(some.length >= 1 && some.length < 4);
  },
  'reads nothing at or behind the limit': async (log) => {
    for (const value of ['a', 'b', 'c']) await log.append({ value });

    assert.deepEqual(
      [...batchesIn(await bytesOf(log, 0, 10_000, 2))].map(({ header }) => header.baseOffset),
      [0, 1],
    );
    assert.equal((await bytesOf(log, 2, 10_000, 2)).length, 0);
    assert.equal((await bytesOf(log, 3, 10_000)).length, 0);
  },
  'refuses offsets outside the log': async (log) => {
    await log.append({ value: 'a' });

    await assert.rejects(log.read(2, { maxBytes: 1 }), { code: 'OFFSET_OUT_OF_RANGE' });
    await assert.rejects(log.read(-1, { maxBytes: 1 }), { code: 'OFFSET_OUT_OF_RANGE' });
    await assert.rejects(valuesOf(log, 2), { code: 'OFFSET_OUT_OF_RANGE' });
  },
  'hands out slices that stay readable until they are released': async (log) => {
    await log.append({ value: 'a' });
    const slice = await log.read(0, { maxBytes: 1000 });
    await log.append({ value: 'b' });

    const bytes = await slice.read(0, slice.byteLength);

    assert.equal(slice.baseOffset, 0);
    assert.equal(verifyBatch(bytes).sizeInBytes, slice.byteLength);
    assert.deepEqual(await slice.read(10, 5), bytes.subarray(10, 15));
    slice.release();
    slice.release();
    await assert.rejects(slice.read(0, 1));
  },
  'estimates the bytes between two offsets, never 0 when there are any': async (log) => {
    for (const value of ['a', 'b', 'c']) await log.append({ value });

    assert.equal(log.bytesBetween(0, 0), 0);
    assert.equal(log.bytesBetween(3, 3), 0);
    assert.ok(log.bytesBetween(2, 3) > 0);
    assert.ok(log.bytesBetween(0, 3) >= log.bytesBetween(1, 2));
    assert.ok(log.bytesBetween(0, 99) <= log.sizeInBytes);
  },
  'follows the tail until it is told to stop': async (log) => {
    await log.append({ value: 'a' });
    const stop = new AbortController();
    const seen: string[] = [];

    for await (const record of log.records({ follow: true, signal: stop.signal })) {
      seen.push(String(record.value));
      if (seen.length < 4) await log.append({ value: `after ${String(record.value)}` });
      else stop.abort();
    }

    assert.deepEqual(seen, ['a', 'after a', 'after after a', 'after after after a']);
  },
  'finds the first record at or after a time': async (log) => {
    await log.append([
      { value: 'a', timestamp: 100 },
      { value: 'b', timestamp: 300 },
    ]);
    await log.append({ value: 'c', timestamp: 200 });
    await log.append({ value: 'd', timestamp: 400 });

    assert.deepEqual(await log.offsetForTimestamp(0), { offset: 0, timestamp: 100 });
    assert.deepEqual(await log.offsetForTimestamp(101), { offset: 1, timestamp: 300 });
    assert.deepEqual(await log.offsetForTimestamp(301), { offset: 3, timestamp: 400 });
    assert.equal(await log.offsetForTimestamp(401), undefined);
  },
};

const marking: Record<string, Check> = {
  'has flushed everything that was appended before flush was called': async (log) => {
    const appending = log.append({ value: 'a' });
    await log.flush();

    assert.equal(log.flushedOffset, 1);
    await appending;
  },
  'tells listeners that it advanced, until they stop': async (log) => {
    let calls = 0;
    const stop = log.onAdvance(() => calls++);
    await log.append({ value: 'a' });
    await log.flush();
    await log.append({ value: 'b' });
    await log.flush();
    const heard = calls;
    stop();
    await log.append({ value: 'c' });
    await log.flush();

    assert.ok(heard > 0);
    assert.equal(calls, heard);
  },
  'knows where each leader epoch ends': async (log) => {
    assert.equal(log.endOffsetForEpoch(0), undefined);
    await log.startEpoch(2);
    await log.appendBatches(batchOf(['a', 'b']), { leaderEpoch: 2 });
    await log.startEpoch(4);
    await log.startEpoch(5);
    await log.appendBatches(batchOf(['c']), { leaderEpoch: 5 });

    assert.deepEqual(log.endOffsetForEpoch(1), { leaderEpoch: 1, endOffset: 0 });
    assert.deepEqual(log.endOffsetForEpoch(2), { leaderEpoch: 2, endOffset: 2 });
    assert.deepEqual(log.endOffsetForEpoch(3), { leaderEpoch: 2, endOffset: 2 });
    assert.deepEqual(log.endOffsetForEpoch(5), { leaderEpoch: 5, endOffset: 3 });
    assert.equal(log.endOffsetForEpoch(6), undefined);
    await assert.rejects(log.startEpoch(3), RangeError);
  },
  'takes new options while it is open': async (log) => {
    log.configure({ maxBatchBytes: 100 });
    await assert.rejects(log.append({ value: 'x'.repeat(100) }), { code: 'RECORD_TOO_LARGE' });
    log.configure({ maxBatchBytes: 1000 });

    assert.equal((await log.append({ value: 'x'.repeat(100) })).baseOffset, 0);
    assert.throws(() => log.configure({ segmentBytes: 0 }), RangeError);
  },
};
