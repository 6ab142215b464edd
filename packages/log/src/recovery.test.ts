import { join } from 'node:path';
import { type FileSystem, hasCode } from '@millrace/runtime';
import { seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type Log, type LogOptions, openLog } from './index.ts';
import { batchOf, valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const first = '00000000000000000000';

async function readFile(files: FileSystem, name: string): Promise<Buffer> {
  const file = await files.open(join(directory, name), 'read');
  const bytes = await file.read(0, await file.size());
  await file.close();
  return bytes;
}

async function writeFile(files: FileSystem, name: string, bytes: Buffer): Promise<void> {
  const file = await files.open(join(directory, name), 'create');
  await file.append([bytes]);
  await file.sync();
  await file.close();
  await files.syncDirectory(directory);
}

function open(world: TestWorld, options: LogOptions = {}): Promise<Log> {
  return openLog(directory, options, world);
}

/** A log of these batches, closed; a segment each `segmentBytes`. */
async function logWith(
  world: TestWorld,
  batches: readonly (readonly string[])[],
  options: LogOptions = {},
): Promise<void> {
  const log = await open(world, options);
  for (const batch of batches) await log.appendBatches(batchOf(batch), { leaderEpoch: 0 });
  await log.close();
}

/** Every record that can be read, by its offset. */
async function servedBy(log: Log): Promise<Map<number, string>> {
  const served = new Map<number, string>();
  for (let from = 0; from < log.endOffset; ) {
    try {
      for await (const record of log.records({ from })) {
        served.set(record.offset, String(record.value));
        from = record.offset + 1;
      }
    } catch (error) {
      if (!hasCode(error, 'CORRUPT_MESSAGE')) throw error;
      from = Number(error.details?.['nextOffset']);
    }
  }
  return served;
}

/** Takes away what vouches for the log: the next opening verifies all of it. */
async function forgetShutdown(files: FileSystem): Promise<void> {
  for (const name of ['clean-shutdown', 'recovery-point']) {
    const path = join(directory, name);
    if (await files.exists(path)) await files.remove(path);
  }
}

/** Says that everything was flushed but that the process did not stop cleanly. */
async function crashAfterCheckpoint(files: FileSystem): Promise<void> {
  await files.remove(join(directory, 'clean-shutdown'));
}

const three = [['a1', 'a2'], ['b1'.padEnd(700, 'b')], ['c1', 'c2', 'c3']];

describe('recovery', () => {
  it('cuts a tail torn at any byte back to the last whole batch', async () => {
    const world = testWorld();
    await logWith(world, three);
    const whole = await readFile(world.files, `${first}.log`);
    const ends = [
      0,
      batchOf(three[0] ?? []).length,
      batchOf(three[0] ?? []).length + batchOf(three[1] ?? []).length,
    ];

    for (let size = 0; size < whole.length; size++) {
      await forgetShutdown(world.files);
      await writeFile(world.files, `${first}.log`, whole.subarray(0, size));
      const log = await open(world);
      const batches = ends.filter((end) => end > 0 && end <= size).length;
      expect(await valuesOf(log)).toEqual(three.slice(0, batches).flat());
      expect(log.sizeInBytes).toBe(ends[batches]);
      expect(log.flushedOffset).toBe(log.endOffset);
      await log.close();
    }
  });

  it('never serves a wrong record, whichever bit of the log is flipped', async () => {
    const world = testWorld();
    const batches = [['a1', 'a2'], ['b1'], ['c1', 'c2', 'c3']];
    await logWith(world, batches);
    const whole = await readFile(world.files, `${first}.log`);
    const starts = [0, batchOf(['a1', 'a2']).length, batchOf(['a1', 'a2']).length + batchOf(['b1']).length];

    for (let bit = 0; bit < whole.length * 8; bit++) {
      const position = bit >> 3;
      const flipped = Buffer.from(whole);
      flipped[position] = (flipped[position] ?? 0) ^ (1 << (bit & 7));
      await forgetShutdown(world.files);
      await writeFile(world.files, `${first}.log`, flipped);
      const log = await open(world);
      const served = await servedBy(log);
      const expected = ['a1', 'a2', 'b1', 'c1', 'c2', 'c3'];
      for (const [offset, value] of served) expect(value).toBe(expected[offset]);
      // An epoch is outside the checksum: a flipped one is noticed only when it is impossible.
      const damaged = starts.findLastIndex((start) => start <= position);
      const isEpoch = position >= (starts[damaged] ?? 0) + 12 && position < (starts[damaged] ?? 0) + 16;
      const left = [
        [2, 3, 4, 5],
        [0, 1, 3, 4, 5],
        [0, 1, 2],
      ][damaged];
      expect(isEpoch ? left : [...served.keys()]).toEqual(left);
      await log.close();
    }
  });

  it('finds the same damage at each opening, also after a clean shutdown', async () => {
    const world = testWorld();
    await logWith(world, three);
    const bytes = await readFile(world.files, `${first}.log`);
    bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
    await writeFile(world.files, `${first}.log`, bytes);
    await forgetShutdown(world.files);

    for (let opening = 0; opening < 3; opening++) {
      const log = await open(world);
      await expect(valuesOf(log)).rejects.toMatchObject({
        code: 'CORRUPT_MESSAGE',
        details: { nextOffset: 3 },
      });
      expect(await valuesOf(log, 3)).toEqual(['c1', 'c2', 'c3']);
      await log.close();
    }
  });

  it('takes a zero-filled tail for the end', async () => {
    const world = testWorld();
    await logWith(world, three);
    const whole = await readFile(world.files, `${first}.log`);
    await forgetShutdown(world.files);
    await writeFile(world.files, `${first}.log`, Buffer.concat([whole, Buffer.alloc(100_000)]));

    const log = await open(world);

    expect(await valuesOf(log)).toEqual(three.flat());
    expect(log.sizeInBytes).toBe(whole.length);
    await log.close();
  });

  it('cuts at a hole of zeros, and the valid batches behind it', async () => {
    const world = testWorld();
    const batches = [['a'], ['b'.repeat(3000)], ['c']];
    await logWith(world, batches);
    const bytes = await readFile(world.files, `${first}.log`);
    bytes.fill(0, 1024, 1536);
    await forgetShutdown(world.files);
    await writeFile(world.files, `${first}.log`, bytes);

    const log = await open(world);

    expect(await valuesOf(log)).toEqual(['a']);
    await log.append({ value: 'new' });
    expect(await valuesOf(log)).toEqual(['a', 'new']);
    await log.close();
  });

  it('does not take up again what an earlier, longer log left behind its end', async () => {
    const world = testWorld();
    await logWith(world, [['old 0'], ['old 1'], ['old 2']]);
    const old = await readFile(world.files, `${first}.log`);
    const batch = old.length / 3;
    await forgetShutdown(world.files);
    // Batches of offsets 0, 1 and then 0 and 1 again.
    await writeFile(
      world.files,
      `${first}.log`,
      Buffer.concat([old.subarray(0, batch * 2), old.subarray(0, batch * 2)]),
    );

    const log = await open(world);

    expect(log.endOffset).toBe(2);
    expect(log.sizeInBytes).toBe(batch * 2);
    await log.close();
  });

  it('removes the segments behind a torn one', async () => {
    const world = testWorld();
    const options = { segmentBytes: 100 };
    await logWith(world, [['a'], ['b'], ['c'], ['d']], options);
    await forgetShutdown(world.files);
    const second = '00000000000000000001';
    const bytes = await readFile(world.files, `${second}.log`);
    await writeFile(world.files, `${second}.log`, bytes.subarray(0, 20));

    const log = await open(world, options);

    expect(await valuesOf(log)).toEqual(['a']);
    const left = (await world.files.list(directory)).filter((name) => /\.(log|index)$/.test(name));
    expect(left.filter((name) => name > `${second}.z`)).toEqual([]);
    await log.close();
  });

  it('keeps the segments behind a flipped bit', async () => {
    const world = testWorld();
    const options = { segmentBytes: 100 };
    await logWith(world, [['a'], ['b'], ['c'], ['d']], options);
    await forgetShutdown(world.files);
    const second = '00000000000000000001';
    const bytes = await readFile(world.files, `${second}.log`);
    bytes.writeUInt8(bytes.readUInt8(65) ^ 4, 65);
    await writeFile(world.files, `${second}.log`, bytes);

    const log = await open(world, options);

    expect(log.endOffset).toBe(4);
    await expect(valuesOf(log, 1)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      details: { nextOffset: 2 },
    });
    expect(await valuesOf(log, 2)).toEqual(['c', 'd']);
    await log.close();
  });

  it('opens with any of the files of a roll missing', async () => {
    const world = testWorld();
    const options = { segmentBytes: 100, indexIntervalBytes: 0 };
    await logWith(world, [['a'], ['b'], ['c']], options);
    for (const name of await world.files.list(directory)) {
      if (/\.(index|snapshot)$/.test(name)) await world.files.remove(join(directory, name));
    }
    await writeFile(world.files, '00000000000000000003.log', Buffer.alloc(0));
    await forgetShutdown(world.files);

    const log = await open(world, options);

    expect(await valuesOf(log)).toEqual(['a', 'b', 'c']);
    await log.append({ value: 'd' });
    expect(await valuesOf(log)).toEqual(['a', 'b', 'c', 'd']);
    await log.close();
  });

  it('does not believe a clean shutdown of another boot or another end', async () => {
    const world = testWorld();
    await logWith(world, three);
    const whole = await readFile(world.files, `${first}.log`);
    await writeFile(world.files, `${first}.log`, whole.subarray(0, whole.length - 1));

    const shorter = await open(world);
    expect(shorter.endOffset).toBe(3);
    await shorter.close();
    const rebooted = { ...world, host: { ...world.host, bootId: 'another boot' } };
    const log = await open(rebooted);

    expect(log.endOffset).toBe(3);
    await log.close();
  });

  it('removes the word of a clean shutdown durably before the first write (KAFKA-10471)', async () => {
    const world = testWorld();
    await logWith(world, three);
    const log = await open(world);
    await log.append({ value: 'x' });

    for (let seed = 0; seed < 20; seed++) {
      const files = world.files.crash(seededRandom(seed));
      expect(await files.exists(join(directory, 'clean-shutdown'))).toBe(false);
    }
    await log.close();
  });

  it('clamps a recovery point ahead of the log, and survives checkpoints that are damaged (KAFKA-16541)', async () => {
    const world = testWorld();
    for (const text of ['', '0\n', '0\n999999\nffff\n', '0\n6\n', 'x'.repeat(1000)]) {
      await logWith(world, []);
      for (const name of ['recovery-point', 'leader-epoch-checkpoint', 'clean-shutdown']) {
        await writeFile(world.files, name, Buffer.from(text));
      }
      const log = await open(world);
      expect(log.flushedOffset).toBe(log.endOffset);
      await log.close();
    }
  });

  it('scans only what lies behind the recovery point', async () => {
    const world = testWorld();
    await logWith(world, three);
    await crashAfterCheckpoint(world.files);
    const bytes = await readFile(world.files, `${first}.log`);
    bytes.writeUInt8(bytes.readUInt8(300) ^ 1, 300);
    await writeFile(world.files, `${first}.log`, bytes);

    const log = await open(world);

    // Served as it is; those who read the records verify them.
    expect(log.endOffset).toBe(6);
    await expect(valuesOf(log)).rejects.toMatchObject({
      code: 'CORRUPT_MESSAGE',
      details: { nextOffset: 3 },
    });
    await log.close();
  });

  it.each([
    [60, 16],
    [1000, 16],
    [10_000, 16],
    [60, 8],
    [10_000, 8],
  ])(
    'serves what lies before a damaged header in a flushed segment, %d bytes at a time, byte %d of it',
    async (maxBytes, at) => {
      const world = testWorld();
      const options = { indexIntervalBytes: 100 };
      const values = Array.from({ length: 60 }, (_, n) => `value ${n}`.padEnd(40, '.'));
      const batchBytes = batchOf(values.slice(0, 1)).length;
      await logWith(
        world,
        values.map((value) => [value]),
        options,
      );
      const bytes = await readFile(world.files, `${first}.log`);
      bytes.writeUInt8(9, batchBytes * 30 + at);
      await writeFile(world.files, `${first}.log`, bytes);

      const log = await open(world, options);

      for (let from = 0; from < 30; ) {
        const slice = await log.read(from, { maxBytes });
        expect(slice.baseOffset).toBe(from);
        expect(slice.byteLength % batchBytes).toBe(0);
        from += slice.byteLength / batchBytes;
        slice.release();
      }
      await expect(valuesOf(log, 30)).rejects.toMatchObject({ code: 'CORRUPT_MESSAGE' });
      await log.close();
    },
  );

  it('writes the recovery point a second after a flush', async () => {
    const world = testWorld();
    const log = await open(world);
    await log.append({ value: 'x' });
    await log.flush();
    expect(await world.files.exists(join(directory, 'recovery-point'))).toBe(false);

    await world.clock.advance(1000);

    expect((await readFile(world.files, 'recovery-point')).toString()).toMatch(/^0\n1\n/);
    await log.close();
  });
});

