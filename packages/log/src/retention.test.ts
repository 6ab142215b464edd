import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Log, type LogOptions, openLog } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

/** Each record has a segment of its own. */
const oneEach: LogOptions = { segmentBytes: 70 };

/** A log of records that were stamped so long ago, in that order, all flushed. */
async function logOf(agesMs: readonly number[], options: LogOptions, world: TestWorld = testWorld()) {
  const log = await openLog(directory, { ...oneEach, ...options }, world);
  const now = world.clock.now();
  for (const [at, age] of agesMs.entries()) await log.append({ value: String(at), timestamp: now - age });
  await log.flush();
  return { log, world };
}

async function reopened(log: Log, world: TestWorld, options: LogOptions): Promise<Log> {
  await log.close();
  return openLog(directory, { ...oneEach, ...options }, world);
}

/** The same world with a wall clock that is so far ahead of it. */
function withWallClock(world: TestWorld, wall: { aheadMs: number }): TestWorld {
  const { clock } = world;
  const moved: TestWorld['clock'] = {
    get pending() {
      return clock.pending;
    },
    now: () => clock.now() + wall.aheadMs,
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after: (ms, fire) => clock.after(ms, fire),
    endOfTurn: (fire) => clock.endOfTurn(fire),
    timeout: (ms) => clock.timeout(ms),
    advance: (ms) => clock.advance(ms),
  };
  return { ...world, clock: moved };
}

describe('retention by time', () => {
  it('takes the segments whose youngest record is too old, and says how much that was', async () => {
    const { log } = await logOf([3 * hourMs, 2 * hourMs, 0], { retentionMs: hourMs });

    const deleted = await log.applyRetention();

    expect(deleted.segments).toBe(2);
    expect(deleted.bytes).toBeGreaterThan(2 * 61);
    expect([log.startOffset, await valuesOf(log)]).toEqual([2, ['2']]);
    await log.close();
  });

  it('stops at the first segment that is young, whatever lies behind it', async () => {
    const { log } = await logOf([3 * hourMs, 0, 3 * hourMs, 0], { retentionMs: hourMs });

    await log.applyRetention();

    expect(await valuesOf(log)).toEqual(['1', '2', '3']);
    await log.close();
  });

  it('keeps a segment with a record stamped in the future until then (KAFKA-4099)', async () => {
    const { log, world } = await logOf([-2 * dayMs, 0], { retentionMs: hourMs });

    await world.clock.advance(dayMs);
    const early = await valuesOf(log);
    await world.clock.advance(2 * dayMs);

    expect([early, await valuesOf(log)]).toEqual([['0', '1'], []]);
    await log.close();
  });

  it('empties a log that nobody writes to any more, which goes on where it was (KAFKA-292)', async () => {
    const { log, world } = await logOf([0, 0], { retentionMs: hourMs });

    await world.clock.advance(2 * hourMs);
    const { baseOffset } = await log.append({ value: 'next' });

    expect([log.startOffset, baseOffset, await valuesOf(log)]).toEqual([2, 2, ['next']]);
    await log.close();
  });

  it('finds an empty log nothing to do, again and again (KAFKA-654)', async () => {
    const { log, world } = await logOf([], { retentionMs: 1, retentionBytes: 0 });

    await world.clock.advance(hourMs);

    expect([log.startOffset, log.endOffset]).toEqual([0, 0]);
    expect((await world.files.list(directory)).filter((name) => name.endsWith('.log'))).toHaveLength(1);
    await log.close();
  });

  it('comes by itself, without anybody asking', async () => {
    const { log, world } = await logOf([0, 0, 0], { retentionMs: hourMs });

    await world.clock.advance(hourMs);
    const early = log.startOffset;
    await world.clock.advance(10 * 60 * 1000);

    expect([early, log.startOffset]).toEqual([0, 3]);
    await log.close();
  });

  it('follows a change of the configuration while the log is open', async () => {
    const { log, world } = await logOf([2 * hourMs, 0], {});
    await world.clock.advance(10 * 60 * 1000);
    const before = log.startOffset;

    log.configure({ retentionMs: hourMs });
    await world.clock.advance(10 * 60 * 1000);

    expect([before, log.startOffset]).toEqual([0, 1]);
    await log.close();
  });

  it('leaves a log alone that is only compacted', async () => {
    const { log } = await logOf([], { retentionMs: hourMs, cleanupPolicy: 'compact' });
    await log.append({ key: 'a', value: 'old', timestamp: 0 });
    await log.append({ key: 'b', value: 'new' });
    await log.flush();

    expect(await log.applyRetention()).toEqual({ segments: 0, bytes: 0 });
    await log.close();
  });
});

