import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { millrace } from './millrace-process.ts';

describe('bin/millrace.js', () => {
  it('says what to run when nothing is built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-bin-'));
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await copyFile(join(__dirname, '../../millrace/bin/millrace.js'), join(folder, 'bin/millrace.js'));

    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [join(folder, 'bin/millrace.js'), 'start'], (error, _stdout, said) =>
        resolve({ code: error?.code, stderr: said }),
      );
    });

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: nothing is built at .*\nhint: {2}run `npm run setup` in the clone first\n$/,
    );
    await rm(folder, { recursive: true });
  });

  it('ends by itself with the exit code of what went wrong', async () => {
    const refused = millrace(['consume', 'orders', '--broker', '127.0.0.1:1']);
    const misspelt = millrace(['consum', 'orders']);

    expect([await refused.ended, await misspelt.ended]).toEqual([4, 2]);
    expect(misspelt.stderr()).toBe(
      "error: unknown command 'consum'\nhint:  did you mean consume?\nmore:  millrace explain USAGE\n",
    );
    expect(refused.stdout()).toBe('');
  });

  it('ends also while somebody still holds its stdin open', async () => {
    const produce = millrace(['produce', 'orders', '--broker', '127.0.0.1:1']);

    expect(await produce.ended).toBe(4);
    expect(produce.process.stdin.writableEnded).toBe(false);
  });
});
