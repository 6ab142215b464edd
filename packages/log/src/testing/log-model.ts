import assert from 'node:assert/strict';
import { batchesIn, verifyBatch } from '@millrace/record';
import { hasCode } from '@millrace/runtime';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import type { Appended, Log, LogOptions } from '../log.ts';
import { openLog } from '../open-log.ts';
import { batchOf, bytesOf } from './log-fixtures.ts';

const directory = '/data/log';

/** What may happen to a log. */
export type LogStep =
  | { readonly do: 'append'; readonly sizes: readonly number[] }
  | { readonly do: 'appendBatches'; readonly batches: readonly (readonly number[])[] }
  | { readonly do: 'appendTogether'; readonly count: number }
  | { readonly do: 'read'; readonly at: number; readonly maxBytes: number; readonly upTo: number }
  | { readonly do: 'flush' }
  | { readonly do: 'time'; readonly ms: number }
  | { readonly do: 'reopen' }
  | { readonly do: 'crash'; readonly seed: number }
  | { readonly do: 'failAppend' }
  | { readonly do: 'startEpoch' }
  | { readonly do: 'deleteBefore'; readonly at: number }
  | { readonly do: 'truncateTo'; readonly at: number }
  | { readonly do: 'retain'; readonly bytes: number };

const size = fc.oneof({ weight: 5, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.nat(900) });
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const arbitraryStep: fc.Arbitrary<LogStep> = fc.oneof(
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
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      maxBytes: fc.integer({ min: 1, max: 3000 }),
      upTo: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deleteBefore' as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('truncateTo' as const), at: share }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retain' as const), bytes: fc.nat(4000) }) },
);

