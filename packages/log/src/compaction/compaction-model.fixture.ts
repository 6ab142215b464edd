import assert from 'node:assert/strict';
import { BatchBuilder, loadCompression, type NewRecord } from '@millrace/record';
import type { FileLock, LockNotes } from '@millrace/runtime';
import { hasCode } from '@millrace/runtime';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import fc from 'fast-check';
import { FaultyFiles } from '../fault-files.fixture.ts';
import type { Log, LogOptions } from '../log.ts';
import { openLog } from '../open-log.ts';

const directory = '/data/log';
const forever = Number.MAX_SAFE_INTEGER;

/** What a producer sends: a key of few, or none; a value, or a tombstone. */
export interface SentRecord {
  readonly key: number | undefined;
  readonly dead: boolean;
  readonly bytes: number;
}

export interface SentBatch {
  readonly records: readonly SentRecord[];
  readonly producer: number | undefined;
  readonly gzip: boolean;
}

export type CompactionStep =
  | {
      readonly do: 'append';
      readonly batches: readonly SentBatch[];
    }
  | { readonly do: 'compact'; readonly reads: boolean }
  | { readonly do: 'crash'; readonly at: number; readonly power: boolean; readonly seed: number }
  | { readonly do: 'fault'; readonly at: number; readonly code: 'ENOSPC' | 'EIO' }
  | { readonly do: 'reopen'; readonly lose: 'nothing' | 'snapshots' | 'indexes' | 'recovery-point' }
  | { readonly do: 'time'; readonly ms: number };

const sent: fc.Arbitrary<SentRecord> = fc.record({
  key: fc.oneof({ weight: 20, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constant(undefined) }),
  dead: fc.nat(4).map((n) => n === 0),
  bytes: fc.nat(80),
});

const sentBatch: fc.Arbitrary<SentBatch> = fc.record({
  records: fc.array(sent, { minLength: 1, maxLength: 6 }),
  producer: fc.option(fc.nat(2), { nil: undefined, freq: 1 }),
  gzip: fc.nat(5).map((n) => n === 0),
});

const arbitraryStep: fc.Arbitrary<CompactionStep> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      batches: fc.array(sentBatch, { minLength: 1, maxLength: 8, size: 'max' }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('compact' as const), reads: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      at: fc.integer({ min: 1, max: 90 }),
      power: fc.boolean(),
      seed: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      at: fc.integer({ min: 1, max: 90 }),
      code: fc.constantFrom('ENOSPC' as const, 'EIO' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reopen' as const),
      lose: fc.constantFrom(
        'nothing' as const,
        'snapshots' as const,
        'indexes' as const,
        'recovery-point' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 900 }) }),
  },
);

/** A compacted log of small segments and small memory, and what happens to it. */
export const arbitraryCompactionStory: fc.Arbitrary<{
  readonly options: LogOptions;
  readonly steps: readonly CompactionStep[];
}> = fc.record({
  options: fc.record({
    cleanupPolicy: fc.constantFrom('compact' as const, 'compact,delete' as const),
    segmentBytes: fc.integer({ min: 150, max: 1000 }),
    indexIntervalBytes: fc.integer({ min: 0, max: 300 }),
    deleteRetentionMs: fc.constantFrom(0, 500, 100_000),
    compactionMemoryBytes: fc.constantFrom(100, 1_000_000, 1_000_000, 1_000_000),
  }),
  steps: fc.array(arbitraryStep, { minLength: 3, maxLength: 16, size: 'max' }),
});

interface Written {
  readonly key: string | null;
  readonly value: string | null;
  /** ms since the epoch, of the first run of compaction that may have seen it. */
  compactedAt: number | undefined;
}

interface Producer {
  nextSequence: number;
  last: { readonly batch: Buffer; readonly baseOffset: number; readonly lastOffset: number } | undefined;
}

/** A process that dies holds its lock no longer. */
class KillableFiles extends FaultyFiles {
  override lock(_path: string, _notes?: LockNotes): Promise<FileLock> {
    return Promise.resolve({ annotate: () => Promise.resolve(), release: () => Promise.resolve() });
  }
}

