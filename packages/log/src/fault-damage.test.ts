import assert from 'node:assert/strict';
import { join } from 'node:path';
import { codeOf, hasCode, memoryFileSystem } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Log, openLog } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const options = { segmentBytes: 330, indexIntervalBytes: 80, identity: 'mine' };
const batches = Array.from({ length: 9 }, (_, n) => [`${n} a`, `${n} b`]);
const values = batches.flat();
/** One bit of each byte, another one each time; MILLRACE_ALL_BITS=1: all eight. */
const bits = process.env['MILLRACE_ALL_BITS'] === undefined ? 1 : 8;

type Disk = ReadonlyMap<string, Buffer>;

type End = 'clean' | 'killed' | 'unchecked';

/**
 * The files of a log of three segments, each of three batches: closed (`clean`), `killed` with a recovery point in the
 * middle, or killed before there was one (`unchecked`).
 */
async function diskOf(end: End): Promise<Disk> {
  const world = testWorld();
  const log = await openLog(directory, options, world);
  for (const [at, batch] of batches.entries()) {
    const producer = { producerId: 1 + (at % 2), producerEpoch: 0, baseSequence: (at >> 1) * 2 };
    await log.appendBatches(batchOf(batch, { producer, timestamp: at }), { leaderEpoch: at >> 1 });
    if (at === 4) {
      await log.flush();
      await world.clock.advance(1000);
    }
  }
  await log.flush();
  if (end === 'clean') await log.close();
  const disk = new Map<string, Buffer>();
  for (const name of await world.files.list(directory)) {
    if (name === '.lock') continue;
    const file = await world.files.open(join(directory, name), 'read');
    disk.set(name, await file.read(0, await file.size()));
    await file.close();
  }
  if (end === 'unchecked') disk.delete('recovery-point');
  return disk;
}

async function worldWith(disk: Disk): Promise<TestWorld> {
  const files = memoryFileSystem();
  await files.ensureDirectory(directory);
  for (const [name, bytes] of disk) {
    const file = await files.open(join(directory, name), 'create');
    await file.append([bytes]);
    await file.close();
  }
  return testWorld(1, files);
}

interface Outcome {
  /** The code with which it refused to open. */
  readonly refused?: string;
  readonly served: readonly (string | undefined)[];
}

/** Every record that can be read, by its offset. */
async function servedBy(log: Log): Promise<(string | undefined)[]> {
  const served: (string | undefined)[] = [];
  for (let from = log.startOffset; from < log.endOffset; ) {
    try {
      for await (const record of log.records({ from })) {
        served[record.offset] = String(record.value);
        from = record.offset + 1;
      }
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      const next = Number(error.details?.['nextOffset']);
      assert.ok(next > from, `${error.message} goes on at ${next}, not behind ${from}`);
      from = next;
    }
  }
  return served;
}

/** Opens what is there, twice, and writes to it. */
async function outcomeOf(disk: Disk): Promise<Outcome> {
  const world = await worldWith(disk);
  let first: Log;
  try {
    first = await openLog(directory, options, world);
  } catch (error) {
    const refused = codeOf(error) ?? `no code: ${String(error)}`;
    await assert.rejects(openLog(directory, options, world), { code: refused });
    return { refused, served: [] };
  }
  const served = await servedBy(first);
  await first.close();
  const log = await openLog(directory, options, world);
  assert.deepEqual(await servedBy(log), served);
  const { baseOffset } = await log.append({ value: 'new' });
  assert.ok(baseOffset >= served.length);
  assert.deepEqual((await servedBy(log)).slice(baseOffset), ['new']);
  await log.close();
  return { served };
}

/** What is served is what was written there. */
function expectTrue({ served }: Outcome, where: string): void {
  for (const [offset, value] of served.entries())
    if (value !== undefined) assert.deepEqual([where, offset, value], [where, offset, values[offset]]);
}

const batchBytes = batchOf(batches[0] ?? []).length;

/** Offsets of the batch in which a byte of a segment's file lies. */
function batchAt(name: string, position: number): readonly number[] {
  const base = Number(name.slice(0, 20)) + Math.floor(position / batchBytes) * 2;
  return [base, base + 1];
}

function isLogFile(name: string): boolean {
  return name.endsWith('.log');
}

describe.each(['clean', 'killed', 'unchecked'] as const)('a log of three segments (%s)', (end) => {
  it('is what it should be before anything happens to it', async () => {
    const disk = await diskOf(end);

    expect([...disk.keys()].filter(isLogFile)).toHaveLength(3);
    expect([...disk.keys()].filter((name) => name.endsWith('.index')).length).toBeGreaterThanOrEqual(2);
    expect(disk.has('clean-shutdown')).toBe(end === 'clean');
    expect(disk.has('recovery-point')).toBe(end !== 'unchecked');
    for (const name of ['leader-epoch-checkpoint', 'log.metadata'])
      assert.deepEqual([name, disk.has(name)], [name, true]);
    assert.deepEqual(await outcomeOf(disk), { served: values });
  });

  it('never serves a wrong record whichever file is cut at whichever byte, and no file but a segment matters', async () => {
    const disk = await diskOf(end);
    let opened = 0;
    for (const [name, bytes] of disk) {
      for (let size = 0; size < bytes.length; size++) {
        const where = `${name} cut to ${size}`;
        const outcome = await outcomeOf(new Map(disk).set(name, bytes.subarray(0, size)));
        opened++;

        expectTrue(outcome, where);
        if (name === 'log.metadata') assert.deepEqual([where, outcome.refused], [where, 'LOG_CORRUPT']);
        else if (!isLogFile(name)) assert.deepEqual([where, outcome], [where, { served: values }]);
        else {
          const whole = batchAt(name, size)[0] ?? 0;
          assert.deepEqual([where, outcome.refused], [where, undefined]);
          assert.deepEqual([where, outcome.served.slice(0, whole)], [where, values.slice(0, whole)]);
        }
      }
    }
    expect(opened).toBeGreaterThan(500);
  }, 120_000);

  it('never serves a wrong record whichever bit is flipped, and loses no batch but the one it lies in', async () => {
    const disk = await diskOf(end);
    let opened = 0;
    for (const [name, bytes] of disk) {
      for (let at = 0; at < bytes.length * bits; at++) {
        const position = Math.floor(at / bits);
        const bit = bits === 8 ? at % 8 : (position * 5 + 3) % 8;
        const flipped = Buffer.from(bytes);
        flipped[position] = (flipped[position] ?? 0) ^ (1 << bit);
        const where = `bit ${bit} of byte ${position} of ${name}`;
        const outcome = await outcomeOf(new Map(disk).set(name, flipped));
        opened++;

        expectTrue(outcome, where);
        const hit = isLogFile(name) ? batchAt(name, position) : [];
        if (name === 'log.metadata') assert.deepEqual([where, outcome.served], [where, []]);
        else
          for (const [offset, value] of values.entries())
            if (!hit.includes(offset))
              assert.deepEqual([where, offset, outcome.served[offset]], [where, offset, value]);
      }
    }
    expect(opened).toBeGreaterThan(500);
  }, 120_000);

  it('opens without any one of its files that is no segment', async () => {
    const disk = await diskOf(end);
    for (const name of [...disk.keys()].filter((file) => !isLogFile(file) && file !== 'log.metadata')) {
      const without = new Map(disk);
      without.delete(name);

      expect([name, await outcomeOf(without)]).toEqual([name, { served: values }]);
    }
  });
});
