import { memoryFileSystem } from '@millrace/runtime';
import {
  type ManualClock,
  manualClock,
  seededRandom,
  type TestWorld,
  testWorld,
} from '@millrace/runtime/testing';
import fc from 'fast-check';
import { type Log, openLog } from './index.ts';
import { batchOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const numRuns = Number(process.env['MILLRACE_RUNS'] ?? 60);

interface Story {
  readonly seed: number;
  readonly segmentBytes: number;
  /** Appends a millisecond. */
  readonly rate: number;
  /** When the power goes, ms. */
  readonly cutAfter: number;
}

const arbitraryStory: fc.Arbitrary<Story> = fc.record({
  seed: fc.nat(),
  segmentBytes: fc.integer({ min: 100, max: 2000 }),
  rate: fc.integer({ min: 1, max: 5 }),
  cutAfter: fc.integer({ min: 1, max: 120 }),
});

/** Lets time pass until the work is done: every call to the disk takes some. */
async function inTime<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const state = { done: false };
  const finish = (): void => {
    state.done = true;
  };
  work.then(finish, finish);
  while (!state.done) await clock.advance(1);
  return work;
}

interface Aftermath {
  /** Everything below was flushed before the cut. */
  readonly promised: number;
  readonly sent: number;
  /** After the reboot. */
  readonly world: TestWorld;
}

/** Writes until the power is cut, with appends, rolls, flushes and checkpoints under way. */
async function writeUntilCut({ seed, segmentBytes, rate, cutAfter }: Story): Promise<Aftermath> {
  const random = seededRandom(seed);
  const clock = manualClock();
  const world = { ...testWorld(seed), clock, files: memoryFileSystem({ clock, random }) };
  const log = await inTime(clock, openLog(directory, { segmentBytes, indexIntervalBytes: 100 }, world));
  let sent = 0;
  const appends: Promise<unknown>[] = [];
  for (let passed = 0; passed < cutAfter; passed++) {
    for (let n = 0; n < rate; n++) {
      appends.push(log.appendBatches(batchWith(sent), { leaderEpoch: Math.floor(sent / 50) }));
      sent++;
    }
    await clock.advance(1);
  }
  const promised = log.flushedOffset;
  const files = world.files.crash(random);
  // The process dies with the power; here it is ended, on a disk that nobody looks at any more.
  await inTime(clock, log.close());
  await Promise.all(appends);
  return { promised, sent, world: { ...world, files, host: { ...world.host, bootId: 'the next boot' } } };
}

function batchWith(number: number): Buffer {
  return batchOf([`value ${number}`], {
    producer: { producerId: 1, producerEpoch: 0, baseSequence: number },
  });
}

async function firstValues(log: Log, count: number): Promise<string[]> {
  const values: string[] = [];
  if (count === 0) return values;
  for await (const record of log.records()) {
    values.push(String(record.value));
    if (values.length === count) break;
  }
  return values;
}

/** The producer repeats the last batch that it was promised, and goes on: nothing is lost, nothing there twice. */
async function check({ promised, sent, world }: Aftermath, segmentBytes: number): Promise<void> {
  const log = await openLog(directory, { segmentBytes }, world);
  const { endOffset } = log;
  const last = await (endOffset > 0
    ? log.appendBatches(batchWith(endOffset - 1), { leaderEpoch: 100 })
    : undefined);
  const next = await log.appendBatches(batchWith(endOffset), { leaderEpoch: 100 });
  const values = await firstValues(log, promised);
  await log.close();

  expect(endOffset).toBeGreaterThanOrEqual(promised);
  expect(endOffset).toBeLessThanOrEqual(sent);
  expect(values).toEqual(Array.from({ length: promised }, (_, n) => `value ${n}`));
  expect([last?.baseOffset ?? -1, last?.duplicate ?? true]).toEqual([endOffset - 1, true]);
  expect([next.baseOffset, next.duplicate]).toEqual([endOffset, false]);
}

describe('a log after a power cut at any moment', () => {
  it('has everything that was flushed, nothing that was not sent, and goes on (KAFKA-3968)', async () => {
    const survives = fc.asyncProperty(arbitraryStory, async (story) => {
      const aftermath = await writeUntilCut(story);
      await inTime(aftermath.world.clock, check(aftermath, story.segmentBytes));
    });

    await expect(fc.assert(survives, { numRuns, includeErrorInReport: true })).resolves.toBeUndefined();
  }, 600_000);
});
