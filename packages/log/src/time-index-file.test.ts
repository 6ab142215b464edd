import { join } from 'node:path';
import type { FileSystem, OpenFile, OpenMode, World } from '@millrace/runtime';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Log, openLog } from './index.ts';
import { openSegmentFile, segmentByIndex } from './segment-file.ts';
import { segmentFileName } from './segment-name.ts';
import { batchOf } from './testing/log-fixtures.ts';
import { newestTimestamp, offsetForTimestamp } from './timestamp-search.ts';

const directory = '/data/log';
const indexIntervalBytes = 100;
const timesOf = (base: number): string => join(directory, segmentFileName(base, 'timeindex'));

/** One batch a timestamp, two records each, about 80 bytes. */
async function append(log: Log, timestamps: readonly number[]): Promise<void> {
  for (const timestamp of timestamps)
    await log.appendBatches(batchOf(['first', 'second'], { timestamp }), { leaderEpoch: 0 });
}

async function open(world: World, segmentBytes = 100_000): Promise<Log> {
  return openLog(directory, { segmentBytes, indexIntervalBytes }, world);
}

async function bytesAt(path: string, { files }: TestWorld): Promise<Buffer> {
  const file = await files.open(path, 'read');
  const bytes = await file.read(0, await file.size());
  await file.close();
  return bytes;
}

async function replace(path: string, bytes: Buffer, { files }: TestWorld): Promise<void> {
  const file = await files.open(path, 'create');
  await file.append([bytes]);
  await file.close();
}

/** The first segment as opening finds it, asked for the first batch at or after a time. */
async function searched(world: TestWorld, timestamp: number): Promise<number | undefined> {
  const found = await openSegmentFile(directory, 0, world);
  const segment = await segmentByIndex(found, indexIntervalBytes);
  if (segment === undefined) throw new Error('the segment does not open');
  const record = await offsetForTimestamp([segment], timestamp);
  await segment.close();
  return record?.offset;
}

/** The same by a look at all batches. */
function expected(timestamps: readonly number[], timestamp: number): number | undefined {
  const batch = timestamps.findIndex((one) => one >= timestamp);
  return batch < 0 ? undefined : batch * 2;
}

/** Counts the bytes that are read, by the ending of the file's name. */
class CountedFiles implements FileSystem {
  readonly #files: FileSystem;
  readonly bytesRead = new Map<string, number>();

