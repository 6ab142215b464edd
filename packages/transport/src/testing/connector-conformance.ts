import assert from 'node:assert/strict';
import type { BrokerApi, CallContext, Connection, RequestOf, ResponseOf } from '@millrace/protocol';
import { type ByteRange, CodedError, codeOf } from '@millrace/runtime';
import { deferred } from './deferred.ts';

export interface ConnectorConformance {
  /** jest's, vitest's or node:test's. */
  test(name: string, run: () => Promise<void>): void;
  /** A connection to a broker that answers with `api`, and how to end what `connect` began. */
  connect(api: Partial<BrokerApi>): Promise<{ connection: Connection; close(): Promise<void> }>;
}

type Check = (connect: (api: Partial<BrokerApi>) => Promise<Connection>) => Promise<void>;

/** What every `Connection` does, by whatever way it leads to a broker. */
export function connectorConformance(suite: ConnectorConformance): void {
  for (const [name, check] of Object.entries(checks))
    suite.test(name, async () => {
      const opened: { close(): Promise<void> }[] = [];
      try {
        await check(async (api) => {
          const one = await suite.connect(api);
          opened.push(one);
          return one.connection;
        });
      } finally {
        for (const one of opened) await one.close();
      }
    });
}

const checks: Record<string, Check> = {
  'answers a call with what the broker answers': async (connect) => {
    const connection = await connect({ produce: async (request) => appended(request) });
    assert.deepEqual(await connection.call('produce', records('all', 'abc')), {
      partitions: [{ topic: 'orders', partition: 0, error: 'NONE', baseOffset: 3 }],
    });
  },
  'starts calls in the order in which they are made': async (connect) => {
    const started: number[] = [];
    const connection = await connect({
      produce: async (request) => {
        started.push(request.timeoutMs);
        return { partitions: [] };
      },
    });
    const calls = Array.from({ length: 100 }, (_, timeoutMs) =>
      connection.call('produce', { acks: 'all', timeoutMs, partitions: [] }),
    );
    await Promise.all(calls);
    assert.deepEqual(
      started,
      Array.from({ length: 100 }, (_, i) => i),
    );
  },
  'answers each call when its answer is there, whatever came before': async (connect) => {
    const parked = deferred<ResponseOf<'metadata'>>();
    const connection = await connect({
      metadata: () => parked.promise,
      produce: async () => ({ partitions: [] }),
    });
    const slow = connection.call('metadata', {});
    await connection.call('produce', records('all', 'abc'));
    parked.resolve({ clusterId: 'late', brokers: [], topics: [] });
    assert.equal((await slow).clusterId, 'late');
  },
  'carries the bytes of a range, which the caller releases or which has been released': async (connect) => {
    const range = rangeOf(Buffer.alloc(600_000, 'range'));
    const connection = await connect({
      fetch: async () => fetched(range),
      produce: async () => ({ partitions: [] }),
    });
    const answer = await connection.call('fetch', {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1e6,
      partitions: [],
    });
    const batches = answer.partitions[0]?.batches;
    assert.ok(batches !== undefined);
    const bytes = Buffer.isBuffer(batches) ? batches : await batches.read(0, batches.byteLength);
    if (!Buffer.isBuffer(batches)) batches.release();
    assert.ok(bytes.equals(Buffer.alloc(600_000, 'range')));
    // An answer leaves when everything before it has left, ranges included.
    await connection.call('produce', records('all', ''));
    assert.equal(range.released, 1);
  },
  'rejects with the code of a handler that rejects or throws': async (connect) => {
    const connection = await connect({
      metadata: () => Promise.reject(new CodedError('NOT_CONTROLLER', 'broker 2 is')),
      fetch: () => {
        throw new CodedError('THROTTLED', 'later');
      },
    });
    await rejects(connection.call('metadata', {}), 'NOT_CONTROLLER', /broker 2 is/);
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, partitions: [] };
    await rejects(connection.call('fetch', request), 'THROTTLED', /later/);
  },
  'rejects with UNKNOWN_SERVER_ERROR for anything else that a handler throws': async (connect) => {
    const connection = await connect({
      metadata: () => Promise.reject(new CodedError('SESSION_EXPIRED', 'a code of another layer')),
      fetch: () => {
        throw new TypeError('a bug');
      },
    });
    await rejects(connection.call('metadata', {}), 'UNKNOWN_SERVER_ERROR');
    const request = { maxWaitMs: 0, minBytes: 0, maxBytes: 0, partitions: [] };
    await rejects(connection.call('fetch', request), 'UNKNOWN_SERVER_ERROR');
  },
  'rejects with UNSUPPORTED_VERSION what the broker does not answer': async (connect) => {
    const connection = await connect({});
    await rejects(connection.call('metadata', {}), 'UNSUPPORTED_VERSION', /metadata/);
  },
  'resolves to nothing under acks none, and the broker has the records': async (connect) => {
    const got = deferred<number>();
    const connection = await connect({
      produce: async (request) => {
        got.resolve(request.partitions[0]?.batches.length ?? 0);
        return appended(request);
      },
    });
    assert.deepEqual(await connection.call('produce', records('none', 'abc')), { partitions: [] });
    assert.equal(await got.promise, 3);
  },
  'rejects what waits when it closes, and tells the broker': async (connect) => {
    const seen = deferred<CallContext>();
    const connection = await connect({
      metadata: (_request, context) => {
        seen.resolve(context);
        return new Promise(() => {});
      },
    });
    const waiting = rejects(connection.call('metadata', {}), 'NETWORK_EXCEPTION');
    const { signal } = await seen.promise;
    assert.equal(signal.aborted, false);
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });

    await connection.close();
    await connection.close();
    await Promise.all([waiting, aborted, connection.closed]);
    await rejects(connection.call('metadata', {}), 'NETWORK_EXCEPTION');
  },
  'releases the range of an answer that came after the close': async (connect) => {
    const asked = deferred<void>();
    const answer = deferred<ResponseOf<'fetch'>>();
    const range = rangeOf(Buffer.alloc(10));
    const gone = deferred<void>();
    const connection = await connect({
      fetch: (_request, { signal }) => {
        signal.addEventListener('abort', () => gone.resolve(), { once: true });
        asked.resolve();
        return answer.promise;
      },
    });
    const call = connection.call('fetch', { maxWaitMs: 0, minBytes: 0, maxBytes: 1, partitions: [] });
    const rejected = rejects(call, 'NETWORK_EXCEPTION');
    await asked.promise;
    await connection.close();
    await Promise.all([rejected, gone.promise]);

    answer.resolve(fetched(range));
    await answer.promise;
    await Promise.resolve();
    assert.equal(range.released, 1);
  },
  'gives all calls of a connection one context': async (connect) => {
    const contexts = new Set<CallContext>();
    const connection = await connect({
      metadata: async (_request, context) => {
        contexts.add(context);
        return { clusterId: context.clientId, brokers: [], topics: [] };
      },
    });
    for (let i = 0; i < 3; i += 1) await connection.call('metadata', {});
    assert.equal(contexts.size, 1);
  },
};

/** Bytes that must be read, and count how often they were released. */
export function rangeOf(bytes: Buffer): ByteRange & { released: number } {
  return {
    byteLength: bytes.length,
    released: 0,
    read: async (from, length) => bytes.subarray(from, from + length),
    release() {
      this.released += 1;
    },
  };
}

function records(acks: 'none' | 'all', bytes: string): RequestOf<'produce'> {
  return {
    acks,
    timeoutMs: 1_000,
    partitions: [{ topic: 'orders', partition: 0, batches: Buffer.from(bytes) }],
  };
}

function appended({ partitions }: RequestOf<'produce'>): ResponseOf<'produce'> {
  return {
    partitions: partitions.map(({ topic, partition, batches }) => ({
      topic,
      partition,
      error: 'NONE',
      baseOffset: batches.length,
    })),
  };
}

function fetched(batches: ByteRange): ResponseOf<'fetch'> {
  return { partitions: [{ topic: 'orders', partition: 0, error: 'NONE', batches }] };
}

async function rejects(call: Promise<unknown>, code: string, message = /./): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.equal(codeOf(error), code);
    assert.match((error as Error).message, message);
    return true;
  });
}
