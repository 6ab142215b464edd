import { memoryRegistry } from '@millrace/coordination';
import type { Connection } from '@millrace/protocol';
import { BatchBuilder, recordsIn } from '@millrace/record';
import { type MemoryFileSystem, memoryFileSystem } from '@millrace/runtime';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import { inProcessConnector } from '@millrace/transport';
import { type Broker, startBroker } from './start-broker.ts';

const bootstrap = { host: 'in-process', port: 0, nodeId: undefined };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function batchOf(value: string): Buffer {
  const builder = new BatchBuilder({ maxBytes: 100_000 });
  builder.tryAppend({ value }, 1_000);
  return builder.build();
}

async function createTopic(connection: Connection, name: string, partitions = 1): Promise<void> {
  const answer = await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name, partitions }] });
  expect(answer.topics).toMatchObject([{ name, error: 'NONE' }]);
}

async function produce(connection: Connection, value: string, partition = 0) {
  const answer = await connection.call('produce', {
    acks: 'all',
    timeoutMs: 5_000,
    partitions: [{ topic: 'orders', partition, batches: batchOf(value) }],
  });
  return answer.partitions[0];
}

async function fetchAll(connection: Connection, partition = 0): Promise<string[]> {
  const answer = await connection.call('fetch', {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    partitions: [{ topic: 'orders', partition, fetchOffset: 0, maxBytes: 1_000_000 }],
  });
  const batches = answer.partitions[0]?.batches;
  if (batches === undefined || !('release' in batches)) return [];
  const bytes = await batches.read(0, batches.byteLength);
  batches.release();
  return [...recordsIn(bytes)].map(({ value }) => String(value));
}

const start = (files: MemoryFileSystem, seed = 1) =>
  startBroker({ dataDirectory: '/data' }, testWorld(seed, files));

