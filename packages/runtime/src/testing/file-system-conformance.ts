import assert from 'node:assert/strict';
import { codeOf } from '../coded-error.ts';
import type { FileSystem, OpenFile } from '../file-system.ts';

/** How a suite meets the caller's test runner and the implementation under test. */
export interface ConformanceSuite<Subject> {
  /** jest's, vitest's or node:test's. */
  test(name: string, run: () => Promise<void>): void;
  /** A fresh one for each test. */
  create(): Promise<Subject>;
}

type Check = (files: FileSystem) => Promise<void>;

/** What every `FileSystem` does, whatever keeps the bytes. `create` gives one whose root `/` is empty. */
export function fileSystemConformance(suite: ConformanceSuite<FileSystem>): void {
  for (const checks of [readingAndWriting, opening, naming, listing, locking]) {
    for (const [name, check] of Object.entries(checks))
      suite.test(name, async () => check(await suite.create()));
  }
}

const readingAndWriting: Record<string, Check> = {
  'appends chunks in order and answers where they begin': async (files) => {
    const file = await fileWith(files, '/f', 'one');
    const position = await file.append([bytes('two'), bytes(''), bytes('three')]);
    assert.equal(position, 3);
    assert.equal(await file.size(), 11);
    assert.equal(await textOf(file), 'onetwothree');
    await file.close();
  },
  'appends nothing when there is nothing': async (files) => {
    const file = await fileWith(files, '/f', 'one');
    assert.equal(await file.append([]), 3);
    assert.equal(await file.append([bytes('')]), 3);
    assert.equal(await file.size(), 3);
    await file.close();
  },
  'appends more chunks than one system call takes': async (files) => {
    const file = await files.open('/f', 'create');
    const chunks = Array.from({ length: 2500 }, (_, index) => bytes(`${index},`));
    await file.append(chunks);
    assert.equal(await textOf(file), Buffer.concat(chunks).toString());
    await file.close();
  },
  'does not keep the buffers it was given': async (files) => {
    const file = await files.open('/f', 'create');
    const chunk = bytes('mine');
    await file.append([chunk]);
    chunk.fill(0);
    assert.equal(await textOf(file), 'mine');
    await file.close();
  },
  'gives a buffer that the reader may change': async (files) => {
    const file = await fileWith(files, '/f', 'whole');
    (await file.read(0, 5)).fill(0);
    assert.equal(await textOf(file), 'whole');
    await file.close();
  },
  'reads short at the end of the file and nothing beyond it': async (files) => {
    const file = await fileWith(files, '/f', '0123456789');
    assert.equal((await file.read(2, 3)).toString(), '234');
    assert.equal((await file.read(8, 100)).toString(), '89');
    assert.equal((await file.read(10, 1)).length, 0);
    assert.equal((await file.read(1000, 1)).length, 0);
    assert.equal((await file.read(0, 0)).length, 0);
    await file.close();
  },
  'cuts a file and goes on at the cut': async (files) => {
    const file = await fileWith(files, '/f', '0123456789');
    await file.truncate(4);
    assert.equal(await file.size(), 4);
    assert.equal(await file.append([bytes('xyz')]), 4);
    assert.equal(await textOf(file), '0123xyz');
    await file.close();
  },
  'fills with zeros when cut beyond its end': async (files) => {
    const file = await fileWith(files, '/f', 'ab');
    await file.truncate(5);
    assert.deepEqual([...(await file.read(0, 10))], [97, 98, 0, 0, 0]);
    assert.equal(await file.append([bytes('c')]), 5);
    await file.close();
  },
  'keeps what it reads after a sync': async (files) => {
    const file = await fileWith(files, '/f', 'synced');
    await file.sync();
    await files.syncDirectory('/');
    assert.equal(await textOf(file), 'synced');
    await file.close();
  },
};

