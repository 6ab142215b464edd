import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { codeOf } from './coded-error.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import { memoryFileSystem } from './memory-file-system.ts';
import { nodeFileSystem } from './node/index.ts';
import { fileSystemConformance, type ManualClock, manualClock, seededRandom } from './testing/index.ts';

const directories: string[] = [];

/** The files of the machine below a new temporary directory, as if that were the root. */
function filesBelowTemporaryDirectory(): FileSystem {
  const root = mkdtempSync(join(tmpdir(), 'millrace-runtime-'));
  directories.push(root);
  const files = nodeFileSystem;
  return {
    open: (path, mode) => files.open(join(root, path), mode),
    list: (path) => files.list(join(root, path)),
    ensureDirectory: (path) => files.ensureDirectory(join(root, path)),
    syncDirectory: (path) => files.syncDirectory(join(root, path)),
    rename: (from, to) => files.rename(join(root, from), join(root, to)),
    remove: (path) => files.remove(join(root, path)),
    exists: (path) => files.exists(join(root, path)),
    lock: (path, notes) => files.lock(join(root, path), notes),
  };
}

/** Lets time pass until told to stop. */
function passTime(clock: ManualClock): () => Promise<void> {
  let goesOn = true;
  const passing = (async () => {
    while (goesOn) await clock.advance(1);
  })();
  return () => {
    goesOn = false;
    return passing;
  };
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

describe('the files of the machine', () => {
  fileSystemConformance({ test: it, create: async () => filesBelowTemporaryDirectory() });
});

describe('files in memory', () => {
  fileSystemConformance({ test: it, create: async () => memoryFileSystem() });
});

describe('files in memory that take their time', () => {
  const clock = manualClock();
  let stop: () => Promise<void>;

  beforeEach(() => {
    stop = passTime(clock);
  });
  afterEach(() => stop());

  fileSystemConformance({
    test: it,
    create: async () => memoryFileSystem({ clock, random: seededRandom(7) }),
  });
});

type Step = (files: FileSystem, opened: Map<number, OpenFile>) => Promise<unknown>;

const path = fc.constantFrom('/a', '/b', '/d', '/d/a', '/d/b', '/d/e', '/d/e/a', '/missing/a');
const slot = fc.integer({ min: 0, max: 2 });
const position = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 4000 }));

/** Says what the file in a slot answers, if there is one. */
function onFile(at: number, use: (file: OpenFile) => Promise<unknown>): Step {
  return async (_, opened) => {
    const file = opened.get(at);
    return file === undefined ? 'nothing open' : use(file);
  };
}

const step: fc.Arbitrary<[string, Step]> = fc.oneof(
  fc
    .tuple(path, fc.constantFrom('read', 'append', 'create'), slot)
    .map(([at, mode, index]): [string, Step] => [
      `open ${at} ${mode} as ${index}`,
      async (files, opened) => {
        const file = await files.open(at, mode);
        await opened.get(index)?.close();
        opened.set(index, file);
        return file.size();
      },
    ]),
  fc
    .tuple(slot, fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 4 }))
    .map(([at, chunks]): [string, Step] => [
      `append ${chunks.map((chunk) => chunk.length).join('+')} to ${at}`,
      // What cannot be written to a file that is only read is told by its first byte.
      onFile(at, (file) => file.append([Buffer.from('.'), ...chunks])),
    ]),
  fc
    .tuple(slot, position, position)
    .map(([at, from, length]): [string, Step] => [
      `read ${from}+${length} of ${at}`,
      onFile(at, async (file) => (await file.read(from, length)).toString('hex')),
    ]),
  fc
    .tuple(slot, position)
    .map(([at, size]): [string, Step] => [
      `truncate ${at} to ${size}`,
      onFile(at, (file) => file.truncate(size)),
    ]),
  slot.map((at): [string, Step] => [`size of ${at}`, onFile(at, (file) => file.size())]),
  slot.map((at): [string, Step] => [`sync ${at}`, onFile(at, (file) => file.sync())]),
  slot.map((at): [string, Step] => [`close ${at}`, onFile(at, (file) => file.close())]),
  fc
    .tuple(path, path)
    .map(([from, to]): [string, Step] => [`rename ${from} to ${to}`, (files) => files.rename(from, to)]),
  path.map((at): [string, Step] => [`remove ${at}`, (files) => files.remove(at)]),
  path.map((at): [string, Step] => [`list ${at}`, (files) => files.list(at)]),
  path.map((at): [string, Step] => [`exists ${at}`, (files) => files.exists(at)]),
  path.map((at): [string, Step] => [`syncDirectory ${at}`, (files) => files.syncDirectory(at)]),
  fc
    .constantFrom('/d', '/d/e', '/a')
    .map((at): [string, Step] => [`ensureDirectory ${at}`, (files) => files.ensureDirectory(at)]),
);

async function traceOf(files: FileSystem, steps: readonly [string, Step][]): Promise<string[]> {
  const opened = new Map<number, OpenFile>();
  const trace: string[] = [];
  for (const [name, run] of steps) {
    const answer = await run(files, opened).catch((error: unknown) => codeOf(error) ?? String(error));
    trace.push(`${name}: ${JSON.stringify(answer)}`);
  }
  for (const file of opened.values()) await file.close();
  return trace;
}

describe('the two file systems', () => {
  it('answer alike, for any sequence of calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const real = await traceOf(filesBelowTemporaryDirectory(), steps);

        const inMemory = await traceOf(memoryFileSystem(), steps);

        expect(inMemory).toEqual(real);
      }),
      { numRuns: 150 },
    );
  });
});