/** A compacted log, and all that was ever written to it. */
export class CompactionModel {
  readonly #options: LogOptions;
  readonly #written: Written[] = [];
  readonly #producers = new Map<number, Producer>();
  #world: TestWorld;
  #files: KillableFiles;
  #compactedAt = -1;
  #boots = 0;
  #wasCut = false;
  #log!: Log;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#world = testWorld();
    this.#files = new KillableFiles(this.#world.files);
  }

  get log(): Log {
    return this.#log;
  }

  /** Whether the last crash or fault came before compaction was through. */
  get wasCut(): boolean {
    return this.#wasCut;
  }

  async open(): Promise<void> {
    this.#log = await openLog(directory, this.#options, { ...this.#world, files: this.#files });
  }

  async run(step: CompactionStep): Promise<void> {
    switch (step.do) {
      case 'append':
        for (const batch of step.batches) await this.#append(batch);
        return;
      case 'compact':
        await this.#compact(step.reads);
        break;
      case 'crash':
        await this.#crash(step.at, step.power, step.seed);
        break;
      case 'fault':
        await this.#fault(step.at, step.code);
        break;
      case 'reopen':
        await this.#reopen(step.lose);
        break;
      case 'time':
        await this.#world.clock.advance(step.ms);
        return;
    }
    await this.check();
  }

  /** The log serves what was written, of each key the newest, and nothing else. */
  async check(): Promise<void> {
    const offsets = await this.#offsetsFrom(0);
    assert.equal(this.#log.endOffset, this.#written.length);
    const newest = new Map<string, number>();
    for (const [offset, { key }] of this.#written.entries()) if (key !== null) newest.set(key, offset);
    const served = new Set(offsets);
    for (const [offset, { key }] of this.#written.entries()) {
      if (key === null) assert.ok(served.has(offset), `the record without a key at ${offset} stays`);
    }
    for (const [key, offset] of newest) this.#checkKey(key, offset, offsets);
  }

  /** A read from any offset, of some two dozen, goes on with the next record that is left. */
  async checkReads(): Promise<void> {
    const offsets = await this.#offsetsFrom(0);
    const step = Math.max(1, Math.floor(this.#written.length / 24));
    for (let from = this.#written.length % step; from <= this.#written.length; from += step) {
      const expected = offsets.filter((offset) => offset >= from);
      assert.deepEqual(await this.#offsetsFrom(from), expected);
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  #checkKey(key: string, newest: number, offsets: readonly number[]): void {
    const { value, compactedAt } = this.#written[newest] as Written;
    const left = offsets.filter((offset) => this.#written[offset]?.key === key);
    if (left.at(-1) === newest) return;
    assert.equal(value, null, `the newest record of ${key}, at ${newest}, is there`);
    assert.deepEqual(left, [], `what the tombstone of ${key} at ${newest} deleted does not come back`);
    const retention = this.#options.deleteRetentionMs ?? 0;
    assert.ok(
      compactedAt !== undefined && this.#compactedAt >= compactedAt + retention,
      `the tombstone of ${key} at ${newest} stays for ${retention} ms`,
    );
  }

  /** Every record is compared with what was written at its offset. */
  async #offsetsFrom(from: number): Promise<number[]> {
    const offsets: number[] = [];
    for await (const { offset, key, value } of this.#log.records({ from })) {
      assert.ok(offset >= from && offset > (offsets.at(-1) ?? -1), 'offsets rise');
      const written = this.#written[offset];
      assert.deepEqual([key?.toString() ?? null, value?.toString() ?? null], [written?.key, written?.value]);
      offsets.push(offset);
    }
    return offsets;
  }

  async #append({ records, producer, gzip }: SentBatch): Promise<void> {
    const batch = await this.#batch(records, producer, gzip);
    const sentBatch = Buffer.from(batch);
    const { baseOffset, lastOffset, duplicate } = await this.#log.appendBatches(batch, { leaderEpoch: 0 });
    assert.equal(duplicate, false);
    assert.equal(lastOffset, this.#written.length - 1);
    if (producer === undefined) return;
    const state = this.#producer(producer);
    state.nextSequence += records.length;
    state.last = { batch: sentBatch, baseOffset, lastOffset };
  }

  async #batch(records: readonly SentRecord[], producer: number | undefined, gzip: boolean): Promise<Buffer> {
    const codec = gzip ? { codec: await loadCompression('gzip') } : {};
    const builder = new BatchBuilder({ maxBytes: 1024 * 1024, ...codec });
    for (const { key, dead, bytes } of records) {
      const record: NewRecord & { key: string | null; value: string | null } = {
        // Of either kind: short enough to be kept as it is, and not.
        key: key === undefined ? null : `key ${key}${key % 2 === 0 ? '' : ' that is too long for a slot'}`,
        value: dead ? null : `${this.#written.length}`.padEnd(bytes, '.'),
      };
      builder.tryAppend(record, this.#world.clock.now());
      this.#written.push({ key: record.key, value: record.value, compactedAt: undefined });
    }
    if (producer === undefined) return builder.build();
    const baseSequence = this.#producer(producer).nextSequence;
    return builder.build({ producerId: producer, producerEpoch: 0, baseSequence });
  }

  #producer(id: number): Producer {
    const known = this.#producers.get(id);
    if (known !== undefined) return known;
    const producer: Producer = { nextSequence: 0, last: undefined };
    this.#producers.set(id, producer);
    return producer;
  }

  #noteCompaction(): void {
    const now = this.#world.clock.now();
    this.#compactedAt = now;
    for (const written of this.#written) written.compactedAt ??= now;
  }

  async #compact(reads: boolean): Promise<void> {
    await this.#log.flush();
    const before = await this.#offsetsFrom(0);
    const slice = await this.#log.read(0, { maxBytes: 500 });
    const bytes = await slice.read(0, slice.byteLength);
    const iterator = this.#log.records()[Symbol.asyncIterator]();
    await iterator.next();

    this.#noteCompaction();
    await Promise.all([this.#compactWholly(), this.#offsetsFrom(0)]);

    assert.deepEqual(await slice.read(0, slice.byteLength), bytes, 'a range that is held stays as it is');
    slice.release();
    await this.#checkIterator(iterator, before);
    const after = await this.#offsetsFrom(0);
    if (this.#options.deleteRetentionMs !== 0) {
      await this.#log.compact();
      assert.deepEqual(await this.#offsetsFrom(0), after, 'compacting twice equals once');
    }
    if (reads) await this.checkReads();
  }

  /** As many runs as the memory needs; each one goes on where the last one stopped. */
  async #compactWholly(): Promise<void> {
    for (let last = -1; ; ) {
      const { cleanedUpTo, bytesBefore, bytesAfter, leftAlone } = await this.#log.compact();
      assert.deepEqual(leftAlone, []);
      assert.ok(bytesAfter <= bytesBefore + 200);
      if (cleanedUpTo === last) {
        await this.#checkUnique(cleanedUpTo);
        return;
      }
      assert.ok(cleanedUpTo > last, 'each run comes further');
      last = cleanedUpTo;
    }
  }

  async #checkUnique(cleanedUpTo: number): Promise<void> {
    const seen = new Set<string>();
    for (const offset of await this.#offsetsFrom(0)) {
      const key = this.#written[offset]?.key;
      if (key === null || key === undefined || offset >= cleanedUpTo) continue;
      assert.ok(!seen.has(key), `${key} is there once below ${cleanedUpTo}`);
      seen.add(key);
    }
  }

  /** Who has begun to read before goes on with records that are right, and misses none that is left. */
  async #checkIterator(
    iterator: AsyncIterator<{ readonly offset: number }>,
    before: readonly number[],
  ): Promise<void> {
    const seen: number[] = [];
    for (let result = await iterator.next(); result.done !== true; result = await iterator.next()) {
      seen.push(result.value.offset);
    }
    const after = new Set(await this.#offsetsFrom(0));
    assert.deepEqual(
      seen.filter((offset) => after.has(offset)),
      [...after].filter((offset) => offset > (before[0] ?? 0)),
    );
    assert.ok(seen.every((offset) => before.includes(offset)));
  }

  /** The process or the machine stops at some call of compaction's, or behind it. */
  async #crash(at: number, power: boolean, seed: number): Promise<void> {
    await this.#log.flush();
    this.#noteCompaction();
    this.#files.set({ code: 'EIO', from: at, times: forever });
    await this.#log.compact().catch((error: unknown) => assert.ok(hasCode(error, 'LOG_FAILED')));
    this.#wasCut = this.#files.failed > 0;
    this.#files.set({ code: 'EIO', from: 1, times: forever });
    this.#boots += 1;
    const files = power ? this.#world.files.crash(seededRandom(seed)) : this.#world.files;
    const host = power ? { ...this.#world.host, bootId: `boot ${this.#boots}` } : this.#world.host;
    this.#world = { ...this.#world, files, host };
    this.#files = new KillableFiles(files);
    await this.open();
    await this.#checkProducers();
  }

  /** One call fails, and no more. */
  async #fault(at: number, code: string): Promise<void> {
    await this.#log.flush();
    this.#noteCompaction();
    this.#files.set({ code, from: at });
    await this.#log.compact().catch((error: unknown) => assert.ok(hasCode(error, 'LOG_FAILED')));
    this.#wasCut = this.#files.failed > 0;
    this.#files.set(undefined);
    if (this.#log.failure !== undefined) return this.#reopen('nothing');
    // What stands for a range of the log although the log goes on without it would take back what is written next.
    const names = await this.#world.files.list(directory);
    assert.deepEqual(
      names.filter((name) => name.endsWith('.swap')),
      [],
    );
  }

  async #reopen(lose: 'nothing' | 'snapshots' | 'indexes' | 'recovery-point'): Promise<void> {
    await this.#log.close();
    const { files } = this.#world;
    const lost = {
      nothing: /^$/,
      snapshots: /\.snapshot$/,
      indexes: /\.index$/,
      'recovery-point': /^(recovery-point|clean-shutdown)$/,
    }[lose];
    for (const name of await files.list(directory)) {
      if (lost.test(name)) await files.remove(`${directory}/${name}`);
    }
    await this.open();
    await this.#checkProducers();
  }

  /** The last batch of each producer is recognised when it comes again. */
  async #checkProducers(): Promise<void> {
    for (const { last } of this.#producers.values()) {
      if (last === undefined) continue;
      const repeated = await this.#log.appendBatches(Buffer.from(last.batch), { leaderEpoch: 0 });
      const { baseOffset, lastOffset, duplicate } = repeated;
      assert.deepEqual([baseOffset, lastOffset, duplicate], [last.baseOffset, last.lastOffset, true]);
    }
  }
}
