import { CodedError } from '@millrace/runtime';
import { type ByteRecord, SendWindow } from './send-window.ts';

/** A send that ends when the test says so. */
interface HeldSend {
  readonly acknowledge: () => void;
  readonly refuse: (error: Error) => void;
}

const record = (bytes: number): ByteRecord => ({ topic: 't', key: null, value: Buffer.alloc(bytes) });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function windowOf(maxBytes: number) {
  const held: HeldSend[] = [];
  let failures = 0;
  const send = (): Promise<void> =>
    new Promise((acknowledge, refuse) => {
      held.push({ acknowledge, refuse });
    });
  const window = new SendWindow(send, {
    maxBytes,
    onFailure: () => {
      failures += 1;
    },
  });
  return { held, window, failures: () => failures };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await turn();
  return (await Promise.race([promise, Promise.resolve(pending)])) === pending;
}

describe('SendWindow', () => {
  it('has room until too much is in flight, and again when a group is settled', async () => {
    const { held, window } = windowOf(10_000);
    window.send([record(1_000), record(1_000)]);
    expect(await isPending(window.room())).toBe(false);

    window.send([record(9_000)]);
    const room = window.room();
    expect(await isPending(room)).toBe(true);
    for (const { acknowledge } of held) acknowledge();

    await room;
    expect([window.acknowledged, window.sent]).toEqual([3, { records: 3, bytes: 11_000 }]);
  });

  it('is settled once every record is', async () => {
    const { held, window } = windowOf(10_000);
    await window.settled();
    window.send([record(0), record(1)]);
    const settled = window.settled();

    held[1]?.acknowledge();
    expect(await isPending(settled)).toBe(true);
    held[0]?.acknowledge();

    await settled;
    expect(await window.failure()).toBeUndefined();
  });

  it('names the first record of its group that failed, keeps its code, and makes room', async () => {
    const { held, window, failures } = windowOf(1_000);
    window.send([record(10)]);
    window.send([record(500), record(500), record(500)]);
    const room = window.room();

    held[3]?.refuse(new Error('later'));
    held[2]?.refuse(new CodedError('RECORD_TOO_LARGE', 'too large', { hint: 'split it' }));
    await room;
    expect([window.hasFailed, failures()]).toEqual([true, 1]);
    for (const { acknowledge } of held) acknowledge();

    await window.settled();
    expect(await window.failure()).toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: 'record 3: too large',
      hint: 'split it',
    });
    expect([window.acknowledged, failures()]).toEqual([2, 1]);
  });
});