  constructor(files: FileSystem) {
    this.#files = files;
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await this.#files.open(path, mode);
    return {
      descriptor: undefined,
      size: () => file.size(),
      read: async (position, length) => {
        const bytes = await file.read(position, length);
        this.bytesRead.set(path, (this.bytesRead.get(path) ?? 0) + bytes.length);
        return bytes;
      },
      append: (chunks) => file.append(chunks),
      truncate: (size) => file.truncate(size),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }

  list: FileSystem['list'] = (path) => this.#files.list(path);
  ensureDirectory: FileSystem['ensureDirectory'] = (path) => this.#files.ensureDirectory(path);
  syncDirectory: FileSystem['syncDirectory'] = (path) => this.#files.syncDirectory(path);
  rename: FileSystem['rename'] = (from, to) => this.#files.rename(from, to);
  remove: FileSystem['remove'] = (path) => this.#files.remove(path);
  exists: FileSystem['exists'] = (path) => this.#files.exists(path);
  lock: FileSystem['lock'] = (path, notes) => this.#files.lock(path, notes);
}

describe('the file of a time index', () => {
  it('has these bytes: timestamp and relative offset where the largest grew, and the largest of all last', async () => {
    const world = testWorld();
    const log = await open(world);
    await append(log, [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_005, 7, 8, 9]);
    await append(log, [1_700_000_000_009, 1_700_000_000_004, 3, 1_700_000_000_010, 4]);

    await log.close();

    expect((await bytesAt(timesOf(0), world)).toString('hex').match(/.{24}/g)).toEqual([
      '0000018bcfe56805' + '00000005',
      '0000018bcfe56809' + '0000000d',
      '0000018bcfe5680a' + '00000013',
    ]);
  });

  it('is written beside each segment when it is full, and beside the last one at close', async () => {
    const world = testWorld();
    const log = await open(world, 400);
    await append(log, [1, 2, 3, 4, 5, 6]);
    await log.flush();
    expect(await world.files.exists(timesOf(0))).toBe(true);

    await log.close();

    const names = await world.files.list(directory);
    const kind = (ending: string): string[] => names.filter((name) => name.endsWith(`.${ending}`));
    expect(kind('timeindex').length).toBeGreaterThan(1);
    expect(kind('timeindex')).toHaveLength(kind('log').length);
  });

  it('tells no search anything wrong, whichever byte of it is flipped', async () => {
    // Alike and out of order: an entry with another offset may find the timestamp that it names.
    const stored = [10, 12, 10, 10, 15, 13, 15, 20, 20, 15, 20, 25];
    const later = [25, 30, 25, 10, 25];
    const world = testWorld();
    const log = await open(world);
    await append(log, stored);
    await log.close();
    const short = await bytesAt(timesOf(0), world);
    const again = await open(world);
    await append(again, later);
    await again.close();
    const whole = await bytesAt(timesOf(0), world);
    const all = [...stored, ...later];

    expect([short.length, whole.length].every((length) => length >= 36)).toBe(true);
    for (const file of [short, whole]) {
      for (let bit = 0; bit < file.length * 8; bit++) {
        const flipped = Buffer.from(file);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await replace(timesOf(0), flipped, world);
        for (const timestamp of [10, 11, 13, 16, 21, 26, 31])
          expect([bit, timestamp, await searched(world, timestamp)]).toEqual([
            bit,
            timestamp,
            expected(all, timestamp),
          ]);
      }
    }
  }, 60_000);

  it.each([
    ['missing', () => undefined],
    ['empty', () => Buffer.alloc(0)],
    ['short', (bytes: Buffer) => bytes.subarray(0, 12)],
    ['cut inside an entry', (bytes: Buffer) => bytes.subarray(0, -5)],
    ['zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['ahead of its segment', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('7f'.repeat(12), 'hex')])],
    ['of another segment', () => Buffer.from('000000000000000300000001000000000000000b0000000d', 'hex')],
  ] as const)('that is %s is made anew once somebody asks, and written at close', async (_, damage) => {
    const world = testWorld();
    const log = await open(world, 700);
    await append(
      log,
      Array.from({ length: 30 }, (__, time) => time),
    );
    await log.close();
    const bytes = await bytesAt(timesOf(0), world);
    const damaged = damage(bytes);
    if (damaged === undefined) await world.files.remove(timesOf(0));
    else await replace(timesOf(0), damaged, world);
    const again = await open(world, 700);

    const found = [];
    for (let time = 0; time <= 30; time++) found.push((await again.offsetForTimestamp(time))?.offset);
    await append(again, [30]);
    await again.close();

    expect(found).toEqual(Array.from({ length: 31 }, (__, time) => (time < 30 ? time * 2 : undefined)));
    const rewritten = await bytesAt(timesOf(0), world);
    expect(rewritten.subarray(-12)).toEqual(bytes.subarray(-12));
  });

  it('goes durably before its segment is cut: what is appended instead is not mistaken for what it names', async () => {
    const world = testWorld();
    const log = await open(world);
    await append(log, [10, 20, 30, 40, 50, 60]);
    await log.close();
    const again = await open(world);
    await again.truncateTo(4);

    const cut = world.files.crash(seededRandom(1));

    expect(await world.files.exists(timesOf(0))).toBe(false);
    expect(await cut.exists(timesOf(0))).toBe(false);
    await again.close();
  });

  it('saves reading the segments after a clean opening: only a few hundred bytes of each tell its largest timestamp', async () => {
    const world = testWorld();
    const options = { segmentBytes: 64 * 1024, indexIntervalBytes: 4096 };
    const log = await openLog(directory, options, world);
    for (let time = 0; (await world.files.list(directory)).filter(isSegment).length < 11; time++)
      await log.append({ value: 'v'.repeat(2000), timestamp: time });
    await log.close();
    const files = new CountedFiles(world.files);
    const bases = (await files.list(directory)).filter(isSegment).map((name) => Number(name.slice(0, 20)));

    for (const [at, base] of bases.slice(0, 10).entries()) {
      const found = await openSegmentFile(directory, base, { ...world, files });
      const segment = await segmentByIndex(found, options.indexIntervalBytes);
      files.bytesRead.clear();
      if (segment === undefined) throw new Error('the segment does not open');

      const newest = await newestTimestamp(segment);

      const ofFile = (path: string): number => files.bytesRead.get(path) ?? 0;
      expect(newest).toBe((bases[at + 1] ?? 0) - 1);
      expect(segment.sizeInBytes).toBeGreaterThan(60_000);
      expect(ofFile(timesOf(base))).toBeGreaterThan(0);
      expect(ofFile(timesOf(base)) + ofFile(segment.path)).toBeLessThan(700);
      await segment.close();
    }
  });

  it('is not read at opening', async () => {
    const world = testWorld();
    const log = await open(world, 700);
    await append(
      log,
      Array.from({ length: 30 }, (_, time) => time),
    );
    await log.close();
    const files = new CountedFiles(world.files);

    const again = await open({ ...world, files }, 700);

    const read = (): string[] => [...files.bytesRead.keys()].filter((path) => path.endsWith('.timeindex'));
    expect(read()).toEqual([]);
    await again.offsetForTimestamp(29);
    expect(read().length).toBeGreaterThan(3);
    await again.close();
  });
});

function isSegment(name: string): boolean {
  return name.endsWith('.log');
}
