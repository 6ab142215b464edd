import { Writable } from 'node:stream';
import { manualClock } from '@millrace/runtime/testing';
import { Output } from './output.ts';

/** A stream whose writes end when the test says so. */
function heldStream(options: { highWaterMark?: number } = {}) {
  const writes: Buffer[] = [];
  const held: ((error?: Error) => void)[] = [];
  const stream = new Writable({
    ...options,
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk);
      held.push(done);
    },
  });
  const letThrough = async (error?: Error): Promise<void> => {
    while (held.length > 0) {
      held.shift()?.(error);
      await new Promise((resolve) => process.nextTick(resolve));
    }
  };
  return { stream, writes, letThrough };
}

const brokenPipe = (): Error => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

describe('Output', () => {
  it('makes one write of what a turn of the loop gave it', async () => {
    const clock = manualClock();
    const { stream, writes } = heldStream();
    const output = new Output(stream, clock);

    const rests = ['a\n', 'b\n'].map((line) => output.write([Buffer.from(line)]));
    await clock.advance(0);

    expect(rests).toEqual([undefined, undefined]);
    expect(writes.map(String)).toEqual(['a\nb\n']);
  });

  it('keeps order and bytes of pieces larger than what it gathers', async () => {
    const { stream, writes, letThrough } = heldStream({ highWaterMark: 10 << 20 });
    const output = new Output(stream, manualClock());
    const pieces = [Buffer.alloc(300_000, 'a'), Buffer.from('b'), Buffer.alloc(200_000, 'c')];

    expect(output.write(pieces)).toBeUndefined();
    const ended = output.end();
    await letThrough();
    await letThrough();

    await ended;
    expect(Buffer.concat(writes).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('asks its user to wait until the stream has drained', async () => {
    const { stream, letThrough } = heldStream({ highWaterMark: 1 });
    const output = new Output(stream, manualClock());
    let isRested = false;

    const rest = output.write([Buffer.alloc(256 * 1024)]);
    void rest?.then(() => {
      isRested = true;
    });

    await new Promise((resolve) => process.nextTick(resolve));
    expect([rest === undefined, isRested]).toEqual([false, false]);
    await letThrough();
    await rest;
  });

  it('takes a reader that goes away as having had enough', async () => {
    const clock = manualClock();
    const { stream, letThrough } = heldStream({ highWaterMark: 1 });
    const output = new Output(stream, clock);

    const rest = output.write([Buffer.alloc(256 * 1024)]);
    await letThrough(brokenPipe());

    await rest;
    expect(output.readerGone.aborted).toBe(true);
    expect(output.write([Buffer.from('more')])).toBeUndefined();
    await output.end();
  });

  it('rejects when the stream fails otherwise', async () => {
    const { stream, letThrough } = heldStream({ highWaterMark: 1 });
    const output = new Output(stream, manualClock());

    const rest = output.write([Buffer.alloc(256 * 1024)]);
    const outcome = rest?.catch((error: unknown) => error);
    await letThrough(new Error('disk full'));

    expect(await outcome).toMatchObject({ message: 'stdout takes no more: disk full' });
    await expect(output.end()).rejects.toThrow('stdout takes no more: disk full');
  });

  it('ends once the stream has taken everything, and leaves it open', async () => {
    const { stream, writes, letThrough } = heldStream();
    const output = new Output(stream, manualClock());
    expect(output.write([Buffer.from('last words')])).toBeUndefined();

    const ended = output.end();
    await letThrough();
    await letThrough();

    await ended;
    expect(writes.map(String).join('')).toBe('last words');
    expect(stream.writableEnded).toBe(false);
    expect(stream.listenerCount('error')).toBe(0);
  });
});
