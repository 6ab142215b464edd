import { type Cluster, openCluster } from '@millrace/client';
import type { GroupBackend, GroupMembership } from '@millrace/coordination';
import type { BrokerApi } from '@millrace/protocol';
import { CodedError, codeOf } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { testWorld } from '@millrace/runtime/testing';
import { inProcessConnector } from '@millrace/transport';
import { defaultFetchConfig } from './config.ts';
import { Consumption } from './consumption.ts';
import { createConsumer } from './create-consumer.ts';
import { resolveFrom } from './list-offsets.ts';
import { runBroker } from './running-broker.fixture.ts';

/** A broker that leads `t-0`, which ends at 7; it is there or away, as `isAway` says. */
function brokerThatMayBeAway() {
  const world = testWorld();
  const state = { isAway: false };
  const api: Partial<BrokerApi> = {
    metadata: async ({ topics = [] }) => ({
      clusterId: 'test',
      brokers: [{ nodeId: 1, host: 'a', port: 1 }],
      topics: topics.map((name) => ({
        name,
        error: 'NONE',
        partitions: [{ partition: 0, error: 'NONE', leader: 1, replicas: [1], inSyncReplicas: [1] }],
      })),
    }),
    listOffsets: async () => ({ partitions: [{ topic: 't', partition: 0, error: 'NONE', offset: 7 }] }),
  };
  const inProcess = inProcessConnector(() => (state.isAway ? undefined : api));
  const cluster: Cluster = openCluster({ connect: inProcess, bootstrap: ['a:1'] }, world);
  const never = new AbortController().signal;
  const place = { topic: 't', partition: 0 };
  return {
    world,
    state,
    cluster,
    find: () => resolveFrom(place, 'latest', { cluster, world, withinMs: 30_000 }, never),
  };
}

describe('finding where a partition begins', () => {
  it('waits for a broker that is started again', async () => {
    const { world, state, find } = brokerThatMayBeAway();
    state.isAway = true;
    const offset = find();
    await world.clock.advance(20_000);

    state.isAway = false;
    await world.clock.advance(2_000);

    expect(await offset).toBe(7);
  });

  it('goes on when the broker goes away in between', async () => {
    const { world, state, cluster, find } = brokerThatMayBeAway();
    await cluster.leaderOf('t', 0);
    state.isAway = true;
    const offset = find();
    await world.clock.advance(5_000);

    state.isAway = false;
    await world.clock.advance(2_000);

    expect(await offset).toBe(7);
  });

  it('says what is wrong when none is there within half a minute', async () => {
    const { world, state, find } = brokerThatMayBeAway();
    state.isAway = true;
    const outcome = find().catch(codeOf);

    await world.clock.advance(40_000);

    expect(await outcome).toBe('BROKER_UNREACHABLE');
  });
});

describe('consuming', () => {
  it('holds no bytes any more once it is closed, also of a record that nobody asked beyond', async () => {
    const running = await runBroker();
    await running.createTopic('t', 2);
    for (const partition of [0, 1]) await running.send('t', ['a', 'b'], { partition, apart: true });
    const partitions = [0, 1].map((partition) => ({ topic: 't', partition }));
    const consumption = new Consumption(
      running.cluster,
      { partitions },
      { ...defaultFetchConfig, partitionBytes: 70 },
      nodeWorld,
    );
    const reading = consumption.readings.open(() => true, {}).records();
    await reading.next();
    const read = consumption.assignment.current;
    while (read.every(({ bufferedBytes }) => bufferedBytes === 0)) await new Promise(setImmediate);

    await consumption.close();

    expect(read.map(({ bufferedBytes, isLost }) => [bufferedBytes, isLost])).toEqual([
      [0, true],
      [0, true],
    ]);
    expect(consumption.assignment.committable).toEqual([]);
    expect(await reading.next()).toEqual({ value: undefined, done: true });
    await running.stop();
  });

  /** A group that a consumer cannot join, or not leave. */
  const group = (over: Partial<GroupMembership>, join?: Promise<GroupMembership>): GroupBackend => ({
    join: () =>
      join ??
      Promise.resolve({
        memberId: 'm',
        claims: (async function* () {})(),
        commit: async () => [],
        holds: () => false,
        leave: async () => {},
        [Symbol.asyncDispose]: async () => {},
        ...over,
      }),
  });

  it('joins its group once the registry is reached', async () => {
    const { cluster, world } = brokerThatMayBeAway();
    const away = ['BROKER_UNREACHABLE', 'NETWORK_EXCEPTION', 'SESSION_EXPIRED'].map(
      (code) => new CodedError(code, 'no'),
    );
    let joins = 0;
    const backend: GroupBackend = {
      join: (options) => {
        joins += 1;
        const error = away.pop();
        return error === undefined ? group({}).join(options) : Promise.reject(error);
      },
    };
    const consumer = createConsumer(cluster, { group: 'g', topics: ['t'], backend }, world);
    const reading = consumer[Symbol.asyncIterator]().next();
    await new Promise(setImmediate);

    await world.clock.advance(1_000);

    expect(joins).toBe(4);
    await consumer.close();
    expect((await reading).done).toBe(true);
  });

  it('reports that it could not close as its signal said', async () => {
    const { cluster } = brokerThatMayBeAway();
    const errors: string[] = [];
    const logger = {
      ...testWorld().logger,
      error: (_: object, message: string) => void errors.push(message),
    };
    const abort = new AbortController();
    const leave = () => Promise.reject(new CodedError('STORAGE_ERROR', 'no'));
    const consumer = createConsumer(
      cluster,
      { group: 'g', topics: ['t'], backend: group({ leave }), signal: abort.signal },
      { ...testWorld(), logger },
    );
    const reading = consumer[Symbol.asyncIterator]().next();
    await new Promise(setImmediate);

    abort.abort();

    expect((await reading).done).toBe(true);
    await expect(consumer.close()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    expect(errors).toEqual(['a consumer did not close well']);
  });

  it('does not wait for ever for a registry that does not answer who joins, and leaves later', async () => {
    const { cluster, world } = brokerThatMayBeAway();
    let joined: (membership: GroupMembership) => void = () => {};
    let left = 0;
    const join = new Promise<GroupMembership>((resolve) => {
      joined = resolve;
    });
    const consumer = createConsumer(cluster, { group: 'g', topics: ['t'], backend: group({}, join) }, world);
    const reading = consumer[Symbol.asyncIterator]().next();
    await new Promise(setImmediate);

    const closed = consumer.close();
    await world.clock.advance(5_000);
    await closed;
    expect((await reading).done).toBe(true);
    joined(
      await group({
        leave: async () => {
          left += 1;
        },
      }).join({ group: 'g', topics: [], onRevoke: async () => [] }),
    );
    await new Promise(setImmediate);

    expect(left).toBe(1);
  });
});
