import type { Duplex } from 'node:stream';
import { type Connection, errorCodes, FrameReader } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { connectOver } from './client-connection.ts';
import { duplexPair } from './duplex-pair.ts';

const codec = msgpackCodec();

/** A broker that reads, and says only what a test makes it say. */
function silentBroker(options: { requestTimeoutMs?: number } = {}): {
  connection: Connection;
  world: TestWorld;
  far: Duplex;
  /** What came after the hello. */
  frames: Buffer[];
  chunks: Buffer[];
  /** Answers the hello. */
  welcome: () => void;
  settle: () => Promise<void>;
} {
  const world = testWorld();
  const [near, far] = duplexPair();
  const reader = new FrameReader(() => 0x7fffffff);
  const frames: Buffer[] = [];
  const chunks: Buffer[] = [];
  far.on('error', () => {});
  far.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    reader.push(chunk);
    for (let frame = reader.next(); Buffer.isBuffer(frame); frame = reader.next()) frames.push(frame);
  });
  const connection = connectOver(near, { codec, ...options }, world);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i += 1) await world.clock.advance(0);
  };
  const welcome = (): void => {
    const incoming = codec.server().decode(frames.shift() as Buffer);
    if (incoming.kind === 'answer') for (const chunk of incoming.chunks) far.write(chunk);
  };
  return { connection, world, far, frames, chunks, welcome, settle };
}

/** An answer to a produce request: no partitions. */
function answer(correlation: number): Buffer {
  const call = {
    correlation,
    api: 'produce' as const,
    request: { acks: 'all' as const, timeoutMs: 0, partitions: [] },
  };
  return Buffer.concat(codec.server().encode(call, { response: { partitions: [] } }) as Uint8Array[]);
}

const request = { acks: 'all' as const, timeoutMs: 0, partitions: [] };
const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  );

