import { join } from 'node:path';
import { hasCode } from '@millrace/runtime';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { type Log, openLog } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const numRuns = Number(process.env['MILLRACE_RUNS'] ?? 150);
const steps = ['append', 'search', 'reopen', 'crash', 'truncate', 'delete', 'remove', 'cut', 'flip', 'swap'];

interface Step {
  readonly do: string;
  readonly at: number;
  readonly times: readonly (readonly number[])[];
}

/** Appends are the most frequent; `at` says where, as a share of what there is. */
const arbitraryStep: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof({ weight: 2, arbitrary: fc.constant('append') }, fc.constantFrom(...steps)),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  times: fc.array(fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 }),
});

/** The records that can be read, one after the other, over what a crash damaged. */
async function recordsOf(log: Log): Promise<{ offset: number; timestamp: number }[]> {
  const found: { offset: number; timestamp: number }[] = [];
  for (let from = log.startOffset; from < log.endOffset; ) {
    try {
      for await (const { offset, timestamp } of log.records({ from })) {
        found.push({ offset, timestamp });
        from = offset + 1;
      }
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      from = Number(error.details?.['nextOffset']);
    }
  }
  return found;
}

async function expectAgreement(log: Log): Promise<void> {
  const known = await recordsOf(log);
  const asked = new Set([0, ...known.flatMap(({ timestamp }) => [timestamp, timestamp + 1])]);
  for (const timestamp of asked) {
    const expected = known.find((record) => record.timestamp >= timestamp);
    expect([timestamp, await log.offsetForTimestamp(timestamp)]).toEqual([timestamp, expected]);
  }
}

/** A log, and what happens to it and to the files of its time indexes. */
class Story {
  #world: TestWorld = testWorld();
  #log!: Log;
  readonly #options: { readonly segmentBytes: number; readonly indexIntervalBytes: number };
  #appended = 0;

  constructor(options: { readonly segmentBytes: number; readonly indexIntervalBytes: number }) {
    this.#options = options;
  }

  async open(): Promise<void> {
    this.#log = await openLog(directory, this.#options, this.#world);
  }

  async take({ do: what, at, times }: Step): Promise<void> {
    const log = this.#log;
    if (what === 'append') return this.#append(times);
    if (what === 'search') return expectAgreement(log);
    if (what === 'truncate') {
      const { startOffset, endOffset } = log;
      return log.truncateTo(startOffset + Math.floor(at * (endOffset - startOffset + 1)));
    }
    if (what === 'delete') {
      const { startOffset, flushedOffset } = log;
      return log.deleteBefore(startOffset + Math.floor(at * (flushedOffset - startOffset + 1)));
    }
    if (what === 'crash') {
      if (at < 0.5) await log.flush();
      const files = this.#world.files.crash(seededRandom(Math.floor(at * 1e9)));
      this.#world = { ...this.#world, files, host: { ...this.#world.host, bootId: `boot ${at}` } };
    } else {
      await log.close();
      await this.#damage(what, at);
    }
    return this.open();
  }

  async close(): Promise<void> {
    await expectAgreement(this.#log);
    await this.#log.close();
  }

  /** No two timestamps are the same, so that an entry of other batches is known by its timestamp. */
  async #append(times: readonly (readonly number[])[]): Promise<void> {
    const batches = times.map((batch) =>
      batchOf(
        batch.map((time) => ({ value: 'v'.repeat(time), timestamp: time * 100_000 + this.#appended++ })),
      ),
    );
    await this.#log.appendBatches(Buffer.concat(batches), { leaderEpoch: 0 });
  }

  async #damage(what: string, at: number): Promise<void> {
    const { files } = this.#world;
    const names = (await files.list(directory)).filter((name) => name.endsWith('.timeindex'));
    const path = join(directory, names[Math.floor(at * names.length)] ?? '');
    if (names.length === 0) return;
    if (what === 'remove') await files.remove(path);
    if (what === 'swap') await files.rename(join(directory, names[0] ?? ''), path);
    if (what !== 'cut' && what !== 'flip') return;
    const file = await files.open(path, 'append');
    const bytes = await file.read(0, await file.size());
    const spot = Math.floor(((at * 7919) % 1) * bytes.length);
    if (what === 'flip' && bytes.length > 0) bytes[spot] = (bytes[spot] ?? 0) ^ (1 << (spot % 8));
    await file.truncate(0);
    await file.append([what === 'cut' ? bytes.subarray(0, spot) : bytes]);
    await file.close();
  }
}

describe('offsetForTimestamp', () => {
  it('agrees with a scan of all records, whatever is appended, cut, lost or damaged between openings', async () => {
    const story = fc.record({
      segmentBytes: fc.integer({ min: 150, max: 3000 }),
      indexIntervalBytes: fc.integer({ min: 0, max: 300 }),
      taken: fc.array(arbitraryStep, { minLength: 1, maxLength: 25 }),
    });
    const agrees = fc.asyncProperty(story, async ({ taken, ...options }) => {
      const told = new Story(options);
      await told.open();
      for (const step of taken) await told.take(step);
      await told.close();
    });

    await expect(fc.assert(agrees, { numRuns, includeErrorInReport: true })).resolves.toBeUndefined();
  }, 600_000);

  it('finds the first record in order of offsets, when timestamps are not', async () => {
    const log = await openLog(directory, { segmentBytes: 300, indexIntervalBytes: 0 }, testWorld());
    for (const timestamp of [50, 10, 40, 90, 20, 30, 60])
      await log.append({ value: 'v'.repeat(40), timestamp });

    const found = [0, 45, 51, 91].map((timestamp) => log.offsetForTimestamp(timestamp));

    expect(await Promise.all(found)).toEqual([
      { offset: 0, timestamp: 50 },
      { offset: 0, timestamp: 50 },
      { offset: 3, timestamp: 90 },
      undefined,
    ]);
    await log.close();
  });

  it('answers many at once, of a log that was opened before and is appended to', async () => {
    const world = testWorld();
    const first = await openLog(directory, { segmentBytes: 2000, indexIntervalBytes: 100 }, world);
    for (let time = 0; time < 60; time++) await first.append({ value: 'v'.repeat(40), timestamp: time });
    await first.close();
    const log = await openLog(directory, { segmentBytes: 2000, indexIntervalBytes: 100 }, world);

    const asked = Array.from({ length: 60 }, (_, time) => log.offsetForTimestamp(time));
    const appended = Array.from({ length: 60 }, (_, more) =>
      log.append({ value: 'v'.repeat(40), timestamp: 60 + more }),
    );

    expect((await Promise.all(asked)).map((found) => found?.offset)).toEqual([...asked.keys()]);
    await Promise.all(appended);
    expect(await log.offsetForTimestamp(119)).toEqual({ offset: 119, timestamp: 119 });
    await log.close();
  });
});