const opening: Record<string, Check> = {
  'opens for appending at the end': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    const file = await files.open('/f', 'append');
    assert.equal(await file.append([bytes('two')]), 3);
    assert.equal(await textOf(file), 'onetwo');
    await file.close();
  },
  'opens for reading, and for reading only': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    const file = await files.open('/f', 'read');
    assert.equal(await textOf(file), 'one');
    await rejects(file.append([bytes('two')]), 'EBADF');
    await rejects(file.truncate(0), 'EINVAL');
    assert.equal(await textOf(file), 'one');
    await file.close();
  },
  'empties a file that is created again': async (files) => {
    await (await fileWith(files, '/f', 'old')).close();
    const file = await files.open('/f', 'create');
    assert.equal(await file.size(), 0);
    await file.close();
  },
  'opens nothing that is not there': async (files) => {
    await rejects(files.open('/missing', 'read'), 'ENOENT');
    await rejects(files.open('/missing', 'append'), 'ENOENT');
    await rejects(files.open('/missing/f', 'create'), 'ENOENT');
    assert.deepEqual(await files.list('/'), []);
  },
  'opens no directory': async (files) => {
    await files.ensureDirectory('/d');
    await rejects(files.open('/d', 'read'), 'EISDIR');
    await rejects(files.open('/d', 'append'), 'EISDIR');
    await rejects(files.open('/d', 'create'), 'EISDIR');
  },
  'refuses a closed file, and closes it again': async (files) => {
    const file = await fileWith(files, '/f', 'one');
    await file.close();
    await file.close();
    await rejects(file.read(0, 1), 'EBADF');
    await rejects(file.read(0, 0), 'EBADF');
    await rejects(file.append([bytes('x')]), 'EBADF');
    await rejects(file.size(), 'EBADF');
    await rejects(file.sync(), 'EBADF');
    await rejects(file.truncate(0), 'EBADF');
  },
  'lets a file that is removed be read on': async (files) => {
    const file = await fileWith(files, '/f', 'one');
    await files.remove('/f');
    assert.equal(await files.exists('/f'), false);
    assert.equal(await textOf(file), 'one');
    await file.close();
  },
};

const naming: Record<string, Check> = {
  'renames a file and replaces the one that was there': async (files) => {
    await (await fileWith(files, '/new', 'new')).close();
    const old = await fileWith(files, '/old', 'old');
    await files.rename('/new', '/old');
    assert.deepEqual(await files.list('/'), ['old']);
    const found = await files.open('/old', 'read');
    assert.equal(await textOf(found), 'new');
    assert.equal(await textOf(old), 'old');
    await Promise.all([found.close(), old.close()]);
  },
  'renames a directory with what is in it': async (files) => {
    await files.ensureDirectory('/a/b');
    await (await fileWith(files, '/a/b/f', 'one')).close();
    await files.rename('/a/b', '/c');
    assert.deepEqual(await files.list('/a'), []);
    assert.deepEqual(await files.list('/c'), ['f']);
  },
  'renames a name to itself': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    await files.rename('/f', '/f');
    assert.deepEqual(await files.list('/'), ['f']);
  },
  'refuses renames that make no sense': async (files) => {
    await files.ensureDirectory('/d/inner');
    await (await fileWith(files, '/f', 'one')).close();
    await rejects(files.rename('/missing', '/x'), 'ENOENT');
    await rejects(files.rename('/f', '/missing/f'), 'ENOENT');
    await rejects(files.rename('/f', '/d'), 'EISDIR');
    await rejects(files.rename('/d', '/f'), 'ENOTDIR');
    await rejects(files.rename('/d', '/d/inner/d'), 'EINVAL');
    await rejects(files.rename('/d/inner', '/d'), 'ENOTEMPTY');
    assert.deepEqual(await files.list('/'), ['d', 'f']);
  },
  'removes files and empty directories': async (files) => {
    await files.ensureDirectory('/d');
    const file = await fileWith(files, '/d/f', 'one');
    await file.close();
    await rejects(files.remove('/d'), 'ENOTEMPTY');
    await files.remove('/d/f');
    await files.remove('/d');
    await rejects(files.remove('/d'), 'ENOENT');
    assert.deepEqual(await files.list('/'), []);
  },
};

