import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLog, openLogDirectory } from '@millrace/log';
import { fill, type Measure, makeBatch, makeLog, quantile, secondsOf } from './log-batches.ts';

const mebibyte = 1024 * 1024;

/** Seconds to open a closed log of a thousand segments. */
export async function openSegments(directory: string): Promise<Measure> {
  const path = join(directory, 'segments');
  await makeLog(path, 1000 * 64 * 1024, { segmentBytes: 64 * 1024 }, 5);
  return async () => {
    let log: Awaited<ReturnType<typeof openLog>> | undefined;
    const seconds = await secondsOf(async () => {
      log = await openLog(path, { segmentBytes: 64 * 1024 });
    });
    await log?.close();
    return seconds;
  };
}

/** Seconds to open a thousand closed logs of one directory, side by side. */
export async function openLogs(directory: string): Promise<Measure> {
  const path = join(directory, 'logs');
  const names = Array.from({ length: 1000 }, (_, n) => `log-${n}`);
  const made = await openLogDirectory(path);
  for (const name of names) await (await made.open(name)).append({ value: name });
  await made.close();
  return async () => {
    const logs = await openLogDirectory(path);
    const seconds = await secondsOf(() => Promise.all(names.map((name) => logs.open(name))));
    await logs.close();
    return seconds;
  };
}

/** Bytes verified a second when a log is opened that nothing vouches for. */
export async function recover(directory: string): Promise<Measure> {
  const path = join(directory, 'unclean');
  await makeLog(path, 1024 * mebibyte - mebibyte);
  return async () => {
    for (const name of ['clean-shutdown', 'recovery-point']) rmSync(join(path, name), { force: true });
    let log: Awaited<ReturnType<typeof openLog>> | undefined;
    const seconds = await secondsOf(async () => {
      log = await openLog(path);
    });
    const bytes = log?.sizeInBytes ?? 0;
    await log?.close();
    return bytes / seconds;
  };
}

/**
 * How long a read of 4 KiB takes, ms, from a log that was just written, while a thousand others of its directory are
 * written to and flush as they like.
 */
export async function readAmongFlushes(
  directory: string,
): Promise<{ median: number; p99: number; flushes: number }> {
  const logs = await openLogDirectory(join(directory, 'flushing'));
  const others = await Promise.all(Array.from({ length: 1000 }, (_, n) => logs.open(`log-${n}`)));
  const hot = await logs.open('hot');
  await fill(hot, mebibyte, 20);
  const state = { stopped: false, flushes: 0 };
  for (const log of others) log.onAdvance(() => state.flushes++);
  const writing = others.map(async (log) => {
    while (!state.stopped) {
      await log.appendBatches(makeBatch(5), { leaderEpoch: 0 });
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 200));
    }
  });
  const times: number[] = [];
  for (const until = performance.now() + 5000; performance.now() < until; ) {
    const offset = Math.floor(Math.random() * hot.endOffset);
    const started = performance.now();
    const slice = await hot.read(offset, { maxBytes: 1 });
    await slice.read(0, slice.byteLength);
    slice.release();
    times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  state.stopped = true;
  await Promise.all(writing);
  const flushed = state.flushes;
  await logs.close();
  return { median: quantile(times, 0.5), p99: quantile(times, 0.99), flushes: flushed };
}