describe('retention by size', () => {
  it('takes the oldest segments while the others hold at least so much', async () => {
    const { log } = await logOf([0, 0, 0, 0], {});
    const each = log.sizeInBytes / 4;

    log.configure({ retentionBytes: each * 2 });
    await log.applyRetention();

    expect([await valuesOf(log), log.sizeInBytes]).toEqual([['2', '3'], each * 2]);
    await log.close();
  });

  it('comes a second after a segment was sealed, however many are sealed, and then rests', async () => {
    const { log, world } = await logOf([0, 0, 0, 0], {});
    const each = log.sizeInBytes / 4;
    log.configure({ retentionBytes: each * 2 });

    let most = 0;
    for (let value = 4; value < 40; value += 1) {
      await log.append({ value: String(value), timestamp: world.clock.now() });
      await log.flush();
      await world.clock.advance(200);
      most = Math.max(most, log.sizeInBytes);
    }
    await world.clock.advance(1_000);

    // As many as are sealed in a second, and the one that is written to.
    expect(most).toBeLessThanOrEqual(each * (2 + 5 + 4));
    expect(await valuesOf(log)).toEqual(['38', '39']);
    await log.close();
  });

  it('never takes the segment that is written to', async () => {
    const { log } = await logOf([0, 0], { retentionBytes: 0 });

    await log.applyRetention();

    expect(await valuesOf(log)).toEqual(['1']);
    await log.close();
  });
});

describe('retention and the clock', () => {
  it('believes a clock that jumps a year ahead only as fast as time passes', async () => {
    const world = testWorld();
    const wall = { aheadMs: 0 };
    const { log } = await logOf([0, 0], { retentionMs: 10 * dayMs }, withWallClock(world, wall));

    wall.aheadMs = 365 * dayMs;
    await world.clock.advance(dayMs);
    const kept = await valuesOf(log);
    await world.clock.advance(5 * dayMs);

    expect([kept, await valuesOf(log)]).toEqual([['0', '1'], []]);
    await log.close();
  });

  it('keeps what it has when the clock is set back', async () => {
    const { log, world } = await logOf([2 * hourMs, 0], { retentionMs: hourMs });

    const again = await reopened(log, withWallClock(world, { aheadMs: -dayMs }), { retentionMs: hourMs });
    await again.applyRetention();

    expect(await valuesOf(again)).toEqual(['0', '1']);
    await again.close();
  });

  it('does not believe a clock that is a year ahead of the records when the log is opened', async () => {
    const { log, world } = await logOf([0, 0], { retentionMs: 10 * dayMs });

    const ahead = withWallClock(world, { aheadMs: 365 * dayMs });
    const again = await reopened(log, ahead, { retentionMs: 10 * dayMs });
    await world.clock.advance(dayMs);
    const kept = await valuesOf(again);
    await world.clock.advance(5 * dayMs);

    expect([kept, await valuesOf(again)]).toEqual([['0', '1'], []]);
    await again.close();
  });
});

describe('retention and what is still needed', () => {
  it('never goes past what is held, and goes on once it is let go', async () => {
    const { log } = await logOf([3 * hourMs, 2 * hourMs, 0], { retentionMs: hourMs });
    const hold = log.hold(1);

    await log.applyRetention();
    const held = await valuesOf(log);
    hold.release();
    await log.applyRetention();

    expect([held, await valuesOf(log)]).toEqual([['1', '2'], ['2']]);
    await log.close();
  });

  it('never goes past what is flushed', async () => {
    const world = testWorld();
    const options = { ...oneEach, retentionMs: hourMs, flush: { everyMs: dayMs } };
    const log = await openLog(directory, options, world);
    const old = world.clock.now() - 2 * hourMs;
    for (const value of ['0', '1', '2']) await log.append({ value, timestamp: old });

    await log.applyRetention();
    const unflushed = log.startOffset;
    await log.flush();
    await log.applyRetention();

    expect([unflushed, log.startOffset]).toEqual([0, 3]);
    await log.close();
  });
});

describe('a segment', () => {
  it('is full when the next record is segmentMs younger than its first', async () => {
    const world = testWorld();
    const log = await openLog(directory, { segmentMs: hourMs }, world);
    const now = world.clock.now();
    const segments = async (): Promise<number> =>
      (await world.files.list(directory)).filter((name) => name.endsWith('.log')).length;
    await log.append({ value: '0', timestamp: now });
    await log.append({ value: '1', timestamp: now + hourMs });
    const before = await segments();

    await log.append({ value: '2', timestamp: now + hourMs + 1 });
    const after = await segments();
    // Out of order, and one roll for all that is younger: no roll an append (KAFKA-6388).
    await log.append({ value: '3', timestamp: now });
    await log.append({ value: '4', timestamp: now + hourMs + 2 });

    expect([before, after, await segments()]).toEqual([1, 2, 2]);
    await log.close();
  });
});

describe('a flush that nobody waits for', () => {
  it('comes with so many records, or after so much time', async () => {
    const world = testWorld();
    const log = await openLog(directory, { flush: { everyMs: 1_000, everyRecords: 3 } }, world);
    const settle = () => world.clock.advance(0);

    await log.append({ value: '0' });
    await log.append({ value: '1' });
    await settle();
    const waiting = log.flushedOffset;
    await log.append({ value: '2' });
    await settle();
    const counted = log.flushedOffset;
    await log.append({ value: '3' });
    await world.clock.advance(1_000);

    expect([waiting, counted, log.flushedOffset]).toEqual([0, 3, 4]);
    await log.close();
  });
});
