import type { BrokerApi, CallContext, ResponseOf } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import type { Logger } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { duplexPair } from './duplex-pair.ts';
import { type ServeLimits, serve } from './serve.ts';
import { ServerConnection } from './server-connection.ts';
import { rangeOf } from './testing/connector-conformance.ts';
import { deferred } from './testing/deferred.ts';
import { produceCall, WirePeer } from './testing/wire-peer.ts';

const codec = msgpackCodec();
const done: ResponseOf<'produce'> = { partitions: [] };

interface Served {
  readonly peer: WirePeer;
  readonly world: TestWorld;
  readonly ended: Promise<void>;
  readonly logged: { level: string; fields: object }[];
  /** Lets everything happen that needs no time. */
  readonly settle: () => Promise<void>;
}

function served(api: Partial<BrokerApi>, limits: ServeLimits = {}): Served {
  const logged: Served['logged'] = [];
  const log =
    (level: string) =>
    (fields: object): void => {
      logged.push({ level, fields });
    };
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  const world = { ...testWorld(), logger };
  const [near, far] = duplexPair();
  const ended = serve(far, { api, codec, listener: 'here', limits }, world);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i += 1) await world.clock.advance(0);
  };
  return { peer: new WirePeer(near), world, ended, logged, settle };
}

/** A produce handler that answers when told, in the order told. */
function parked(): {
  handler: BrokerApi['produce'];
  waiting: (() => void)[];
  contexts: CallContext[];
} {
  const waiting: (() => void)[] = [];
  const contexts: CallContext[] = [];
  return {
    waiting,
    contexts,
    handler: (_request, context) => {
      contexts.push(context);
      const answer = deferred<ResponseOf<'produce'>>();
      waiting.push(() => answer.resolve(done));
      return answer.promise;
    },
  };
}

