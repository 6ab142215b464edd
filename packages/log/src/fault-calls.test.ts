import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Fault, FaultyFiles } from './fault-files.fixture.ts';
import { checkKept, tellStory, type Witness } from './fault-story.fixture.ts';
import { openLogDirectory } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

const directory = '/data';
const isOfA = (path: string): boolean => path.startsWith('/data/a');

interface Told {
  readonly witness: Witness;
  readonly world: TestWorld;
  readonly files: FaultyFiles;
}

/** The story on a disk of its own. */
async function told(fault: Fault | undefined): Promise<Told> {
  const world = testWorld();
  const files = new FaultyFiles(world.files, isOfA);
  files.set(fault);
  return { witness: await tellStory(directory, { ...world, files }), world, files };
}

/** Everything acknowledged is there when the log is opened again; what was flushed also after a power cut. */
async function check({ witness, world }: Told, seed: number): Promise<void> {
  const cut = { ...world, files: world.files.crash(seededRandom(seed)) };
  await checkKept(directory, world, witness, witness.written);
  const host = { ...world.host, bootId: `after the cut ${seed}` };
  await checkKept(directory, { ...cut, host }, witness, witness.flushed);
}

describe('a log whose files fail', () => {
  it('is told about by a story that meets every kind of call', async () => {
    const { files, witness } = await told(undefined);

    expect([...witness.codes]).toEqual([]);
    expect(witness.written.size).toBe(18);
    expect(witness.flushed.size).toBe(18);
    for (const call of [
      'open',
      'create',
      'read',
      'append',
      'sync',
      'close',
      'rename',
      'syncDirectory',
    ] as const)
      expect([call, (files.counts.get(call) ?? 0) > 0]).toEqual([call, true]);
  });

  it.each(['EIO', 'ENOSPC', 'EMFILE', 'EFBIG', 'EACCES'])(
    'keeps what it acknowledged and leaves its neighbour alone, whichever call meets %s',
    async (code) => {
      const { files: quiet } = await told(undefined);
      for (let from = 1; from <= quiet.met; from++) {
        const story = await told({ code, from });
        expect([from, story.files.failed]).toEqual([from, 1]);
        await check(story, from);
      }
    },
    120_000,
  );

  it.each(['EIO', 'ENOSPC', 'EMFILE', 'EFBIG', 'EACCES'])(
    'keeps what it acknowledged when every call from any one on meets %s',
    async (code) => {
      const { files: quiet } = await told(undefined);
      for (let from = 1; from <= quiet.met; from += 3) {
        const story = await told({ code, from, times: Number.POSITIVE_INFINITY });
        expect(story.files.failed).toBeGreaterThan(0);
        story.files.set(undefined);
        await check(story, from);
      }
    },
    120_000,
  );

  it('acknowledges no flush after one that failed, whichever it was, until it is opened again', async () => {
    for (let failing = 1; failing <= 12; failing++) {
      const world = testWorld();
      const files = new FaultyFiles(world.files, (path) => isOfA(path) && path.endsWith('.log'));
      const logs = await openLogDirectory(directory, { segmentBytes: 200 }, { ...world, files });
      const log = await logs.open('a');
      files.set({ code: 'EIO', calls: ['sync'], from: failing });
      let flushed = 0;
      for (let n = 0; log.failure === undefined; n++) {
        await log.append({ value: `value ${n}` });
        const [result] = await Promise.allSettled([log.flush()]);
        if (result.status === 'fulfilled') flushed = n + 1;
      }

      expect(log.failure).toMatchObject({ code: 'LOG_FAILED', cause: { code: 'EIO' } });
      await expect(log.flush()).rejects.toMatchObject({ code: 'LOG_FAILED' });
      await expect(log.append({ value: 'z' })).rejects.toMatchObject({ code: 'LOG_FAILED' });
      expect(log.flushedOffset).toBe(flushed);
      await logs.close();
      const again = await openLogDirectory(directory, {}, world);
      expect((await (await again.open('a')).append({ value: 'z' })).baseOffset).toBe(flushed + 1);
      await again.close();
    }
  });
});

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE'])(
    'refuses appends with %s, and takes them again once there is room, without being opened again',
    async (code) => {
      const world = testWorld();
      const files = new FaultyFiles(world.files, isOfA);
      const logs = await openLogDirectory(directory, { segmentBytes: 300 }, { ...world, files });
      const log = await logs.open('a');
      const kept: string[] = [];
      const refusals: unknown[] = [];
      for (let full = 1; full <= 12; full++) {
        const writing = code === 'EMFILE' ? (['open', 'create'] as const) : (['append', 'create'] as const);
        files.set({ code, calls: writing, from: full % 3 || 1, times: Number.POSITIVE_INFINITY });
        for (let attempt = 0; attempt < 4; attempt++) {
          const value = `full ${full}.${attempt}`.padEnd(60, '.');
          const [result] = await Promise.allSettled([log.append({ value })]);
          if (result.status === 'fulfilled') kept.push(value);
          else refusals.push([result.reason.code, result.reason.retriable]);
          await world.clock.advance(1000);
          expect(await valuesOf(log)).toEqual(kept);
        }
        files.set(undefined);

        await log.append({ value: `room ${full}` });
        kept.push(`room ${full}`);
        await log.flush();
      }

      expect(log.failure).toBeUndefined();
      expect(refusals.length).toBeGreaterThan(12);
      expect(refusals).toEqual(refusals.map(() => ['LOG_FAILED', true]));
      expect(log.flushedOffset).toBe(kept.length);
      await logs.close();
      const again = await openLogDirectory(directory, {}, world);
      expect(await valuesOf(await again.open('a'))).toEqual(kept);
      await again.close();
    },
  );
});
