import { memoryFileSystem, type World } from '@millrace/runtime';
import { killable, seededRandom, testWorld } from '@millrace/runtime/testing';
import { type Log, openLog } from './index.ts';

const directory = '/data/log';
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ten records of a batch each, two in a segment, all flushed. */
async function grown(world: World): Promise<Log> {
  const log = await openLog(directory, { segmentBytes: 170 }, world);
  for (let n = 0; n < 10; n += 1) await log.append({ value: `${n}` });
  await log.flush();
  return log;
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly values: readonly string[];
}

async function look(world: World): Promise<Found> {
  const log = await openLog(directory, {}, world);
  const values: string[] = [];
  for await (const record of log.records()) values.push(`${record.offset}:${String(record.value)}`);
  const found = { start: log.startOffset, end: log.endOffset, values };
  await log.close();
  return found;
}

const shortenings: readonly (readonly [string, (log: Log) => Promise<unknown>, Found])[] = [
  ['the head is deleted', (log) => log.deleteBefore(5), { start: 5, end: 10, values: [] }],
  ['the tail is cut', (log) => log.truncateTo(5), { start: 0, end: 5, values: [] }],
  [
    'retention works',
    (log) => {
      log.configure({ retentionBytes: 200 });
      return log.applyRetention();
    },
    { start: 6, end: 10, values: [] },
  ],
];

describe.each(shortenings)('a log whose process or power ends while %s', (_, shorten, done) => {
  it('has all of it or some of it, nothing else, and the same at each opening', async () => {
    const whole = killable(testWorld());
    const log = await grown(whole.world);
    const before = whole.calls;
    await shorten(log);
    const after = whole.calls;
    expect(after).toBeGreaterThan(before);

    for (let call = before + 1; call <= after; call += 1) {
      for (const power of [true, false]) {
        const files = memoryFileSystem();
        const cut = killable(testWorld(call, files));
        const story = (async () => shorten(await grown(cut.world)))();
        cut.killAt(call);
        story.catch(() => {});
        for (let turns = 0; !cut.killed && turns < 10_000; turns += 1) await turn();
        await turn();

        cut.kill();
        // A process that dies leaves what it has written; a power cut takes some of what was not flushed.
        const left = power ? files.crash(seededRandom(call)) : files;
        const first = await look(testWorld(call + 1_000, left));
        const second = await look(testWorld(call + 2_000, left));

        expect(second).toEqual(first);
        expect(first.start === 0 || first.start === done.start).toBe(true);
        expect(first.end >= done.end && first.end <= 10).toBe(true);
        expect(first.values).toEqual(
          Array.from(
            { length: first.end - first.start },
            (_value, n) => `${first.start + n}:${first.start + n}`,
          ),
        );
      }
    }
  });
});
