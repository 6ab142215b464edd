import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLogDirectory } from '@millrace/log';
import { millrace } from './millrace-process.ts';

describe('a snapshot of a log', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-tar-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is listed and unpacked by tar, and its segments are the bytes of the log', async () => {
    const data = join(directory, 'data');
    const logs = await openLogDirectory(data);
    const log = await logs.open('orders-0');
    for (let n = 0; n < 1000; n++) await log.append({ value: `value ${n}`.padEnd(200, '.') });
    await logs.close();
    const tar = join(directory, 'snapshot.tar');

    const made = millrace(['log', 'export', data, tar]);

    expect([await made.ended, made.stderr()]).toEqual([
      0,
      expect.stringContaining('exported 1 log, 1000 offsets'),
    ]);
    const names = execFileSync('tar', ['tf', tar]).toString().trimEnd().split('\n');
    expect(names).toContain('orders-0/00000000000000000000.log');
    execFileSync('tar', ['xf', tar, '-C', directory]);
    const segment = 'orders-0/00000000000000000000.log';
    expect(await readFile(join(directory, segment))).toEqual(await readFile(join(data, segment)));
    const imported = millrace(['log', 'import', tar, join(directory, 'copy')]);
    expect(await imported.ended).toBe(0);
    const verified = millrace(['log', 'verify', join(directory, 'copy')]);
    expect([await verified.ended, JSON.parse(verified.stdout())]).toEqual([
      0,
      expect.objectContaining({ log: 'orders-0', sound: true, records: 1000, endOffset: 1000 }),
    ]);
  }, 60_000);
});
