import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processAlive, processStartTicks } from './node-host.ts';
import { lockNodeFile } from './node-lock.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
  path = join(directory, '.lock');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Leaves the lock file of a holder that differs from this process in these fields. */
async function leaveLock(fields: object): Promise<void> {
  const lock = await lockNodeFile(path, { address: '127.0.0.1:9292' });
  const record: object = JSON.parse(readFileSync(path, 'utf8'));
  await lock.release();
  writeFileSync(path, JSON.stringify({ ...record, ...fields }));
}

describe('a lock file', () => {
  it('says who holds it, since when, to the same process too', async () => {
    const before = Date.now();
    const lock = await lockNodeFile(path, { address: '127.0.0.1:9292' });

    const asked = lockNodeFile(path);

    await expect(asked).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(
        new RegExp(`already locked by pid ${process.pid} since \\d\\d:\\d\\d:\\d\\d$`),
      ),
      hint: 'stop that process, or use another directory',
      details: { pid: process.pid, address: '127.0.0.1:9292', since: expect.any(Number) },
    });
    expect(JSON.parse(readFileSync(path, 'utf8')).since).toBeGreaterThanOrEqual(before);
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is respected while its holder lives and taken over once it is killed', async () => {
    const holder = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
    await once(holder, 'spawn');
    const pid = holder.pid ?? 0;
    const startTicks = processStartTicks(pid);
    await leaveLock({ pid, ...(startTicks !== undefined && { startTicks }) });

    const whileAlive = lockNodeFile(path);
    await expect(whileAlive).rejects.toMatchObject({ code: 'LOCKED', details: { pid } });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const lock = await lockNodeFile(path);

    expect(JSON.parse(readFileSync(path, 'utf8')).pid).toBe(process.pid);
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is taken over when a power cut left half of it', async () => {
    for (const content of ['', '{"token":', '\0\0\0\0', '{"pid":1}', 'null', '[]']) {
      writeFileSync(path, content);

      const lock = await lockNodeFile(path);

      await lock.release();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('goes to one of many who find its holder dead', async () => {
    for (let round = 0; round < 10; round++) {
      await leaveLock({ bootId: 'before', startTicks: 1 });

      const settled = await Promise.allSettled(Array.from({ length: 10 }, () => lockNodeFile(path)));

      const locks = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(locks).toHaveLength(1);
      expect(readdirSync(directory)).toEqual(['.lock']);
      await locks[0]?.release();
    }
  });

  it('is taken over although one who took it over died in the middle', async () => {
    await leaveLock({ bootId: 'before', startTicks: 1 });
    const dead = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(`${path}.${dead.token}`, JSON.stringify({ ...dead, token: dead.token.replace(/^./, 'a') }));

    const lock = await lockNodeFile(path);

    expect(readdirSync(directory)).toEqual(['.lock']);
    await lock.release();
  });

  it('is released by its holder alone', async () => {
    const lock = await lockNodeFile(path);
    const other = JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), token: 'a'.repeat(36) });
    writeFileSync(path, other);

    await expect(lock.annotate({ address: 'mine' })).rejects.toMatchObject({ code: 'LOCKED' });
    await lock.release();

    expect(readFileSync(path, 'utf8')).toBe(other);
  });

  it('tells a holder whose file was removed', async () => {
    const lock = await lockNodeFile(path);
    rmSync(path);

    await expect(lock.annotate({})).rejects.toMatchObject({ code: 'ENOENT' });
    await lock.release();

    await expect(lock.annotate({})).rejects.toMatchObject({ code: 'EBADF' });
  });
});

describe('the liveness of a process', () => {
  it('is known for this one, for init and for none', () => {
    expect(processAlive(process.pid)).toBe(true);
    expect(processAlive(1)).toBe(true);
    expect(processAlive(2 ** 22 + 1)).toBe(false);
  });
});
