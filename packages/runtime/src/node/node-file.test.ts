import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem, nodeWorld } from './index.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-file-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('a file of the machine', () => {
  it('closes when the calls before are through', async () => {
    const path = join(directory, 'f');
    const file = await nodeFileSystem.open(path, 'create');
    const appended = file.append([Buffer.alloc(1_000_000, 1)]);
    const synced = file.sync();

    await file.close();
    await Promise.all([appended, synced]);

    expect(statSync(path).size).toBe(1_000_000);
  });

  it('is known to the kernel by its descriptor', async () => {
    const path = join(directory, 'f');
    const file = await nodeFileSystem.open(path, 'create');
    await file.append([Buffer.from('by the kernel')]);

    expect(readFileSync(file.descriptor ?? -1, 'utf8')).toBe('by the kernel');
    await file.close();
  });

  it('keeps no more alive than it read', async () => {
    const file = await nodeFileSystem.open(join(directory, 'f'), 'create');
    await file.append([Buffer.alloc(10, 1)]);

    const read = await file.read(0, 10_000_000);

    expect(read.length).toBe(10);
    expect(read.buffer.byteLength).toBeLessThan(100_000);
    await file.close();
  });

  it('refuses positions that are no numbers of bytes', async () => {
    const file = await nodeFileSystem.open(join(directory, 'f'), 'create');

    for (const wrong of [-1, 1.5, Number.NaN]) {
      await expect(file.read(wrong, 1)).rejects.toMatchObject({ name: 'RangeError' });
      await expect(file.read(0, wrong)).rejects.toMatchObject({ name: 'RangeError' });
      await expect(file.truncate(wrong)).rejects.toMatchObject({ name: 'RangeError' });
    }
    await file.close();
  });
});

describe('the machine', () => {
  it('is the same at every question', async () => {
    const { host } = nodeWorld;

    expect(host.pid).toBe(process.pid);
    expect(host.bootId).toBe(host.bootId);
    expect(await host.freeBytes(directory)).toBeGreaterThan(0);
    await expect(host.freeBytes(join(directory, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
