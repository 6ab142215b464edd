import type { FileSystem, OpenFile } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { type FlushJob, FlushScheduler } from './flush-scheduler.ts';
import { openLog, openLogDirectory } from './index.ts';

/** A job that runs until it is told to end. */
class HeldJob implements FlushJob {
  runs = 0;
  #end: (() => void) | undefined;

  run(): Promise<void> {
    this.runs++;
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async end(): Promise<void> {
    this.#end?.();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

describe('a flush scheduler', () => {
  it('runs two jobs at once, those somebody waits for first, the others in turn', async () => {
    const scheduler = new FlushScheduler();
    const jobs = Array.from({ length: 5 }, () => new HeldJob());
    const [a, b, c, d, urgent] = jobs as [HeldJob, HeldJob, HeldJob, HeldJob, HeldJob];
    for (const job of [a, b, c, d]) scheduler.request(job, false);
    scheduler.request(urgent, true);
    const running = (): number[] => jobs.map((job) => job.runs);
    expect(running()).toEqual([1, 1, 0, 0, 0]);

    await a.end();
    expect(running()).toEqual([1, 1, 0, 0, 1]);
    scheduler.request(d, true);
    await b.end();
    expect(running()).toEqual([1, 1, 0, 1, 1]);
    scheduler.request(c, false);
    await urgent.end();

    expect(running()).toEqual([1, 1, 1, 1, 1]);
  });
});

describe('flushing', () => {
  it('runs behind the appends without being asked', async () => {
    const world = testWorld();
    const log = await openLog('/log', {}, world);

    await log.append({ value: 'x' });
    await world.clock.advance(0);

    expect(log.flushedOffset).toBe(1);
    await log.close();
  });

  it('waits for everyMs when nobody asks, and not at all when somebody does', async () => {
    const world = testWorld();
    const log = await openLog('/log', { flush: { everyMs: 500 } }, world);
    await log.append({ value: 'x' });
    await world.clock.advance(499);
    expect(log.flushedOffset).toBe(0);
    await world.clock.advance(1);
    expect(log.flushedOffset).toBe(1);

    await log.append({ value: 'y' });
    await log.flush();

    expect(log.flushedOffset).toBe(2);
    await log.close();
  });

  it('covers what was appended before the call, although it is not yet written', async () => {
    const log = await openLog('/log', { segmentBytes: 200 }, testWorld());
    const appends = Array.from({ length: 20 }, (_, n) => log.append({ value: `${n}` }));

    await log.flush();

    expect(log.flushedOffset).toBe(20);
    await Promise.all(appends);
    await log.close();
  });

  it('does not wait for what could not be written', async () => {
    const world = testWorld();
    const log = await openLog('/log', {}, world);
    await log.append({ value: 'x' });
    world.files.failNext('append', Object.assign(new Error('full'), { code: 'ENOSPC' }));
    const [append, flush] = await Promise.allSettled([log.append({ value: 'y' }), log.flush()]);

    expect([append.status, flush.status]).toEqual(['rejected', 'fulfilled']);
    expect(log.flushedOffset).toBe(1);
    await log.close();
  });

  it('syncs at most two files at once over all logs of a directory', async () => {
    const world = testWorld();
    let syncing = 0;
    let most = 0;
    const files = withSync(world.files, async (file) => {
      most = Math.max(most, ++syncing);
      await world.clock.sleep(5);
      await file.sync();
      syncing--;
    });
    const logs = await openLogDirectory('/data', {}, { ...world, files });
    const opening = Promise.all(Array.from({ length: 10 }, (_, n) => logs.open(`log-${n}`)));
    await world.clock.advance(1000);
    const open = await opening;
    most = 0;
    await Promise.all(open.map((log) => log.append({ value: 'x' })));

    await world.clock.advance(100);

    expect(open.map((log) => log.flushedOffset)).toEqual(open.map(() => 1));
    expect(most).toBe(2);
    const closing = logs.close();
    await world.clock.advance(10_000);
    await closing;
  });
});

/** The same files, synced in another way. */
function withSync(files: FileSystem, sync: (file: OpenFile) => Promise<void>): FileSystem {
  return {
    open: async (path, mode) => {
      const file = await files.open(path, mode);
      return {
        descriptor: file.descriptor,
        size: () => file.size(),
        read: (position, length) => file.read(position, length),
        append: (chunks) => file.append(chunks),
        truncate: (size) => file.truncate(size),
        sync: () => sync(file),
        close: () => file.close(),
      };
    },
    list: (path) => files.list(path),
    ensureDirectory: (path) => files.ensureDirectory(path),
    syncDirectory: (path) => files.syncDirectory(path),
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.remove(path),
    exists: (path) => files.exists(path),
    lock: (path, notes) => files.lock(path, notes),
  };
}
