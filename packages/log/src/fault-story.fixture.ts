import assert from 'node:assert/strict';
import { codeOf, type World } from '@millrace/runtime';
import type { ManualClock } from '@millrace/runtime/testing';
import type { FaultyFiles } from './fault-files.fixture.ts';
import { type Log, type LogOptions, openLogDirectory } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

/** Small enough that a story of a few dozen records rolls, writes indexes and reads through several segments. */
const options: LogOptions = { segmentBytes: 400, indexIntervalBytes: 100 };
const sessions = 2;
const rounds = 3;

/** What a writer was told. */
export class Witness {
  /** By offset: what `append` acknowledged. */
  readonly written = new Map<number, string>();
  /** Of these, those that a flush covered, which began after they were acknowledged. */
  readonly flushed = new Map<number, string>();
  /** What was refused: it may be anywhere or nowhere where the log has fenced itself. */
  readonly refused = new Set<string>();
  /** The same of the neighbour that shares the directory. */
  readonly neighbour: string[] = [];
  /** Codes of all errors met. */
  readonly codes = new Set<string>();

  /** Its result, or undefined when it failed as it may. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const code = codeOf(error);
      assert.match(code ?? `no code: ${String(error)}`, /^[A-Z][A-Z_0-9]+$/);
      this.codes.add(code ?? '');
      return undefined;
    }
  }
}

/**
 * Writes, flushes, reads and reopens the log `a` of a directory while its files fail, and beside it the log `b`, whose
 * files do not. Every call on `a` may fail with a code, and none may answer what is not true.
 */
export async function tellStory(
  directory: string,
  world: World & { readonly clock: ManualClock; readonly files: FaultyFiles },
): Promise<Witness> {
  const witness = new Witness();
  const logs = await openLogDirectory(directory, options, world);
  const neighbour = await logs.open('b');
  for (let session = 0; session < sessions; session++) {
    const log =
      (await witness.attempt(() => logs.open('a', { identity: 'a' }))) ??
      (await witness.attempt(() => logs.open('a', { identity: 'a' })));
    for (let round = 0; round < rounds; round++) {
      const number = session * rounds + round;
      if (log !== undefined) await write(log, number, witness);
      await neighbour.append({ value: `b${number}` });
      await neighbour.flush();
      witness.neighbour.push(`b${number}`);
      // The checkpoints are written.
      await world.clock.advance(1000);
    }
    if (log === undefined) continue;
    await witness.attempt(() => log.offsetForTimestamp(session));
    await witness.attempt(() => checkServed(log, witness));
    await witness.attempt(() => log.close());
  }
  assert.equal(neighbour.failure, undefined);
  await logs.close();
  return witness;
}

async function write(log: Log, round: number, witness: Witness): Promise<void> {
  const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 };
  const values = ['x', 'y'.repeat(60)].map((text) => `${round} ${text}`);
  await Promise.all([
    ...values.map((value) => record(witness, [value], () => log.append({ value, timestamp: round }))),
    record(witness, [`${round} p`], () =>
      log.appendBatches(batchOf([`${round} p`], { producer: { ...producer, producerId: round } }), {
        leaderEpoch: Math.max(0, log.latestLeaderEpoch),
      }),
    ),
  ]);
  const before = new Map(witness.written);
  const flushed = await witness.attempt(async () => {
    await log.flush();
    return true;
  });
  if (flushed === true) for (const [offset, value] of before) witness.flushed.set(offset, value);
  await witness.attempt(() => log.startEpoch(log.latestLeaderEpoch + 1));
}

async function record(
  witness: Witness,
  values: readonly string[],
  append: () => Promise<{ baseOffset: number }>,
): Promise<void> {
  const appended = await witness.attempt(append);
  for (const [at, value] of values.entries()) {
    if (appended === undefined) witness.refused.add(value);
    else witness.written.set(appended.baseOffset + at, value);
  }
}

/** Reads everything: each record is what was written at its offset, and no two follow each other with a gap. */
async function checkServed(log: Log, witness: Witness): Promise<void> {
  let next = log.startOffset;
  for await (const { offset, value } of log.records()) {
    assert.equal(offset, next);
    next = offset + 1;
    const expected = witness.written.get(offset);
    const text = String(value);
    assert.ok(
      expected === undefined ? witness.refused.has(text) : text === expected,
      `offset ${offset} is served as ${text}, but ${expected ?? 'nothing'} was written there`,
    );
  }
}

/** Opens the directory without faults: `kept` is there, nothing else than what was written, and the log goes on. */
export async function checkKept(
  directory: string,
  world: World,
  witness: Witness,
  kept: ReadonlyMap<number, string>,
): Promise<void> {
  const logs = await openLogDirectory(directory, options, world);
  const log = await logs.open('a', { identity: 'a' });
  for (const [offset, value] of kept) {
    assert.ok(
      offset < log.endOffset,
      `${value} was acknowledged at ${offset}, but the log ends at ${log.endOffset}`,
    );
  }
  await checkServed(log, witness);
  const { baseOffset } = await log.append({ value: 'after' });
  await log.flush();
  assert.deepEqual(await values(log, baseOffset), ['after']);
  assert.deepEqual(await values(await logs.open('b'), 0), witness.neighbour);
  await logs.close();
}

async function values(log: Log, from: number): Promise<string[]> {
  const found: string[] = [];
  for await (const { value } of log.records({ from })) found.push(String(value));
  return found;
}
