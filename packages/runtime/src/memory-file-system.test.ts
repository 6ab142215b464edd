import fc from 'fast-check';
import { CodedError } from './coded-error.ts';
import { type MemoryFileSystem, memoryFileSystem } from './memory-file-system.ts';
import { manualClock, seededRandom } from './testing/index.ts';

const seeds = Array.from({ length: 60 }, (_, seed) => seed);

async function contentOf(files: MemoryFileSystem, path: string): Promise<Buffer> {
  const file = await files.open(path, 'read');
  return file.read(0, await file.size());
}

/** A disk with a durable directory `/d`. */
async function diskWithDirectory(): Promise<MemoryFileSystem> {
  const files = memoryFileSystem();
  await files.ensureDirectory('/d');
  await files.syncDirectory('/');
  return files;
}

/** A durable file of that content. */
async function durableFile(files: MemoryFileSystem, path: string, content: Buffer) {
  const file = await files.open(path, 'create');
  await file.append([content]);
  await file.sync();
  await files.syncDirectory('/d');
  return file;
}

describe('a power cut', () => {
  it('keeps what was synced and only bytes that were written, for any appends and syncs', async () => {
    const piece = fc.record({ length: fc.integer({ min: 1, max: 3000 }), sync: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(piece), fc.integer(), async (pieces, seed) => {
        const files = await diskWithDirectory();
        const file = await durableFile(files, '/d/f', Buffer.alloc(0));
        let synced = 0;
        let written = Buffer.alloc(0);
        for (const [index, { length, sync }] of pieces.entries()) {
          const chunk = Buffer.alloc(length, 1 + (index % 255));
          await file.append([chunk]);
          written = Buffer.concat([written, chunk]);
          if (sync) {
            await file.sync();
            synced = written.length;
          }
        }

        const found = await contentOf(files.crash(seededRandom(seed)), '/d/f');

        expect(found.length).toBeGreaterThanOrEqual(synced);
        expect(found.length).toBeLessThanOrEqual(written.length);
        expect(found.subarray(0, synced).equals(written.subarray(0, synced))).toBe(true);
        expect(found.every((byte, position) => byte === written[position] || byte === 0)).toBe(true);
      }),
    );
  });

  it('loses all, keeps all, tears and leaves holes in what was not synced, by the seed', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('durable'));
    await file.append([Buffer.alloc(20_000, 1)]);

    const found = await Promise.all(seeds.map((seed) => contentOf(files.crash(seededRandom(seed)), '/d/f')));

    const sizes = found.map((content) => content.length - 7);
    const holes = found.filter((content) => {
      const firstZero = content.indexOf(0);
      return firstZero >= 0 && content.subarray(firstZero).includes(1);
    });
    expect(sizes).toContain(0);
    expect(sizes).toContain(20_000);
    expect(sizes.some((size) => size > 0 && size < 20_000)).toBe(true);
    expect(holes.length).toBeGreaterThan(0);
  });

  it('gives the same disk for the same seed', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('durable'));
    await file.append([Buffer.alloc(20_000, 1)]);

    const [one, other] = [files.crash(seededRandom(11)), files.crash(seededRandom(11))];

    expect((await contentOf(one, '/d/f')).equals(await contentOf(other, '/d/f'))).toBe(true);
  });

  it('undoes a truncation until it is synced, and may also keep it', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('0123456789'));
    await file.truncate(6);
    await file.append([Buffer.from('x')]);
    await file.truncate(2);

    const before = new Set<string>();
    for (const seed of seeds) before.add(String(await contentOf(files.crash(seededRandom(seed)), '/d/f')));
    await file.sync();
    const after = new Set<string>();
    for (const seed of seeds) after.add(String(await contentOf(files.crash(seededRandom(seed)), '/d/f')));

    expect(before).toEqual(new Set(['0123456789', '01']));
    expect(after).toEqual(new Set(['01']));
  });

  it('may lose a created name and bring back a removed one, until the directory is synced', async () => {
    const files = await diskWithDirectory();
    await durableFile(files, '/d/old', Buffer.from('old'));
    await files.remove('/d/old');
    await (await files.open('/d/new', 'create')).sync();

    const before = new Set<string>();
    for (const seed of seeds) before.add((await files.crash(seededRandom(seed)).list('/d')).join());
    await files.syncDirectory('/d');
    const after = new Set<string>();
    for (const seed of seeds) after.add((await files.crash(seededRandom(seed)).list('/d')).join());

    expect(before).toEqual(new Set(['', 'new', 'old', 'new,old']));
    expect(after).toEqual(new Set(['new']));
  });

  it('never halves a rename: the old file or the new one is there', async () => {
    const files = await diskWithDirectory();
    await durableFile(files, '/d/checkpoint', Buffer.from('old'));
    const file = await files.open('/d/checkpoint.tmp', 'create');
    await file.append([Buffer.from('new')]);
    await file.sync();
    await files.rename('/d/checkpoint.tmp', '/d/checkpoint');

    const found = new Set<string>();
    for (const seed of seeds)
      found.add(String(await contentOf(files.crash(seededRandom(seed)), '/d/checkpoint')));

    expect(found).toEqual(new Set(['old', 'new']));
  });

  it('loses what lies in a directory whose own name was not durable', async () => {
    const files = memoryFileSystem();
    await files.ensureDirectory('/d');
    await (await files.open('/d/f', 'create')).sync();
    await files.syncDirectory('/d');

    const roots = new Set<string>();
    for (const seed of seeds) roots.add((await files.crash(seededRandom(seed)).list('/')).join());

    expect(roots).toEqual(new Set(['', 'd']));
  });

  it('makes what a synced name builds on durable with it', async () => {
    const files = await diskWithDirectory();
    await files.ensureDirectory('/e');
    await files.syncDirectory('/');
    const file = await files.open('/d/f', 'create');
    await file.append([Buffer.from('moved')]);
    await file.sync();
    await files.rename('/d/f', '/e/f');
    await files.syncDirectory('/e');

    for (const seed of seeds) {
      const found = files.crash(seededRandom(seed));
      expect([await found.list('/d'), await found.list('/e')]).toEqual([[], ['f']]);
      expect(String(await contentOf(found, '/e/f'))).toBe('moved');
    }
  });

  it('keeps what a sync began with, not what came while it ran', async () => {
    const clock = manualClock();
    const files = memoryFileSystem({ clock, random: seededRandom(1) });
    const opened = files.open('/f', 'create');
    await clock.advance(5);
    const file = await opened;
    const synced = [file.append([Buffer.from('begun')]), files.syncDirectory('/')];
    await clock.advance(5);
    await Promise.all(synced);
    const sync = file.sync();
    const late = file.append([Buffer.from('late')]);
    await clock.advance(5);
    await Promise.all([sync, late]);

    const sizes = new Set<number>();
    for (const seed of seeds) {
      const found = files.crash(seededRandom(seed)).open('/f', 'read');
      await clock.advance(5);
      const size = (await found).size();
      await clock.advance(5);
      sizes.add(await size);
    }

    expect(sizes).toContain(5);
    expect(sizes).toContain(9);
  });

  it('leaves the old disk alone and holds no lock', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('old'));
    await files.lock('/d/lock');

    const found = files.crash(seededRandom(1));
    await found.lock('/d/lock');
    await file.append([Buffer.from(' disk')]);
    const again = await found.open('/d/f', 'append');
    await again.append([Buffer.from(' and new')]);

    expect(String(await contentOf(files, '/d/f'))).toBe('old disk');
    expect(String(await contentOf(found, '/d/f'))).toBe('old and new');
  });
});

