import { Writable } from 'node:stream';
import { testWorld } from '@millrace/runtime/testing';
import { runCommand } from '../testing/command-line.ts';
import { print } from './print.ts';

const failing = (code: string): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });

describe('print', () => {
  it('writes the text and a newline', async () => {
    const chunks: Buffer[] = [];
    const stdout = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });

    await print('two\nlines', { stdout, world: testWorld() });

    expect(Buffer.concat(chunks).toString()).toBe('two\nlines\n');
  });

  it('is content when nobody reads any more, and rejects when stdout fails otherwise', async () => {
    await print('text', { stdout: failing('EPIPE'), world: testWorld() });

    await expect(print('text', { stdout: failing('ENOSPC'), world: testWorld() })).rejects.toMatchObject({
      code: 'ENOSPC',
      message: 'stdout takes no more: write ENOSPC',
    });
  });

  it('lets a verb end quietly after `| head`', async () => {
    const command = runCommand(['explain'], { stdout: failing('EPIPE') });

    expect([await command.ended, command.stderr()]).toEqual([0, '']);
  });
});
