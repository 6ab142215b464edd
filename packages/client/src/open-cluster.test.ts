import type { BrokerApi, Connector, NodeAddress, ResponseOf } from '@millrace/protocol';
import { CodedError, codeOf } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { inProcessConnector } from '@millrace/transport';
import type { Cluster } from './cluster.ts';
import type { ClusterOptions } from './config.ts';
import { openCluster } from './open-cluster.ts';

type Metadata = ResponseOf<'metadata'>;

/** Two brokers at ports 1 and 2; what each test changes is what they answer, and whether they are there. */
function twoBrokers() {
  const world = testWorld();
  const state = {
    leader: 1 as number | undefined,
    away: new Set<number>(),
    connects: [] as number[],
    metadataCalls: 0,
    topicError: 'NONE' as Metadata['topics'][number]['error'],
    override: undefined as Metadata | undefined,
  };
  const api: Partial<BrokerApi> = {
    metadata: async ({ topics }) => {
      state.metadataCalls += 1;
      return state.override ?? describeCluster(state, topics ?? ['orders']);
    },
  };
  const inProcess = inProcessConnector(api);
  const connections: { close(): Promise<void> }[] = [];
  const connect: Connector = async (node: NodeAddress) => {
    state.connects.push(node.port);
    if (state.away.has(node.port)) throw new CodedError('BROKER_UNREACHABLE', 'connection refused');
    const connection = await inProcess(node);
    connections.push(connection);
    return connection;
  };
  const open = (options: Partial<ClusterOptions> = {}): Cluster =>
    openCluster({ connect, bootstrap: ['a:1', 'a:2'], ...options }, world);
  const hangUp = async (): Promise<void> => {
    await Promise.all(connections.map((connection) => connection.close()));
  };
  return { world, state, api, open, hangUp };
}

function describeCluster(
  { leader, topicError }: { leader: number | undefined; topicError: Metadata['topics'][number]['error'] },
  names: readonly string[],
): Metadata {
  return {
    clusterId: 'test',
    brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'a', port: nodeId })),
    topics: names.map((name) => ({
      name,
      error: topicError,
      partitions:
        topicError === 'NONE'
          ? [
              {
                partition: 0,
                error: leader === undefined ? ('LEADER_NOT_AVAILABLE' as const) : ('NONE' as const),
                ...(leader === undefined ? {} : { leader, leaderEpoch: 7 }),
                replicas: [1, 2],
                inSyncReplicas: [1, 2],
              },
            ]
          : [],
    })),
  };
}

/** What the work rejects with, while time goes on. */
async function failureOf(work: Promise<unknown>, world: ReturnType<typeof testWorld>): Promise<unknown> {
  const failure = work.then(
    () => new Error('it succeeded'),
    (error: unknown) => error,
  );
  await world.clock.advance(60_000);
  return failure;
}

