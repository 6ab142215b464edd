import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem, nodeWorld } from './index.ts';
import { processAlive } from './node-host.ts';

// What needs /proc, /dev/full or a limit on the size of files to be seen.
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-linux-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describeOnLinux('on Linux, a file', () => {
  it('names itself in the error of a full disk', async () => {
    const file = await nodeFileSystem.open('/dev/full', 'append');

    const appended = file.append([Buffer.from('too'), Buffer.from('much')]);

    await expect(appended).rejects.toMatchObject({
      code: 'ENOSPC',
      message: expect.stringContaining("'/dev/full'"),
      details: { path: '/dev/full' },
    });
    await file.close();
  });

  it('never calls a short write a success, and goes on where it is cut', () => {
    const path = join(directory, 'f');
    const program = `
      import { nodeFileSystem } from '@millrace/runtime/node';
      process.on('SIGXFSZ', () => {});
      const file = await nodeFileSystem.open(${JSON.stringify(path)}, 'create');
      await file.append([Buffer.alloc(3000)]);
      const code = await file.append([Buffer.alloc(700), Buffer.alloc(700)]).catch((error) => error.code);
      const left = await file.size();
      await file.truncate(3000);
      console.log(JSON.stringify([code, left, await file.append([Buffer.alloc(10)])]));
    `;
    const options = [
      '--conditions=@millrace/source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ];

    // Bash counts blocks of 1 KiB.
    const child = spawnSync('bash', ['-c', 'ulimit -f 4; exec "$0" "$@"', process.execPath, ...options], {
      cwd: __dirname,
      // tsx keeps what it compiled in files of its own, which the limit would cut too.
      env: { ...process.env, TSX_DISABLE_CACHE: '1' },
      encoding: 'utf8',
      timeout: 30_000,
    });

    expect([child.stdout, child.stderr]).toEqual(['["EFBIG",4096,3000]\n', '']);
  });
});

describeOnLinux('on Linux, a directory', () => {
  it('is refused where none can be made, rather than tried for ever', async () => {
    await expect(nodeFileSystem.ensureDirectory('/proc/millrace/data')).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining("mkdir '/proc/millrace'"),
    });
  });
});

describeOnLinux('on Linux, a lock', () => {
  it('is taken over from another boot, and from an earlier process with the same pid', async () => {
    const path = join(directory, '.lock');
    for (const fields of [{ bootId: 'before' }, { startTicks: 1 }]) {
      const earlier = await nodeFileSystem.lock(path);
      const record: object = JSON.parse(readFileSync(path, 'utf8'));
      await earlier.release();
      writeFileSync(path, JSON.stringify({ ...record, ...fields }));

      const lock = await nodeFileSystem.lock(path);

      await expect(nodeFileSystem.lock(path)).rejects.toMatchObject({ code: 'LOCKED' });
      await lock.release();
    }
  });
});

describeOnLinux('on Linux, the host', () => {
  it('takes the name of its boot from the kernel', () => {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

    expect(nodeWorld.host.bootId).toBe(bootId);
  });

  it('knows a process for dead that nobody has waited for', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = await once(parent.stdout, 'data');
    const child = Number(String(line));
    while (!isZombie(child)) await new Promise((resolve) => setImmediate(resolve));

    const alive = processAlive(child);

    parent.kill();
    await once(parent, 'exit');
    expect(alive).toBe(false);
  });
});

function isZombie(pid: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
}