describe('an offset index', () => {
  const options = { indexIntervalBytes: 100, segmentBytes: 3000 };
  const values = Array.from({ length: 60 }, (_, n) => `value ${n}`.padEnd(40, '.'));

  async function indexes(files: FileSystem): Promise<string[]> {
    return (await files.list(directory)).filter((name) => name.endsWith('.index'));
  }

  it.each([
    ['missing', () => undefined],
    ['empty', () => Buffer.alloc(0)],
    ['short', (bytes: Buffer) => bytes.subarray(0, 8)],
    ['cut inside an entry', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
    ['zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    [
      'longer than the log',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('7fffff007fffff00', 'hex')]),
    ],
    ['out of order', (bytes: Buffer) => Buffer.concat([bytes.subarray(8), bytes.subarray(0, 8)])],
    [
      'pointing into batches',
      (bytes: Buffer) => {
        const moved = Buffer.from(bytes);
        for (let at = 4; at < moved.length; at += 8) moved.writeInt32BE(moved.readInt32BE(at) + 5, at);
        return moved;
      },
    ],
    [
      'naming other offsets',
      (bytes: Buffer) => {
        const moved = Buffer.from(bytes);
        for (let at = 0; at < moved.length; at += 8) moved.writeInt32BE(moved.readInt32BE(at) + 1, at);
        return moved;
      },
    ],
  ] as const)('that is %s does no harm', async (_what, change) => {
    const world = testWorld();
    await logWith(
      world,
      values.map((value) => [value]),
      options,
    );
    for (const name of await indexes(world.files)) {
      const changed = change(await readFile(world.files, name));
      if (changed === undefined) await world.files.remove(join(directory, name));
      else await writeFile(world.files, name, changed);
    }

    const log = await open(world, options);

    for (let from = 0; from < values.length; from++) {
      const slice = await log.read(from, { maxBytes: 300 });
      expect(slice.baseOffset).toBe(from);
      slice.release();
      expect((await valuesOf(log, from))[0]).toBe(values[from]);
    }
    expect(await valuesOf(log)).toEqual(values);
    await log.close();
  });

  it('is written when a segment is full, in the layout of Kafka', async () => {
    const world = testWorld();
    await logWith(
      world,
      values.map((value) => [value]),
      options,
    );

    const bytes = await readFile(world.files, `${first}.index`);

    const log = await readFile(world.files, `${first}.log`);
    expect(bytes.length % 8).toBe(0);
    expect(bytes.length).toBeGreaterThan(8 * 5);
    for (let at = 0; at < bytes.length; at += 8) {
      const position = bytes.readInt32BE(at + 4);
      expect(Number(log.readBigInt64BE(position))).toBe(bytes.readInt32BE(at));
      expect(log[position + 16]).toBe(2);
    }
  });
});
