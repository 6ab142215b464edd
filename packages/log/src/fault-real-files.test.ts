import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@millrace/runtime/node';
import { testWorld } from '@millrace/runtime/testing';
import { type Fault, FaultyFiles } from './fault-files.fixture.ts';
import { checkKept, tellStory } from './fault-story.fixture.ts';

const codes = ['EIO', 'ENOSPC', 'EMFILE', 'EFBIG', 'EACCES'];

describe('a log whose files on a real disk fail', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-faults-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** The story in a directory of its own, opened again without faults afterwards; answers how many calls it made. */
  async function survive(name: string, fault: Fault | undefined): Promise<number> {
    const path = join(directory, name);
    const files = new FaultyFiles(nodeFileSystem, (file) => file.startsWith(join(path, 'a')));
    const world = { ...testWorld(), files };
    files.set(fault);
    const witness = await tellStory(path, world);
    const { met } = files;
    files.set(undefined);
    await checkKept(path, world, witness, witness.written);
    await rm(path, { recursive: true });
    return met;
  }

  it('keeps what it acknowledged and leaves its neighbour alone, whichever of a sample of calls fails', async () => {
    const calls = await survive('quiet', undefined);
    expect(calls).toBeGreaterThan(100);

    for (let from = 1; from <= calls; from += 5) {
      const code = codes[((from - 1) / 5) % codes.length] ?? 'EIO';
      expect(await survive(`once-${from}`, { code, from })).toBeGreaterThanOrEqual(from);
    }
  }, 120_000);

  it('keeps what it acknowledged when the disk stays full from some call on', async () => {
    const calls = await survive('quiet', undefined);

    for (let from = 1; from <= calls; from += 23)
      expect(
        await survive(`full-${from}`, { code: 'ENOSPC', from, times: Number.POSITIVE_INFINITY }),
      ).toBeGreaterThanOrEqual(from);
  }, 120_000);
});