const listing: Record<string, Check> = {
  'lists names, sorted': async (files) => {
    await files.ensureDirectory('/d/sub');
    for (const name of ['b', 'a', 'B', '10', '9']) await (await fileWith(files, `/d/${name}`, '')).close();
    assert.deepEqual(await files.list('/d'), ['10', '9', 'B', 'a', 'b', 'sub']);
  },
  'lists no missing directory and no file': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    await rejects(files.list('/missing'), 'ENOENT');
    await rejects(files.list('/f'), 'ENOTDIR');
    await rejects(files.list('/f/deeper'), 'ENOTDIR');
  },
  'syncs a directory, and nothing else': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    await files.syncDirectory('/');
    await rejects(files.syncDirectory('/missing'), 'ENOENT');
    await rejects(files.syncDirectory('/f'), 'ENOTDIR');
  },
  'makes a directory with its parents, once': async (files) => {
    await files.ensureDirectory('/a/b/c');
    await files.ensureDirectory('/a/b/c');
    assert.deepEqual(await files.list('/a/b'), ['c']);
  },
  'makes no directory over a file': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    await rejects(files.ensureDirectory('/f'), 'EEXIST');
    await rejects(files.ensureDirectory('/f/d'), 'ENOTDIR');
  },
  'knows what is there': async (files) => {
    await (await fileWith(files, '/f', 'one')).close();
    assert.equal(await files.exists('/f'), true);
    assert.equal(await files.exists('/'), true);
    assert.equal(await files.exists('/missing'), false);
    assert.equal(await files.exists('/f/deeper'), false);
  },
};

const locking: Record<string, Check> = {
  'gives a lock to one alone, and says who has it': async (files) => {
    const lock = await files.lock('/lock', { address: '127.0.0.1:9292' });
    const details = await detailsOfLocked(files.lock('/lock'));
    assert.equal(details['address'], '127.0.0.1:9292');
    assert.equal(typeof details['pid'], 'number');
    assert.equal(typeof details['since'], 'number');
    await lock.release();
  },
  'gives a lock to one of many who ask at once': async (files) => {
    const asked = Array.from({ length: 8 }, () => files.lock('/lock'));
    const settled = await Promise.allSettled(asked);
    const given = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const codes = settled.flatMap((outcome) =>
      outcome.status === 'rejected' ? [codeOf(outcome.reason)] : [],
    );
    assert.equal(given.length, 1);
    assert.deepEqual(new Set(codes), new Set(['LOCKED']));
    await given[0]?.release();
  },
  'shows the newest notes of the holder, never in the place of its pid': async (files) => {
    const lock = await files.lock('/lock', { address: 'old' });
    const { pid } = await detailsOfLocked(files.lock('/lock'));
    await lock.annotate({ state: 'stopping', pid: -1 });
    const details = await detailsOfLocked(files.lock('/lock'));
    assert.equal(details['state'], 'stopping');
    assert.equal(details['address'], undefined);
    assert.equal(details['pid'], pid);
    await lock.release();
  },
  'leaves nothing of a released lock': async (files) => {
    const lock = await files.lock('/lock');
    assert.equal(await files.exists('/lock'), true);
    await lock.release();
    assert.deepEqual(await files.list('/'), []);
    await rejects(lock.annotate({}), 'EBADF');
  },
  "releases its own lock alone, not its successor's": async (files) => {
    const first = await files.lock('/lock');
    await first.release();
    const second = await files.lock('/lock');
    await first.release();
    await rejects(files.lock('/lock'), 'LOCKED');
    await second.release();
  },
  'takes over a lock file that nobody holds': async (files) => {
    await (await fileWith(files, '/lock', '')).close();
    const lock = await files.lock('/lock');
    await rejects(files.lock('/lock'), 'LOCKED');
    await lock.release();
    assert.deepEqual(await files.list('/'), []);
  },
  'locks nothing in a directory that is not there': async (files) => {
    await rejects(files.lock('/missing/lock'), 'ENOENT');
  },
};

async function fileWith(files: FileSystem, path: string, text: string): Promise<OpenFile> {
  const file = await files.open(path, 'create');
  await file.append([bytes(text)]);
  return file;
}

async function textOf(file: OpenFile): Promise<string> {
  return (await file.read(0, await file.size())).toString();
}

async function rejects(call: Promise<unknown>, code: string): Promise<void> {
  const outcome = await call.then(
    () => 'no error',
    (error: unknown) => codeOf(error),
  );
  assert.equal(outcome, code);
}

async function detailsOfLocked(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.equal(codeOf(error), 'LOCKED');
  assert.ok(typeof error === 'object' && error !== null && 'details' in error);
  return Object(error.details);
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