describe('a failing disk', () => {
  const error = new CodedError('EIO', 'EIO: the disk is dying');

  it('fails the next call of a kind, once for each time it was asked to', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('abc'));
    for (const kind of ['open', 'read', 'truncate', 'rename', 'syncDirectory'] as const)
      files.failNext(kind, error);
    files.failNext('read', error);

    await expect(files.open('/d/f', 'read')).rejects.toBe(error);
    await expect(file.read(0, 1)).rejects.toBe(error);
    await expect(file.read(0, 1)).rejects.toBe(error);
    await expect(file.truncate(0)).rejects.toBe(error);
    await expect(files.rename('/d/f', '/d/g')).rejects.toBe(error);
    await expect(files.syncDirectory('/d')).rejects.toBe(error);

    await files.syncDirectory('/d');
    expect(await files.list('/d')).toEqual(['f']);
    expect(String(await contentOf(files, '/d/f'))).toBe('abc');
  });

  it('leaves a part of an append that failed', async () => {
    const files = memoryFileSystem();
    const file = await files.open('/f', 'create');
    files.failNext('append', error);

    await expect(file.append([Buffer.from('0123'), Buffer.from('4567')])).rejects.toBe(error);

    expect(String(await contentOf(files, '/f'))).toBe('0123');
  });

  it('never makes durable what a failed sync did not write, whatever later syncs say', async () => {
    const files = await diskWithDirectory();
    const file = await durableFile(files, '/d/f', Buffer.from('durable'));
    await file.append([Buffer.alloc(5000, 1)]);
    files.failNext('sync', error);
    await expect(file.sync()).rejects.toBe(error);
    await file.append([Buffer.alloc(5000, 2)]);
    await file.sync();

    const found = await Promise.all(seeds.map((seed) => contentOf(files.crash(seededRandom(seed)), '/d/f')));

    expect(found.some((content) => content.subarray(7, 5007).includes(0))).toBe(true);
    for (const content of found) {
      expect(String(content.subarray(0, 7))).toBe('durable');
      expect(content.subarray(5007).equals(Buffer.alloc(5000, 2))).toBe(true);
    }
  });
});

describe('a slow disk', () => {
  it('answers in its own order, after time has passed', async () => {
    const clock = manualClock();
    const files = memoryFileSystem({ clock, random: seededRandom(2) });
    const order: number[] = [];
    const calls = Array.from({ length: 10 }, (_, index) => files.exists('/').then(() => order.push(index)));

    await clock.advance(0);
    const atOnce = order.length;
    await clock.advance(2);
    await Promise.all(calls);

    expect(atOnce).toBeLessThan(5);
    expect(order).not.toEqual([...order].sort((one, other) => one - other));
  });
});

describe('a disk that is never synced', () => {
  it('lets removed and cut files go in the end', async () => {
    const files = await diskWithDirectory();
    const big = Buffer.alloc(10_000_000, 1);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    for (const name of names) await durableFile(files, `/d/${name}`, big);
    const cut = await durableFile(files, '/d/cut', big);
    for (let round = 0; round < 7; round++) {
      await cut.truncate(0);
      await cut.append([big]);
    }

    for (const name of names) await files.remove(`/d/${name}`);

    const lists = await Promise.all(
      seeds.slice(0, 5).map((seed) => files.crash(seededRandom(seed)).list('/d')),
    );
    expect(new Set(lists.map((list) => list.join()))).toEqual(new Set(['cut']));
  });
});