describe('connectOver', () => {
  it('writes the calls of a turn together, the hello first', async () => {
    const { connection, chunks, frames, settle } = silentBroker();
    const calls = [1, 2, 3].map(() => codeOf(connection.call('produce', request)));
    await settle();

    expect(chunks).toHaveLength(1);
    expect(frames).toHaveLength(4);
    await connection.close();
    expect(await Promise.all(calls)).toEqual(Array(3).fill('NETWORK_EXCEPTION'));
  });

  it('gives each call its own answer, in whatever order they come', async () => {
    const { connection, far, welcome, settle } = silentBroker();
    const order: number[] = [];
    const calls = [1, 2, 3].map((n) => connection.call('produce', request).then(() => order.push(n)));
    await settle();
    welcome();
    for (const correlation of [3, 1, 2]) far.write(answer(correlation));
    await Promise.all(calls);
    expect(order).toEqual([3, 1, 2]);
  });

  it('rejects what waits when the broker goes, and every call after', async () => {
    const { connection, far, settle } = silentBroker();
    const waiting = codeOf(connection.call('produce', request));
    await settle();
    far.destroy();
    expect(await waiting).toBe('NETWORK_EXCEPTION');
    await connection.closed;
    expect(await codeOf(connection.call('produce', request))).toBe('NETWORK_EXCEPTION');
  });

  it('times a call out after its own waiting time and the limit, and drops the late answer', async () => {
    const { connection, far, world, welcome, settle } = silentBroker({ requestTimeoutMs: 1_000 });
    const slow = codeOf(connection.call('produce', { ...request, timeoutMs: 500 }));
    await settle();
    welcome();
    await world.clock.advance(1_499);
    // Something else is answered meanwhile: the broker lives.
    const quick = connection.call('produce', request);
    await settle();
    far.write(answer(2));
    await quick;
    await world.clock.advance(1);
    expect(await slow).toBe('REQUEST_TIMED_OUT');

    far.write(answer(1));
    const next = connection.call('produce', request);
    await settle();
    far.write(answer(3));
    expect(await next).toEqual({ partitions: [] });
  });

  it('takes a broker for dead that says nothing while a call times out', async () => {
    const { connection, world } = silentBroker({ requestTimeoutMs: 1_000 });
    const early = codeOf(connection.call('produce', request));
    await world.clock.advance(900);
    const late = codeOf(connection.call('produce', request));
    await world.clock.advance(100);

    expect(await Promise.all([early, late])).toEqual(['REQUEST_TIMED_OUT', 'NETWORK_EXCEPTION']);
    await connection.closed;
    expect(world.clock.pending).toBe(0);
  });

  it('keeps one timer for all calls, the earliest deadline first', async () => {
    const { connection, world, far, welcome, settle } = silentBroker({ requestTimeoutMs: 1_000 });
    const ended: number[] = [];
    const calls = [5_000, 100, 3_000].map((timeoutMs) =>
      connection.call('produce', { ...request, timeoutMs }).catch(() => ended.push(timeoutMs)),
    );
    await settle();
    welcome();
    await settle();
    expect(world.clock.pending).toBe(1);
    await world.clock.advance(1_099);
    far.write(answer(4_000_000).subarray(0, 3));
    await world.clock.advance(1);
    expect(ended).toEqual([100]);
    await world.clock.advance(5_000);
    await Promise.all(calls);
    expect(ended).toEqual([100, 3_000, 5_000]);
  });

  it('resolves a call under acks none once its bytes have left', async () => {
    const { connection, far, settle } = silentBroker();
    far.pause();
    let resolved = 0;
    const batches = Buffer.alloc(200_000);
    const call = (): Promise<unknown> =>
      connection
        .call('produce', { acks: 'none', timeoutMs: 0, partitions: [{ topic: 't', partition: 0, batches }] })
        .then(() => (resolved += 1));
    const calls = [call(), call()];
    await settle();
    expect(resolved).toBe(0);

    far.resume();
    await Promise.all(calls);
    expect(resolved).toBe(2);
  });

  it('rejects what cannot be sent with INVALID_REQUEST, and lives on', async () => {
    const { connection, far, welcome, settle } = silentBroker();
    const broken = connection.call('produce', { ...request, timeoutMs: 0.5 });
    await expect(broken).rejects.toMatchObject({ code: 'INVALID_REQUEST' });

    const call = connection.call('produce', request);
    await settle();
    welcome();
    far.write(answer(2));
    expect(await call).toEqual({ partitions: [] });
  });

  it.each([
    ['an answer that nobody asked for', answer(99)],
    ['a frame of 2 GB', Buffer.from('7fffffff', 'hex')],
    ['a negative length', Buffer.from('ffffffff', 'hex')],
    ['a msgpack bomb', Buffer.from('0000000900000005dd7fffffff', 'hex')],
    ['noise', Buffer.from('00000004deadbeef', 'hex')],
  ])('ends when the broker sends %s: nobody knows what became of the calls', async (_what, bytes) => {
    const { connection, far, welcome, settle } = silentBroker();
    const call = connection.call('produce', request);
    call.catch(() => {});
    await settle();
    welcome();
    far.write(bytes);
    await expect(call).rejects.toMatchObject({
      code: 'NETWORK_EXCEPTION',
      cause: { code: 'CORRUPT_MESSAGE' },
    });
    await connection.closed;
  });

  it('says UNSUPPORTED_VERSION where no Millrace broker answers', async () => {
    const { connection, far, settle } = silentBroker();
    const call = codeOf(connection.call('produce', request));
    await settle();
    far.write(Buffer.from('0000000548656c6c6f', 'hex'));
    expect(await call).toBe('UNSUPPORTED_VERSION');
  });

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', "begins with 'HTTP', as a web server does"],
    ['a mail server', '220 mail ready\r\n', "begins with '220 '"],
  ])('tells how %s begins, which answers instead of a broker', async (_who, said, message) => {
    const { connection, far, settle } = silentBroker();
    const call = connection.call('produce', request);
    far.write(said);
    await Promise.all([
      expect(call).rejects.toMatchObject({
        code: 'UNSUPPORTED_VERSION',
        message: `no Millrace broker answers: what came ${message}`,
        hint: expect.stringContaining('another program'),
      }),
      settle(),
    ]);
  });

  it('notices that what it sends comes back', async () => {
    const { connection, far, chunks, settle } = silentBroker();
    const call = connection.call('produce', request);
    await settle();
    for (const chunk of chunks) far.write(chunk);
    await expect(call).rejects.toMatchObject({
      code: 'UNSUPPORTED_VERSION',
      message: 'no Millrace broker answers: what was sent came back',
    });
  });

  it('tells an end before any answer from one after', async () => {
    const before = silentBroker();
    const ungreeted = before.connection.call('produce', request);
    before.far.end();
    await expect(ungreeted).rejects.toThrow('the connection was ended before a Millrace broker answered');

    const after = silentBroker();
    const greeted = after.connection.call('produce', request);
    await after.settle();
    after.welcome();
    after.far.end();
    await expect(greeted).rejects.toThrow('the broker ended the connection');
  });

  it('gives up a server that accepts and says nothing, whatever calls would wait for', async () => {
    const { connection, world } = silentBroker({ requestTimeoutMs: 600_000 });
    const called = connection.call('produce', request).catch((error: unknown) => error);
    await world.clock.advance(9_999);
    expect(world.clock.pending).toBeGreaterThan(0);
    await world.clock.advance(1);

    expect(await called).toMatchObject({
      code: 'NETWORK_EXCEPTION',
      message: 'the connection was accepted, and nothing said for 10000 ms',
    });
    await connection.closed;
    expect(world.clock.pending).toBe(0);
  });

  it('passes on whether a failed call may succeed later', async () => {
    const { connection, far, welcome, settle } = silentBroker();
    const call = connection.call('produce', request);
    await settle();
    welcome();
    const failed = { correlation: 1, api: 'produce' as const, request };
    const outcome = { error: 'NOT_LEADER_OR_FOLLOWER' as const, message: 'broker 2 is' };
    far.write(Buffer.concat(codec.server().encode(failed, outcome) as Uint8Array[]));
    await expect(call).rejects.toMatchObject({
      code: 'NOT_LEADER_OR_FOLLOWER',
      retriable: errorCodes.NOT_LEADER_OR_FOLLOWER.retriable,
    });
  });

  it('sends what it holds before it closes, and closes all the same when nobody reads', async () => {
    const { connection, far, frames, world, settle } = silentBroker();
    const sent = connection.call('produce', { ...request, acks: 'none' });
    await connection.close();
    await settle();
    await expect(sent).rejects.toMatchObject({ code: 'NETWORK_EXCEPTION' });
    expect(frames).toHaveLength(2);

    const stuck = silentBroker();
    stuck.far.pause();
    const batches = Buffer.alloc(1_000_000);
    const call = codeOf(
      stuck.connection.call('produce', { ...request, partitions: [{ topic: 't', partition: 0, batches }] }),
    );
    await stuck.settle();
    const closed = stuck.connection.close();
    await stuck.world.clock.advance(1_000);
    await closed;
    expect(await call).toBe('NETWORK_EXCEPTION');
    expect([world.clock.pending, stuck.world.clock.pending]).toEqual([0, 0]);
    far.destroy();
  });
});