describe('broker', () => {
  it('needs no argument but a world: it lives in memory and in this process only', async () => {
    const world = testWorld();
    const broker = await startBroker({}, world);
    const connection = await broker.connect(bootstrap);

    await createTopic(connection, 'orders');
    await produce(connection, 'first');

    expect(await fetchAll(connection)).toEqual(['first']);
    expect(broker.endpoints).toEqual({});
    expect(await world.files.list('/')).toEqual([]);
    await connection.close();
    await broker.stop();
  });

  it('has everything after a restart', async () => {
    const files = memoryFileSystem();
    const before = await start(files);
    const connection = await before.connect(bootstrap);
    await createTopic(connection, 'orders', 3);
    for (const partition of [0, 1, 2]) await produce(connection, `to ${partition}`, partition);
    await before.stop();

    const after = await start(files);
    const again = await after.connect(bootstrap);

    for (const partition of [0, 1, 2]) expect(await fetchAll(again, partition)).toEqual([`to ${partition}`]);
    expect(await produce(again, 'more')).toMatchObject({ error: 'NONE', baseOffset: 1 });
    await after.stop();
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'loses nothing acknowledged in a power cut, topics included (seed %i)',
    async (seed) => {
      const files = memoryFileSystem();
      const before = await start(files);
      const connection = await before.connect(bootstrap);
      await createTopic(connection, 'orders');
      const acknowledged: string[] = [];
      for (let count = 0; count < 50; count++) {
        void produce(connection, `value ${count}`).then((answer) => {
          if (answer?.error === 'NONE') acknowledged.push(`value ${count}`);
        });
        if (count % 10 === seed) await settle();
      }
      const safe = [...acknowledged];
      const after = await start(files.crash(seededRandom(seed)), seed + 100);
      const again = await after.connect(bootstrap);

      expect(safe).not.toEqual([]);
      expect(await fetchAll(again)).toEqual(expect.arrayContaining(safe));
      await after.stop();
      await before.stop();
    },
  );

  it('holds its directory alone, and says where it is and that it stops', async () => {
    const files = memoryFileSystem();
    const broker = await startBroker({ dataDirectory: '/data', nodeId: 7 }, testWorld(1, files));

    await expect(start(files)).rejects.toMatchObject({ code: 'LOCKED', details: { nodeId: 7 } });
    const stopping = broker.stop();
    await expect(start(files)).rejects.toMatchObject({ code: 'LOCKED', details: { state: 'stopping' } });
    await stopping;

    await (await start(files)).stop();
  });

  it('undoes what a failed start did', async () => {
    const files = memoryFileSystem();
    const registry = memoryRegistry();
    const first = await startBroker({ registry: registry.open }, testWorld());

    const second = startBroker({ dataDirectory: '/data', registry: registry.open }, testWorld(2, files));
    await expect(second).rejects.toMatchObject({ code: 'NODE_ID_TAKEN' });

    await first.stop();
    const third = await startBroker({ dataDirectory: '/data', registry: registry.open }, testWorld(3, files));
    await third.stop();
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.example.org'])(
    'does not listen on %s unless told that this is insecure',
    async (host) => {
      await expect(startBroker({ listeners: [{ host }] }, testWorld())).rejects.toMatchObject({
        code: 'INSECURE_LISTENER',
        message: expect.stringContaining(host) as string,
      });
    },
  );

  it('refuses a configuration that makes no sense before it does anything', async () => {
    const files = memoryFileSystem();

    await expect(
      startBroker({ dataDirectory: '/data', nodeId: -1 }, testWorld(1, files)),
    ).rejects.toMatchObject({ code: 'INVALID_CONFIG' });

    expect(await files.list('/')).toEqual([]);
  });

  it('answers questions that others bring', async () => {
    const broker = await startBroker(
      { extraApis: { initProducerId: () => Promise.resolve({ error: 'NONE', producerId: 4_711 }) } },
      testWorld(),
    );
    const connection = await broker.connect(bootstrap);

    expect(await connection.call('initProducerId', {})).toMatchObject({ producerId: 4_711 });
    await broker.stop();
  });

  it('gives sessions of its registry', async () => {
    const broker = await startBroker({}, testWorld());
    const session = await broker.registry();

    expect(await session.children('/brokers')).toEqual(['1']);
    await broker.stop();
    expect(await session.children('/brokers')).toEqual([]);
  });

  it('stops also while the disk is full and a change of its registry waits for room', async () => {
    const files = memoryFileSystem();
    const world = testWorld(1, files);
    const broker = await startBroker({ dataDirectory: '/data' }, world);
    const connection = await broker.connect(bootstrap);
    for (let write = 0; write < 10_000; write += 1)
      files.failNext('append', Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    const creating = createTopic(connection, 'orders').catch((error: unknown) => error);
    await world.clock.advance(1_000);

    const stopping = broker.stop().catch((error: unknown) => error);
    await world.clock.advance(60_000);

    await Promise.all([stopping, creating]);
    await expect(
      startBroker({ dataDirectory: '/data' }, testWorld(2, files.crash(seededRandom(1)))),
    ).resolves.toBeDefined();
  });

  it('stops once, however often it is told to', async () => {
    const broker = await startBroker({}, testWorld());

    await Promise.all([broker.stop(), broker.stop(), broker[Symbol.asyncDispose]()]);

    await expect(broker.stop()).resolves.toBeUndefined();
  });
});

describe('brokers in one process', () => {
  it('are a cluster when they share a registry', async () => {
    const registry = memoryRegistry();
    const brokers = new Map<number | undefined, Broker>();
    for (const nodeId of [1, 2, 3]) {
      brokers.set(nodeId, await startBroker({ nodeId, registry: registry.open }, testWorld(nodeId)));
    }
    const connect = inProcessConnector((nodeId) => brokers.get(nodeId ?? 1)?.api);
    const any = await connect(bootstrap);
    await createTopic(any, 'orders', 6);

    const metadata = await any.call('metadata', { topics: ['orders'] });
    const leaders = metadata.topics[0]?.partitions.map(({ leader }) => leader);
    await settle();
    for (const [partition, leader] of (leaders ?? []).entries()) {
      for (const nodeId of [1, 2, 3]) {
        const connection = await connect({ ...bootstrap, nodeId });
        const answer = await produce(connection, `from ${nodeId}`, partition);
        expect(answer?.error).toBe(nodeId === leader ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER');
      }
    }

    expect(leaders).toEqual([1, 2, 3, 1, 2, 3]);
    expect(metadata.brokers.map(({ nodeId }) => nodeId)).toEqual([1, 2, 3]);
    for (const broker of brokers.values()) await broker.stop();
  });

  it('are reached one by one by the connectors they give', async () => {
    const broker = await startBroker({ nodeId: 5 }, testWorld());

    await expect(broker.connect({ ...bootstrap, nodeId: 6 })).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
    });
    await (await broker.connect({ ...bootstrap, nodeId: 5 })).close();
    await broker.stop();
  });
});
