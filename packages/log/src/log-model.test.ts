import { batchesIn, verifyBatch } from '@millrace/record';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { type Log, type LogOptions, openLog } from './index.ts';
import { batchOf, bytesOf, valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';

type Step =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'appendBatches'; readonly batches: readonly (readonly number[])[] }
  | { readonly do: 'appendTogether'; readonly count: number }
  | { readonly do: 'read'; readonly at: number; readonly maxBytes: number; readonly upTo: number }
  | { readonly do: 'flush' }
  | { readonly do: 'time'; readonly ms: number }
  | { readonly do: 'reopen' }
  | { readonly do: 'crash'; readonly seed: number }
  | { readonly do: 'failAppend' }
  | { readonly do: 'startEpoch' };

const size = fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(900) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      sizes: fc.array(size, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('appendBatches' as const),
      batches: fc.array(fc.array(size, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('appendTogether' as const),
      count: fc.integer({ min: 2, max: 12 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      maxBytes: fc.integer({ min: 1, max: 3000 }),
      upTo: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'flush' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 2000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'reopen' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), seed: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'failAppend' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'startEpoch' as const }) },
);

/** The log and the array that it should be. */
class Pair {
  readonly #options: LogOptions;
  #world: TestWorld;
  #values: string[] = [];
  /** Offsets where a batch ends, ascending: the places where a crash or a slice may end. */
  #ends: number[] = [0];
  #written = 0;
  #log!: Log;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#world = testWorld();
  }

  async open(): Promise<void> {
    this.#log = await openLog(directory, this.#options, this.#world);
  }

  async run(action: Step): Promise<void> {
    switch (action.do) {
      case 'append':
        await this.#append(action.sizes);
        break;
      case 'appendBatches':
        await this.#appendBatches(action.batches);
        break;
      case 'appendTogether':
        await Promise.all(Array.from({ length: action.count }, () => this.#append([7])));
        break;
      case 'read':
        await this.#read(action.at, action.maxBytes, action.upTo);
        break;
      case 'flush':
        await this.#log.flush();
        expect(this.#log.flushedOffset).toBe(this.#values.length);
        break;
      case 'time':
        await this.#world.clock.advance(action.ms);
        break;
      case 'reopen':
        await this.#log.close();
        await this.open();
        expect(this.#log.flushedOffset).toBe(this.#values.length);
        break;
      case 'crash':
        await this.#crash(action.seed);
        break;
      case 'failAppend':
        await this.#failAppend();
        break;
      case 'startEpoch':
        await this.#log.startEpoch(this.#log.latestLeaderEpoch + 1);
        break;
    }
    await this.check();
  }

  async check(): Promise<void> {
    expect(this.#log.endOffset).toBe(this.#values.length);
    expect(this.#log.flushedOffset).toBeLessThanOrEqual(this.#values.length);
    expect(await valuesOf(this.#log)).toEqual(this.#values);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #value(bytes: number): string {
    return `${this.#written++}`.padEnd(bytes, '.');
  }

  #expectAppended(values: readonly string[]): number {
    const base = this.#values.length;
    this.#values.push(...values);
    this.#ends.push(this.#values.length);
    return base;
  }

  async #append(sizes: readonly number[]): Promise<void> {
    const values = sizes.map((bytes) => this.#value(bytes));
    const appended = this.#log.append(values.map((value) => ({ value })));
    const base = this.#expectAppended(values);
    expect(await appended).toMatchObject({
      baseOffset: base,
      lastOffset: base + values.length - 1,
      duplicate: false,
    });
  }

  async #appendBatches(batches: readonly (readonly number[])[]): Promise<void> {
    const values = batches.map((sizes) => sizes.map((bytes) => this.#value(bytes)));
    const epoch = this.#log.latestLeaderEpoch;
    const appended = this.#log.appendBatches(Buffer.concat(values.map((batch) => batchOf(batch))), {
      leaderEpoch: epoch,
    });
    const base = this.#values.length;
    for (const batch of values) this.#expectAppended(batch);
    expect(await appended).toMatchObject({ baseOffset: base, lastOffset: this.#values.length - 1 });
  }

  async #read(at: number, maxBytes: number, upToShare: number): Promise<void> {
    const from = Math.floor(at * (this.#values.length + 1));
    const upTo = Math.floor(upToShare * (this.#values.length + 1));
    const bytes = await bytesOf(this.#log, from, maxBytes, upTo);
    const batches = [...batchesIn(bytes)];
    const last = batches.at(-1);
    const firstEnd = this.#ends.find((end) => end > from);
    if (from >= upTo || firstEnd === undefined || firstEnd > upTo) {
      expect(bytes.length).toBe(0);
      return;
    }
    // Whole batches, the first holds the offset, none passes the limits, the first one excepted.
    expect(last !== undefined && last.position + last.header.sizeInBytes).toBe(bytes.length);
    expect(batches[0]?.header.lastOffset).toBeGreaterThanOrEqual(from);
    expect(batches[0]?.header.baseOffset).toBeLessThanOrEqual(from);
    expect(last?.header.lastOffset).toBeLessThan(upTo);
    if (batches.length > 1) expect(bytes.length).toBeLessThanOrEqual(maxBytes);
    for (const { position } of batches) verifyBatch(bytes, position);
    expect(this.#log.bytesBetween(from, upTo)).toBeGreaterThan(0);
  }

  async #crash(seed: number): Promise<void> {
    const { flushedOffset } = this.#log;
    const files = this.#world.files.crash(seededRandom(seed));
    this.#world = { ...this.#world, files, host: { ...this.#world.host, bootId: `boot after ${seed}` } };
    await this.open();
    const { endOffset } = this.#log;
    expect(endOffset).toBeGreaterThanOrEqual(flushedOffset);
    expect(this.#ends).toContain(endOffset);
    expect(this.#log.flushedOffset).toBe(endOffset);
    this.#values = this.#values.slice(0, endOffset);
    this.#ends = this.#ends.filter((end) => end <= endOffset);
  }

  async #failAppend(): Promise<void> {
    const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    this.#world.files.failNext('append', error);
    const failing = Promise.allSettled(
      [1, 2, 3].map((bytes) => this.#log.append({ value: this.#value(bytes) })),
    );
    for (const result of await failing) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'LOG_FAILED', retriable: true } });
    }
    expect(this.#log.failure).toBeUndefined();
  }
}

describe('a log', () => {
  it('agrees with an array under append, read, roll, flush, reopen, crash and full disks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 100, max: 3000 }),
        fc.integer({ min: 0, max: 600 }),
        fc.array(step, { minLength: 1, maxLength: 30 }),
        async (segmentBytes, indexIntervalBytes, steps) => {
          const pair = new Pair({ segmentBytes, indexIntervalBytes });
          await pair.open();
          for (const action of steps) await pair.run(action);
          await pair.close();
        },
      ),
      { numRuns: Number(process.env['MILLRACE_RUNS'] ?? 300) },
    );
  }, 60_000);
});