/** A log and the array that it should be; every step is taken by both and compared. */
export class LogModel {
  readonly #options: LogOptions;
  #world: TestWorld;
  /** undefined: damaged in a power cut, and not served. */
  #values: (string | undefined)[] = [];
  /** Offsets where a batch ends, ascending: the places where a crash or a slice may end. */
  #ends: number[] = [0];
  /** What lies below was deleted. */
  #start = 0;
  #written = 0;
  #log!: Log;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#world = testWorld();
  }

  async open(): Promise<void> {
    this.#log = await openLog(directory, this.#options, this.#world);
  }

  async run(action: LogStep): Promise<void> {
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
        assert.equal(this.#log.flushedOffset, this.#values.length);
        break;
      case 'time':
        await this.#world.clock.advance(action.ms);
        break;
      case 'reopen':
        await this.#log.close();
        await this.open();
        assert.equal(this.#log.flushedOffset, this.#values.length);
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
      case 'deleteBefore':
        await this.#deleteBefore(action.at);
        break;
      case 'truncateTo':
        await this.#truncateTo(action.at);
        break;
      case 'retain':
        await this.#retain(action.bytes);
        break;
    }
    await this.check();
  }

  async check(): Promise<void> {
    assert.equal(this.#log.startOffset, this.#start);
    assert.equal(this.#log.endOffset, this.#values.length);
    assert.ok(this.#start <= this.#log.flushedOffset);
    assert.ok(this.#log.flushedOffset <= this.#values.length);
    assert.deepEqual((await this.#readAll()).slice(this.#start), this.#values.slice(this.#start));
  }

  /** All values, going on behind what is damaged. */
  async #readAll(): Promise<(string | undefined)[]> {
    const values: (string | undefined)[] = this.#values.slice(0, this.#start);
    for (;;) {
      try {
        for await (const record of this.#log.records({ from: values.length }))
          values.push(String(record.value));
        return values;
      } catch (error) {
        if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
        const nextOffset = Number(error.details?.['nextOffset']);
        assert.ok(nextOffset > values.length);
        while (values.length < nextOffset) values.push(undefined);
      }
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #value(bytes: number): string {
    return `${this.#written++}`.padEnd(bytes, '.');
  }

  get #firstDamage(): number {
    const damaged = this.#values.indexOf(undefined);
    return damaged < 0 ? this.#values.length : damaged;
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
    assert.deepEqual(offsetsOf(await appended), [base, base + values.length - 1, false]);
  }

  async #appendBatches(batches: readonly (readonly number[])[]): Promise<void> {
    const values = batches.map((sizes) => sizes.map((bytes) => this.#value(bytes)));
    const epoch = this.#log.latestLeaderEpoch;
    const appended = this.#log.appendBatches(Buffer.concat(values.map((batch) => batchOf(batch))), {
      leaderEpoch: epoch,
    });
    const base = this.#values.length;
    for (const batch of values) this.#expectAppended(batch);
    assert.deepEqual(offsetsOf(await appended), [base, this.#values.length - 1, false]);
  }

  async #read(at: number, maxBytes: number, upToShare: number): Promise<void> {
    const from = Math.floor(at * (this.#values.length + 1));
    const upTo = Math.floor(upToShare * (this.#values.length + 1));
    if (from < this.#start) {
      await assert.rejects(bytesOf(this.#log, from, maxBytes, upTo), { code: 'OFFSET_OUT_OF_RANGE' });
      return;
    }
    if (from < upTo && this.#values[from] === undefined && from < this.#values.length) {
      await assert.rejects(bytesOf(this.#log, from, maxBytes, upTo), { code: 'CORRUPT_MESSAGE' });
      return;
    }
    const bytes = await bytesOf(this.#log, from, maxBytes, upTo);
    const batches = [...batchesIn(bytes)];
    const first = batches[0];
    const last = batches.at(-1);
    const firstEnd = this.#ends.find((end) => end > from);
    if (from >= upTo || firstEnd === undefined || firstEnd > upTo) {
      assert.equal(bytes.length, 0);
      return;
    }
    assert.ok(first !== undefined && last !== undefined);
    assert.equal(last.position + last.header.sizeInBytes, bytes.length, 'the slice ends with a whole batch');
    assert.ok(first.header.baseOffset <= from && from <= first.header.lastOffset);
    assert.ok(last.header.lastOffset < upTo);
    assert.ok(batches.length === 1 || bytes.length <= maxBytes);
    for (const { position } of batches) verifyBatch(bytes, position);
    assert.ok(this.#log.bytesBetween(from, upTo) > 0);
  }

  async #deleteBefore(at: number): Promise<void> {
    const most = this.#log.flushedOffset;
    const offset = this.#start + Math.floor(at * (most - this.#start + 1));
    await this.#log.deleteBefore(offset);
    this.#start = offset;
    await assert.rejects(this.#log.deleteBefore(this.#values.length + 1), { code: 'OFFSET_OUT_OF_RANGE' });
  }

  async #truncateTo(at: number): Promise<void> {
    const offset = this.#start + Math.floor(at * (this.#values.length - this.#start + 1));
    const end = Math.max(this.#start, ...this.#ends.filter((one) => one <= offset));
    await this.#log.truncateTo(offset);
    const { endOffset } = this.#log;
    // What is damaged at the end goes with what was cut.
    assert.ok(
      endOffset === end || (endOffset < end && this.#values.slice(endOffset, end).includes(undefined)),
    );
    this.#values.length = endOffset;
    this.#ends = [...this.#ends.filter((one) => one < endOffset), endOffset];
  }

  async #retain(bytes: number): Promise<void> {
    this.#log.configure({ retentionBytes: bytes });
    const before = this.#log.sizeInBytes;
    const deleted = await this.#log.applyRetention();
    this.#log.configure({ retentionBytes: -1 });
    assert.equal(this.#log.sizeInBytes, before - deleted.bytes);
    assert.ok(deleted.segments === 0 || this.#log.sizeInBytes >= bytes);
    this.#start = Math.max(this.#start, this.#log.startOffset);
  }

  async #crash(seed: number): Promise<void> {
    const { flushedOffset } = this.#log;
    const files = this.#world.files.crash(seededRandom(seed));
    this.#world = { ...this.#world, files, host: { ...this.#world.host, bootId: `boot after ${seed}` } };
    await this.open();
    const { endOffset } = this.#log;
    assert.ok(endOffset >= flushedOffset, 'what was flushed survives');
    assert.ok(this.#ends.includes(endOffset), 'a crash cuts between batches');
    assert.equal(this.#log.flushedOffset, endOffset);
    const found = await this.#readAll();
    const damaged = found.indexOf(undefined);
    assert.ok(
      damaged < 0 || damaged >= Math.min(flushedOffset, this.#firstDamage),
      'what was flushed is served',
    );
    this.#values = this.#values
      .slice(0, endOffset)
      .map((value, at) => (found[at] === undefined ? undefined : value));
    this.#ends = this.#ends.filter((end) => end <= endOffset);
  }

  async #failAppend(): Promise<void> {
    const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    this.#world.files.failNext('append', error);
    const values = [1, 2, 3].map((bytes) => this.#value(bytes));
    const results = await Promise.allSettled(values.map((value) => this.#log.append({ value })));
    // An index that is written in the background may meet the fault instead.
    let failed = false;
    for (const [at, result] of results.entries()) {
      if (result.status === 'fulfilled') {
        assert.ok(!failed, 'nothing is written behind an append that failed');
        assert.deepEqual(offsetsOf(result.value), [this.#values.length, this.#values.length, false]);
        this.#expectAppended([values[at] ?? '']);
        continue;
      }
      failed = true;
      const { code, retriable } = result.reason;
      assert.deepEqual([code, retriable], ['LOG_FAILED', true]);
    }
    assert.equal(this.#log.failure, undefined);
  }
}

function offsetsOf({ baseOffset, lastOffset, duplicate }: Appended): unknown[] {
  return [baseOffset, lastOffset, duplicate];
}

/** A log of small segments, and what happens to it. */
export const arbitraryLogStory: fc.Arbitrary<{
  readonly segmentBytes: number;
  readonly indexIntervalBytes: number;
  readonly steps: readonly LogStep[];
}> = fc.record({
  segmentBytes: fc.integer({ min: 100, max: 3000 }),
  indexIntervalBytes: fc.integer({ min: 0, max: 600 }),
  steps: fc.array(arbitraryStep, { minLength: 1, maxLength: 30 }),
});
