import { testWorld } from '@millrace/runtime/testing';
import { FaultyFiles } from './fault-files.fixture.ts';
import { type Log, openLog } from './index.ts';
import { batchOf, bytesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const value = 'v'.repeat(3000);
const batches = 200;

/** A log that was opened again, so that it knows of its batches what the index says. */
async function reopened(files: FaultyFiles): Promise<Log> {
  const world = { ...testWorld(), files };
  const log = await openLog(directory, {}, world);
  for (let n = 0; n < batches; n++) await log.appendBatches(batchOf([value]), { leaderEpoch: 0 });
  await log.close();
  return openLog(directory, {}, world);
}

describe('one batch at a random offset', () => {
  it('takes one read of the file, most of the time', async () => {
    const files = new FaultyFiles(testWorld().files);
    const log = await reopened(files);
    const before = files.counts.get('read') ?? 0;

    for (let offset = batches - 1; offset > 0; offset -= 2) {
      const bytes = await bytesOf(log, offset, 1);
      expect([bytes.readBigInt64BE(0), bytes.length]).toEqual([BigInt(offset), batchOf([value]).length]);
    }

    expect((files.counts.get('read') ?? 0) - before).toBeLessThan(batches / 2 + 10);
    await log.close();
  });

  it('gives each reader bytes of its own', async () => {
    const log = await reopened(new FaultyFiles(testWorld().files));
    const slice = await log.read(77, { maxBytes: 1 });

    const first = await slice.read(0, slice.byteLength);
    first.fill(0);

    expect((await slice.read(0, 8)).readBigInt64BE(0)).toBe(77n);
    slice.release();
    await log.close();
  });
});

describe('the records from an offset on', () => {
  it('are read little by little at first, and in large pieces later', async () => {
    const files = new FaultyFiles(testWorld().files);
    const log = await reopened(files);
    const sizes: number[] = [];
    const read = log.read.bind(log);
    log.read = (from, limit) => {
      sizes.push(limit.maxBytes);
      return read(from, limit);
    };

    for await (const { offset } of log.records({ from: 3 })) expect(offset).toBeGreaterThanOrEqual(3);

    expect(sizes[0]).toBe(16 * 1024);
    expect(Math.max(...sizes)).toBeGreaterThan(200 * 1024);
    expect(sizes.length).toBeLessThan(8);
    await log.close();
  });
});