describe('serve', () => {
  it('starts the handlers of all frames in a chunk in the turn in which it came, in order', async () => {
    const started: string[] = [];
    const { peer, settle } = served({
      produce: async ({ partitions }) => {
        started.push(String(partitions[0]?.batches));
        return done;
      },
    });
    peer.hello();
    await settle();
    const frames = ['a', 'b', 'c'].flatMap((text, i) => peer.codec.encode(produceCall(i, Buffer.from(text))));

    peer.send(Buffer.concat(frames));

    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('begins few questions at a time whose answers grow with the cluster, one where they are large, and others beside them', async () => {
    const answers: ((clusterId: string) => void)[] = [];
    const { peer, settle } = served({
      metadata: () => {
        const answer = deferred<ResponseOf<'metadata'>>();
        answers.push((clusterId) => answer.resolve({ clusterId, brokers: [], topics: topicsOf(clusterId) }));
        return answer.promise;
      },
      produce: async () => done,
    });
    const topicsOf = (size: string): ResponseOf<'metadata'>['topics'] =>
      Array.from({ length: size === 'large' ? 10 : 0 }, () => ({
        name: 'x'.repeat(30_000),
        error: 'NONE',
        partitions: [],
      }));
    peer.listen().hello();
    await settle();
    const asking = (correlation: number) =>
      peer.codec.encode({ correlation, api: 'metadata', request: {} }) as Uint8Array[];
    const correlations = [1, 2, 3, 4, 5, 6, 7, 8];
    const produce = peer.codec.encode(produceCall(100, Buffer.alloc(1)));

    peer.send(Buffer.concat([...correlations.flatMap(asking), ...produce]));
    await settle();
    expect([answers.length, peer.answers.length]).toEqual([4, 1]);
    answers[0]?.('small');
    await settle();
    expect(answers.length).toBe(5);
    for (const answer of answers.slice(1, 5)) answer('large');
    await settle();
    const begun = [answers.length];
    for (let next = 5; next < 8; next += 1) {
      answers[next]?.('large');
      await settle();
      begun.push(answers.length);
    }

    expect(begun).toEqual([6, 7, 8, 8]);
    expect(peer.answers).toHaveLength(9);
    peer.stream.end();
  });

  it('writes the answers of a turn together', async () => {
    const { peer, settle } = served({ produce: async () => done });
    peer.listen().hello();
    await settle();
    peer.raw.length = 0;

    for (let i = 1; i <= 50; i += 1) peer.ask(i);
    await settle();

    expect(peer.answers.map(({ correlation }) => correlation)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    expect(peer.raw).toHaveLength(1);
  });

  it('takes a stream that comes byte by byte', async () => {
    const { peer, settle } = served({ produce: async () => done });
    peer.listen();

    for (const byte of Buffer.concat([
      ...peer.codec.hello(),
      ...peer.codec.encode(produceCall(9, Buffer.from('x'))),
    ]))
      peer.send(Uint8Array.of(byte));
    await settle();

    expect(peer.answers).toEqual([{ correlation: 9, outcome: { response: done } }]);
  });

  it('tells handlers who asks, through which door', async () => {
    const { handler, contexts } = parked();
    const { peer, settle } = served({ produce: handler });
    peer.hello().ask(1);
    await settle();
    expect(contexts[0]).toMatchObject({
      clientId: 'peer',
      listener: 'here',
      connectionId: expect.any(Number),
    });
  });

  it('stops reading while too many requests wait, and goes on below', async () => {
    const { handler, waiting } = parked();
    const { peer, settle } = served({ produce: handler }, { maxInFlight: 3 });
    peer.listen().hello();
    for (let i = 1; i <= 10; i += 1) peer.ask(i);
    await settle();
    expect(waiting).toHaveLength(3);

    waiting[1]?.();
    await settle();
    expect(waiting).toHaveLength(4);

    for (let i = 0; i < 10; i += 1) {
      waiting[i]?.();
      await settle();
    }
    expect(peer.answers).toHaveLength(10);
  });

  it('stops reading while the requests that wait hold too many bytes', async () => {
    const { handler, waiting } = parked();
    const { peer, settle } = served({ produce: handler }, { maxInFlightBytes: 10_000 });
    peer.hello();
    for (let i = 1; i <= 20; i += 1) peer.ask(i, Buffer.alloc(4_000));
    await settle();
    expect(waiting).toHaveLength(3);
  });

  it('goes on reading once a range that was too much to owe has left', async () => {
    const range = rangeOf(Buffer.alloc(500_000, 7));
    const { peer, settle } = served(
      {
        fetch: async () => ({ partitions: [{ topic: 't', partition: 0, error: 'NONE', batches: range }] }),
        produce: async () => done,
      },
      { maxUnsentBytes: 100_000 },
    );
    peer.listen().hello();
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1e6, partitions: [] };
    peer.send(Buffer.concat(peer.codec.encode({ correlation: 1, api: 'fetch', request })));
    await settle();
    peer.ask(2);
    for (let i = 0; i < 20; i += 1) await settle();

    expect(peer.answers.map(({ correlation }) => correlation)).toEqual([1, 2]);
    expect(range.released).toBe(1);
  });

  it('owes a slow reader no more than the limit and one answer, and gives it up in the end', async () => {
    let produced = 0;
    const message = 'x'.repeat(900);
    const { peer, settle, world, ended } = served(
      {
        produce: async ({ partitions }) => {
          produced += 1;
          return {
            partitions: partitions.map(({ topic, partition }) => ({
              topic,
              partition,
              error: 'STORAGE_ERROR',
              message,
            })),
          };
        },
      },
      { maxUnsentBytes: 50_000, maxInFlight: 20 },
    );
    peer.hello();
    for (let i = 1; i <= 5_000; i += 1) peer.ask(i);
    await settle();
    // What the two streams hold by themselves, the limit, and the answers to what was in flight when it was reached.
    expect(produced).toBeLessThan(300);

    await world.clock.advance(30_001);
    await ended;
    expect(produced).toBeLessThan(300);
  });

  it('answers UNKNOWN_SERVER_ERROR when an answer is not what its API says, and releases its ranges', async () => {
    const range = rangeOf(Buffer.alloc(10));
    const wrong = { partitions: [{ topic: 5, partition: 0, error: 'NONE', batches: range }] };
    const { peer, settle, logged } = served({ fetch: async () => wrong as unknown as ResponseOf<'fetch'> });
    peer.listen().hello();
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1e6, partitions: [] };
    peer.send(Buffer.concat(peer.codec.encode({ correlation: 1, api: 'fetch', request })));
    await settle();

    expect(peer.answers).toMatchObject([{ correlation: 1, outcome: { error: 'UNKNOWN_SERVER_ERROR' } }]);
    expect(range.released).toBe(1);
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('logs what a handler throws in one printable line, and tells the peer nothing of it', async () => {
    const secret = `line one\n\x1b[31mline two ${'x'.repeat(1_000)}`;
    const { peer, settle, logged } = served({ produce: () => Promise.reject(new Error(secret)) });
    peer.listen().hello().ask(1);
    await settle();

    expect(JSON.stringify(peer.answers)).not.toContain('line one');
    const errors = logged.filter(({ level }) => level === 'error').map(({ fields }) => Object.values(fields));
    const [[, error]] = errors as [[string, string]];
    expect(error).toMatch(/^line one\\x0a\\x1b\[31mline two x+…$/);
    expect(error.length).toBeLessThan(300);
  });

  it('is silent under acks none, also when the handler fails', async () => {
    const { peer, settle } = served({ produce: () => Promise.reject(new Error('no')) });
    peer.listen().hello().ask(1, Buffer.from('x'), 'none');
    peer.ask(2);
    await settle();
    expect(peer.answers.map(({ correlation }) => correlation)).toEqual([2]);
  });

  it('answers a request that is not what its API says, and serves on', async () => {
    const { peer, settle } = served({ produce: async () => done });
    peer.listen().hello();
    const frame = Buffer.concat(peer.codec.encode(produceCall(1, Buffer.from('x'))));
    // The acks: a choice that is not there.
    frame[11] = 9;
    peer.send(frame);
    peer.ask(2);
    await settle();

    expect(peer.answers).toMatchObject([
      { correlation: 1, outcome: { error: 'INVALID_REQUEST' } },
      { correlation: 2, outcome: { response: done } },
    ]);
  });

  it('aborts what is parked when the peer hangs up, and releases the answer that comes too late', async () => {
    const answer = deferred<ResponseOf<'fetch'>>();
    let signal: AbortSignal | undefined;
    const range = rangeOf(Buffer.alloc(10));
    const { peer, settle, ended, world } = served({
      fetch: (_request, context) => {
        signal = context.signal;
        return answer.promise;
      },
    });
    peer.hello();
    const request = { maxWaitMs: 30_000, minBytes: 1, maxBytes: 1e6, partitions: [] };
    peer.send(Buffer.concat(peer.codec.encode({ correlation: 1, api: 'fetch', request })));
    await settle();

    peer.stream.end();
    await ended;
    answer.resolve({ partitions: [{ topic: 't', partition: 0, error: 'NONE', batches: range }] });
    await settle();

    expect(signal?.aborted).toBe(true);
    expect(range.released).toBe(1);
    expect(world.clock.pending).toBe(0);
  });

  it('releases each range once when the stream dies in the middle of one', async () => {
    const ranges = [1, 2, 3].map(() => rangeOf(Buffer.alloc(2_000_000)));
    let asked = 0;
    const { peer, settle, ended } = served({
      fetch: async () => {
        const batches = ranges[asked++] as (typeof ranges)[number];
        return { partitions: [{ topic: 't', partition: 0, error: 'NONE', batches }] };
      },
    });
    peer.hello();
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 1e7, partitions: [] };
    for (let i = 1; i <= 3; i += 1)
      peer.send(Buffer.concat(peer.codec.encode({ correlation: i, api: 'fetch', request })));
    await settle();

    peer.stream.destroy();
    await ended;
    await settle();

    expect(ranges.map(({ released }) => released)).toEqual([1, 1, 1]);
  });

  it('ends the connection when a range comes up short: its length was promised', async () => {
    const range = { ...rangeOf(Buffer.alloc(0)), byteLength: 100, read: async () => Buffer.alloc(40) };
    const { peer, settle, ended, logged } = served({
      fetch: async () => ({ partitions: [{ topic: 't', partition: 0, error: 'NONE', batches: range }] }),
    });
    peer.hello();
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 100, partitions: [] };
    peer.send(Buffer.concat(peer.codec.encode({ correlation: 1, api: 'fetch', request })));
    await settle();

    await ended;
    expect(range.released).toBe(1);
    expect(logged).toContainEqual({
      level: 'warn',
      fields: expect.objectContaining({ reason: expect.stringContaining('gave 40 bytes') }),
    });
  });
});

describe('the deadlines of a connection', () => {
  it('end one that says no hello', async () => {
    const { ended, world, logged } = served({});
    await world.clock.advance(9_999);
    expect(logged).toEqual([]);
    await world.clock.advance(1);
    await ended;
    expect(logged).toMatchObject([{ fields: { reason: 'no hello within 10000 ms' } }]);
  });

  it('end one whose frame stays half-finished, however slowly bytes trickle', async () => {
    const { peer, settle, ended, world } = served({ produce: async () => done });
    peer.listen().hello();
    await settle();
    const frame = Buffer.concat(peer.codec.encode(produceCall(1, Buffer.alloc(100))));
    for (let i = 0; i < 29; i += 1) {
      peer.send(frame.subarray(i, i + 1));
      await world.clock.advance(1_000);
    }
    expect(peer.closed).toBe(false);

    await world.clock.advance(1_000);
    await ended;
    expect(peer.closed).toBe(true);
  });

  it('do not end a busy one whose chunks always end in the middle of a frame', async () => {
    const { peer, settle, world } = served({ produce: async () => done });
    peer.listen().hello();
    await settle();
    const frame = (i: number): Buffer => Buffer.concat(peer.codec.encode(produceCall(i, Buffer.alloc(100))));
    let rest = frame(1);
    for (let i = 2; i <= 100; i += 1) {
      const next = frame(i);
      peer.send(Buffer.concat([rest, next.subarray(0, 50)]));
      rest = next.subarray(50);
      await world.clock.advance(1_000);
    }

    expect(peer.closed).toBe(false);
    expect(peer.answers).toHaveLength(99);
  });

  it('do not count while it is the broker that does not read', async () => {
    const { handler, waiting } = parked();
    const { peer, settle, world } = served({ produce: handler }, { maxInFlight: 1 });
    peer.hello();
    await settle();
    const frames = Buffer.concat([1, 2].flatMap((i) => peer.codec.encode(produceCall(i, Buffer.alloc(100)))));
    peer.send(frames.subarray(0, frames.length - 10));

    await world.clock.advance(120_000);

    expect(waiting).toHaveLength(1);
    expect(peer.closed).toBe(false);
  });

  it('leave no timer behind', async () => {
    const { peer, settle, ended, world } = served({ produce: async () => done });
    peer.hello().ask(1);
    peer.send(Uint8Array.of(0, 0));
    await settle();
    peer.stream.destroy();
    await ended;
    expect(world.clock.pending).toBe(0);
  });
});

describe('draining', () => {
  it('ends with the client when that leaves without its answer', async () => {
    const { handler, waiting, contexts } = parked();
    const world = testWorld();
    const [near, far] = duplexPair();
    const options = { api: { produce: handler }, codec };
    const connection = new ServerConnection(far, options, world, 1);
    const peer = new WirePeer(near);
    peer.hello().ask(1);
    for (let i = 0; i < 5; i += 1) await world.clock.advance(0);
    expect(waiting).toHaveLength(1);

    connection.drain();
    peer.stream.end();

    await connection.ended;
    expect(contexts[0]?.signal.aborted).toBe(true);
  });
});