describe('a cluster', () => {
  it('does not connect before it is asked something', () => {
    const { state, open } = twoBrokers();

    open();

    expect(state.connects).toEqual([]);
  });

  it('tries the addresses in order, and goes on with the first broker that answers', async () => {
    const { state, open } = twoBrokers();
    state.away.add(1);

    const partitions = await open().partitionsOf('orders');

    expect(partitions).toBe(1);
    expect(state.connects).toEqual([1, 2]);
  });

  it('names all addresses and gives a hint when none answers', async () => {
    const { world, state, open } = twoBrokers();
    state.away.add(1).add(2);

    const failure = await failureOf(open().partitionsOf('orders'), world);

    expect(failure).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('a:1, a:2'),
      hint: expect.stringContaining('is the broker running'),
    });
  });

  it('keeps the connection it began with as the one to that broker', async () => {
    const { state, open } = twoBrokers();
    const cluster = open();

    await cluster.partitionsOf('orders');
    const leader = await cluster.leaderOf('orders', 0);

    expect(leader).toMatchObject({ nodeId: 1, leaderEpoch: 7 });
    expect(state.connects).toEqual([1]);
  });

  it('connects once for all who ask at the same time', async () => {
    const { state, open } = twoBrokers();
    const cluster = open();

    await Promise.all(Array.from({ length: 20 }, () => cluster.leaderOf('orders', 0)));

    expect(state.connects).toEqual([1]);
    expect(state.metadataCalls).toBe(1);
  });

  it('asks again for a topic that was forgotten, or is known for too long', async () => {
    const { world, state, open } = twoBrokers();
    const cluster = open({ metadataMaxAgeMs: 1_000 });
    await cluster.leaderOf('orders', 0);
    await cluster.leaderOf('orders', 0);
    expect(state.metadataCalls).toBe(1);

    cluster.forget('orders');
    state.leader = 2;
    expect((await cluster.leaderOf('orders', 0)).nodeId).toBe(2);
    expect(state.metadataCalls).toBe(2);

    await world.clock.advance(1_000);
    await cluster.leaderOf('orders', 0);
    expect(state.metadataCalls).toBe(3);
  });

  it('waits until the partition has a leader', async () => {
    const { world, state, open } = twoBrokers();
    state.leader = undefined;
    const leader = open({ retry: { attempts: 20, backoffMs: 100 } }).leaderOf('orders', 0);
    await world.clock.advance(200);

    state.leader = 2;
    await world.clock.advance(5_000);

    expect((await leader).nodeId).toBe(2);
  });

  it('says after all attempts that there is no leader', async () => {
    const { world, state, open } = twoBrokers();
    state.leader = undefined;

    expect(codeOf(await failureOf(open().leaderOf('orders', 0), world))).toBe('LEADER_NOT_AVAILABLE');
    expect(state.metadataCalls).toBe(5);
  });

  it('says at once that a topic is not there, after one question for the topics that are', async () => {
    const { state, open } = twoBrokers();
    state.topicError = 'UNKNOWN_TOPIC_OR_PARTITION';

    await expect(open().partitionsOf('orders')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(state.metadataCalls).toBe(2);
  });

  it('is not held up by a question that another has given up', async () => {
    const { api, open } = twoBrokers();
    const { metadata } = api;
    api.metadata = () => new Promise(() => {});
    const cluster = open();
    const giveUp = new AbortController();
    const first = cluster.partitionsOf('orders', { signal: giveUp.signal }).catch((error: unknown) => error);
    await new Promise(setImmediate);
    giveUp.abort('enough');
    expect(await first).toBe('enough');

    if (metadata !== undefined) api.metadata = metadata;

    expect(await cluster.partitionsOf('orders')).toBe(1);
  });

  it('lets one asker leave a question, and answers the others', async () => {
    const { api, state, open } = twoBrokers();
    const { metadata } = api;
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    api.metadata = async (request, context) => {
      await asked;
      return metadata?.(request, context) as Promise<Metadata>;
    };
    const cluster = open();
    const giveUp = new AbortController();
    const leaves = cluster.partitionsOf('orders', { signal: giveUp.signal }).catch((error: unknown) => error);
    const stays = cluster.partitionsOf('orders');

    giveUp.abort('enough');
    expect(await leaves).toBe('enough');
    answer();

    expect(await stays).toBe(1);
    expect(state.metadataCalls).toBe(1);
  });

  it('does not wait for ever for a connection that does not come about, and closes it if it comes too late', async () => {
    const { world, api, open } = twoBrokers();
    const connect = inProcessConnector(api);
    let closed = 0;
    let comes = (): void => {};
    const cluster = open({
      connect: async (node) => {
        if (node.port !== 1) return connect(node);
        await new Promise<void>((resolve) => {
          comes = resolve;
        });
        const connection = await connect(node);
        void connection.closed.then(() => {
          closed += 1;
        });
        return connection;
      },
    });
    const partitions = cluster.partitionsOf('orders');
    await world.clock.advance(10_000);
    expect(await partitions).toBe(1);

    comes();
    await world.clock.advance(0);

    expect(closed).toBe(1);
  });

  it('closes although a connection does not come about', async () => {
    const { open } = twoBrokers();
    const cluster = open({ connect: () => new Promise(() => {}) });
    const waiting = cluster.partitionsOf('orders').catch(codeOf);

    await cluster.close();

    expect(await waiting).toBe('CLUSTER_CLOSED');
  });

  it('hangs up on a broker that never describes its cluster, and asks another', async () => {
    const { world, state, api, open } = twoBrokers();
    const { metadata } = api;
    api.metadata = () => new Promise(() => {});
    const partitions = open().partitionsOf('orders');
    await world.clock.advance(29_999);
    expect(state.connects).toEqual([1]);

    if (metadata !== undefined) api.metadata = metadata;
    await world.clock.advance(2_000);

    expect(await partitions).toBe(1);
    expect(state.connects).toEqual([1, 2]);
  });

  it('rides through a broker that is killed and comes back', async () => {
    const { world, state, open, hangUp } = twoBrokers();
    const cluster = open({ bootstrap: ['a:1'], retry: { attempts: 20, backoffMs: 100 } });
    await cluster.leaderOf('orders', 0);
    state.away.add(1).add(2);
    await hangUp();
    const leader = cluster.leaderOf('orders', 0);
    await world.clock.advance(3_000);

    state.away.clear();
    await world.clock.advance(10_000);

    expect((await leader).nodeId).toBe(1);
  });

  it('does not storm a broker that refuses: a few tries a second at most', async () => {
    const { world, state, open } = twoBrokers();
    state.away.add(1).add(2);
    const cluster = open({ bootstrap: ['a:1'], retry: { attempts: 1_000, backoffMs: 100 } });
    const outcomes = Array.from({ length: 50 }, () => cluster.leaderOf('orders', 0).catch(codeOf));

    await world.clock.advance(30_000);

    expect(state.connects.length).toBeGreaterThan(10);
    expect(state.connects.length).toBeLessThan(300);
    await cluster.close();
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['CLUSTER_CLOSED']));
  });

  it('refuses metadata that cannot be', async () => {
    const { world, state, open } = twoBrokers();
    const sound = describeCluster({ leader: 1, topicError: 'NONE' }, ['orders']);
    state.override = { ...sound, topics: [...sound.topics, ...sound.topics] };

    expect(codeOf(await failureOf(open().partitionsOf('orders'), world))).toBe('INVALID_METADATA');
  });

  it('takes a leader that is no broker for none', async () => {
    const { world, state, open } = twoBrokers();
    state.leader = 99;

    expect(codeOf(await failureOf(open().leaderOf('orders', 0), world))).toBe('LEADER_NOT_AVAILABLE');
  });

  it('hangs up on a broker that leaves a call unanswered, and connects anew', async () => {
    const { world, state, api, open } = twoBrokers();
    const cluster = open();
    await cluster.partitionsOf('orders');
    api.createTopics = () => Promise.reject(new CodedError('REQUEST_TIMED_OUT', 'no answer'));

    await failureOf(cluster.call('createTopics', { timeoutMs: 1, topics: [] }), world);

    expect(state.connects.length).toBeGreaterThan(1);
  });

  it('asks the controller when another broker says that it is none', async () => {
    const { world, state, api, open } = twoBrokers();
    state.override = { ...describeCluster(state, []), controllerId: 2 };
    let refusals = 1;
    api.deleteTopics = () =>
      refusals-- > 0
        ? Promise.reject(new CodedError('NOT_CONTROLLER', 'ask another'))
        : Promise.resolve({ topics: [] });
    const answer = open().call('deleteTopics', { timeoutMs: 1, topics: [] });

    await world.clock.advance(1_000);

    expect(await answer).toEqual({ topics: [] });
    expect(state.connects).toEqual([1, 2]);
  });

  it('leaves a call that its caller gives up, whatever the broker does', async () => {
    const { api, open } = twoBrokers();
    api.deleteTopics = () => new Promise(() => {});
    const controller = new AbortController();
    const outcome = open()
      .call('deleteTopics', { timeoutMs: 1, topics: [] }, { signal: controller.signal })
      .catch((error: unknown) => error);

    controller.abort('enough');

    expect(await outcome).toBe('enough');
  });

  it('rejects what waits when it is closed, and what comes after; closing twice is fine', async () => {
    const { api, open } = twoBrokers();
    api.deleteTopics = () => new Promise(() => {});
    const cluster = open();
    const waiting = cluster.call('deleteTopics', { timeoutMs: 1, topics: [] }).catch(codeOf);

    await Promise.all([cluster.close(), cluster.close()]);

    expect(await waiting).toBe('CLUSTER_CLOSED');
    await expect(cluster.partitionsOf('orders')).rejects.toMatchObject({ code: 'CLUSTER_CLOSED' });
  });
});
