import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { CodedError, hasCode } from '../coded-error.ts';
import type { FileLock, LockNotes } from '../file-system.ts';
import { lockedError } from '../locked-error.ts';
import { called } from './callback.ts';
import { kernelBootId, processAlive, processStartTicks } from './node-host.ts';

/** What the lock file holds, as JSON. */
interface LockRecord {
  /** Names this taking of the lock among all others. */
  readonly token: string;
  readonly pid: number;
  /** ms since the epoch. */
  readonly since: number;
  readonly startTicks?: number;
  readonly bootId?: string;
  readonly notes: LockNotes;
}

/**
 * A lock that nobody holds two of: the file appears whole by link(2), which fails when it is there. The lock of a dead
 * holder is replaced under a second lock of the same kind, named for the dead one, so that of all who find it dead one
 * alone replaces it, and none replaces the successor. Holds between processes that see each other's pids.
 */
export async function lockNodeFile(path: string, notes: LockNotes = {}): Promise<FileLock> {
  const record = newRecord(notes);
  for (;;) {
    if (await createWhole(path, record)) return new NodeLock(path, record);
    const found = await readLock(path);
    if (found === 'none') continue;
    if (found !== 'unreadable' && isHeld(found)) throw lockedError(path, found);
    if (await replaceDead(path, found, record)) return new NodeLock(path, record);
  }
}

/** False when somebody else did. LOCKED while somebody else does. */
async function replaceDead(
  path: string,
  dead: LockRecord | 'unreadable',
  record: LockRecord,
): Promise<boolean> {
  const turn = await lockNodeFile(`${path}.${dead === 'unreadable' ? dead : dead.token}`);
  try {
    if (!isSame(await readLock(path), dead)) return false;
    await replace(path, record);
    return true;
  } finally {
    await turn.release();
  }
}

class NodeLock implements FileLock {
  readonly #path: string;
  #record: LockRecord;
  #released = false;
  /** Changes of the file follow each other. */
  #lastChange: Promise<void> = Promise.resolve();

  constructor(path: string, record: LockRecord) {
    this.#path = path;
    this.#record = record;
  }

  annotate(notes: LockNotes): Promise<void> {
    return this.#change(async () => {
      if (this.#released) throw new CodedError('EBADF', `${this.#path}: the lock is released`);
      const found = await readLock(this.#path);
      if (found === 'none' || found === 'unreadable')
        throw new CodedError('ENOENT', `${this.#path}: somebody removed the lock that this process holds`);
      if (found.token !== this.#record.token) throw lockedError(this.#path, found);
      this.#record = { ...this.#record, notes };
      await replace(this.#path, this.#record);
    });
  }

  release(): Promise<void> {
    return this.#change(async () => {
      if (this.#released) return;
      this.#released = true;
      if (isSame(await readLock(this.#path), this.#record)) await removeIfThere(this.#path);
    });
  }

  #change(run: () => Promise<void>): Promise<void> {
    const change = this.#lastChange.then(run);
    // Its caller hears of a failure; the next change is tried all the same.
    this.#lastChange = change.catch(() => {});
    return change;
  }
}

function newRecord(notes: LockNotes): LockRecord {
  const startTicks = processStartTicks(process.pid);
  const bootId = kernelBootId();
  return {
    token: randomUUID(),
    pid: process.pid,
    since: Date.now(),
    ...(startTicks !== undefined && { startTicks }),
    ...(bootId !== undefined && { bootId }),
    notes,
  };
}

function isHeld({ pid, startTicks, bootId }: LockRecord): boolean {
  if (bootId !== undefined && bootId !== kernelBootId()) return false;
  if (!processAlive(pid)) return false;
  return startTicks === undefined || startTicks === processStartTicks(pid);
}

type Found = LockRecord | 'none' | 'unreadable';

function isSame(one: Found, other: Found): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.token === other.token;
}

/** `unreadable`: a lock is published whole, so only a power cut (or a person) leaves something else. */
async function readLock(path: string): Promise<Found> {
  let text: string;
  try {
    text = await called<string>((done) => fs.readFile(path, 'utf8', done));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'none';
    throw error;
  }
  try {
    const record: unknown = JSON.parse(text);
    return isLockRecord(record) ? record : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function isLockRecord(value: unknown): value is LockRecord {
  if (typeof value !== 'object' || value === null) return false;
  if (!('token' in value && 'pid' in value && 'since' in value && 'notes' in value)) return false;
  const { token, pid, since, notes } = value;
  return (
    typeof token === 'string' &&
    /^[0-9a-f-]{36}$/.test(token) &&
    Number.isInteger(pid) &&
    typeof since === 'number' &&
    typeof notes === 'object' &&
    notes !== null
  );
}

/** Whether the lock is now there with this content; false when one was there already. */
async function createWhole(path: string, record: LockRecord): Promise<boolean> {
  return withPrivateFile(path, record, async (privatePath) => {
    try {
      await called<void>((done) => fs.link(privatePath, path, done));
      return true;
    } catch (error) {
      if (hasCode(error, 'EEXIST')) return false;
      throw error;
    }
  });
}

async function replace(path: string, record: LockRecord): Promise<void> {
  await withPrivateFile(path, record, (privatePath) =>
    called<void>((done) => fs.rename(privatePath, path, done)),
  );
}

async function withPrivateFile<Result>(
  path: string,
  record: LockRecord,
  use: (privatePath: string) => Promise<Result>,
): Promise<Result> {
  const privatePath = `${path}.${randomUUID()}.tmp`;
  try {
    await called<void>((done) => fs.writeFile(privatePath, JSON.stringify(record), { flag: 'wx' }, done));
    return await use(privatePath);
  } finally {
    await removeIfThere(privatePath);
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await called<void>((done) => fs.unlink(path, done));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
