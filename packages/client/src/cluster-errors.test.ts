import type { BrokerApi, Connector, ResponseOf } from '@millrace/protocol';
import { CodedError, codeOf } from '@millrace/runtime';
import { testWorld } from '@millrace/runtime/testing';
import { inProcessConnector } from '@millrace/transport';
import type { Cluster } from './cluster.ts';
import { openCluster } from './open-cluster.ts';

type Metadata = ResponseOf<'metadata'>;
type Broker = Metadata['brokers'][number];

/** Brokers behind `addresses` (host:port) that tell clients to go to `told`; each topic has partitions led by 1, 2, … in turn. */
function cluster(addresses: readonly string[], told: readonly string[], topics: Record<string, number> = {}) {
  const world = testWorld();
  const brokers: Broker[] = told.map((address, index) => {
    const [host = '', port = ''] = address.split(':');
    return { nodeId: index + 1, host, port: Number(port) };
  });
  const reachable = new Set(addresses);
  const state = { brokers, reachable, asked: [] as string[], answering: true };
  const describe = (name: string): Metadata['topics'][number] => {
    const count = topics[name];
    if (count === undefined)
      return {
        name,
        error: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: `there is no topic '${name}'`,
        partitions: [],
      };
    const partitions = Array.from({ length: count }, (_, partition) => ({
      partition,
      error: 'NONE' as const,
      leader: state.brokers[partition % state.brokers.length]?.nodeId ?? 0,
      leaderEpoch: 1,
      replicas: [],
      inSyncReplicas: [],
    }));
    return { name, error: 'NONE', partitions };
  };
  const api: Partial<BrokerApi> = {
    metadata: async ({ topics: asked }) => {
      state.asked.push(asked === undefined ? 'all' : asked.join());
      return {
        clusterId: 'test',
        brokers: [...state.brokers],
        topics: (asked ?? Object.keys(topics)).map(describe),
      };
    },
  };
  const inProcess = inProcessConnector(api);
  const connections: { close(): Promise<void> }[] = [];
  const connect: Connector = async (node) => {
    const address = `${node.host}:${node.port}`;
    if (!state.reachable.has(address))
      throw new CodedError('BROKER_UNREACHABLE', `no broker at ${address}: ECONNREFUSED`, {
        details: { address, reason: 'ECONNREFUSED' },
      });
    const connection = await inProcess(node);
    connections.push(connection);
    return connection;
  };
  const hangUp = async (): Promise<void> => {
    await Promise.all(connections.map((connection) => connection.close()));
  };
  const open = (bootstrap: readonly string[] = addresses): Cluster =>
    openCluster({ connect, bootstrap }, world);
  /** What the work rejects with, while time goes on. */
  const failureOf = async (work: Promise<unknown>): Promise<CodedError> => {
    const failure = work.then(
      () => new Error('it succeeded'),
      (error: unknown) => error,
    );
    await world.clock.advance(120_000);
    return (await failure) as CodedError;
  };
  return { state, api, open, hangUp, failureOf };
}

describe('a cluster that nobody answers for', () => {
  it('says once where it looked, and why in vain', async () => {
    const { state, open, failureOf } = cluster(['a:1'], ['a:1'], {});
    state.reachable.clear();

    expect(await failureOf(open().call('metadata', {}))).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: 'no broker answers at a:1: ECONNREFUSED',
    });
  });
});

describe('a topic that is not there', () => {
  const given = () => cluster(['a:1'], ['a:1'], { orders: 1, payments: 1 });

  it('brings up the closest one when it is looked up or written to', async () => {
    const { open, failureOf } = given();

    const failures = [
      await failureOf(open().partitionsOf('oders')),
      await failureOf(open().partitionsOf('oders', { create: true })),
      await failureOf(open().leaderOf('oders', 0)),
    ];

    for (const failure of failures)
      expect(failure).toMatchObject({
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: "there is no topic 'oders'",
        hint: "did you mean 'orders'?",
        details: { topic: 'oders' },
      });
  });

  it('brings up the closest one in answers that name it', async () => {
    const { api, open } = given();
    api.deleteTopics = async ({ topics }) => ({
      topics: topics.map(({ name }) => ({
        name,
        error: 'UNKNOWN_TOPIC_OR_PARTITION',
        message: `there is no topic '${name}'`,
      })),
    });

    const answer = await open().call('deleteTopics', { timeoutMs: 1, topics: [{ name: 'payment' }] });

    expect(answer.topics[0]?.message).toBe("there is no topic 'payment'; did you mean 'payments'?");
  });

  it('costs nothing where topics are there', async () => {
    const { state, open } = given();

    await open().partitionsOf('orders');

    expect(state.asked).toEqual(['orders']);
  });

  it('is not said to be the only one when nobody can tell the others', async () => {
    const { api, open, failureOf } = given();
    const { metadata } = api;
    api.metadata = (request, context) =>
      request.topics === undefined
        ? Promise.reject(new CodedError('STORAGE_ERROR', 'the disk is gone'))
        : (metadata?.(request, context) as Promise<Metadata>);

    const failure = await failureOf(open().partitionsOf('oders'));

    expect([failure.code, failure.hint]).toEqual(['UNKNOWN_TOPIC_OR_PARTITION', undefined]);
  });

  it('is another matter than a partition that is not there', async () => {
    const { open, failureOf } = given();

    const failure = await failureOf(open().leaderOf('orders', 7));

    expect(failure).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION', details: { partition: 7 } });
    expect(failure.hint).toBeUndefined();
  });
});

describe('a broker that tells another address than it was reached at', () => {
  it('is said to do so when nobody answers there', async () => {
    const { open, failureOf } = cluster(['db:9292'], ['127.0.0.1:9292'], { orders: 1 });

    const failure = await failureOf(open().leaderOf('orders', 0));

    expect(failure).toMatchObject({
      code: 'REACHED_OTHER_ADDRESS',
      retriable: false,
      message:
        'reached the broker at db:9292, which says that it is to be reached at 127.0.0.1:9292, where nobody answers',
      hint: expect.stringContaining('start it with `--listen db:9292 --insecure`'),
      details: { reached: 'db:9292', told: '127.0.0.1:9292' },
      cause: expect.objectContaining({ code: 'BROKER_UNREACHABLE' }),
    });
  });

  it('is not looked into where it tells of very many', async () => {
    const told = Array.from({ length: 101 }, (_, i) => `10.0.0.${i}:9292`);
    const { open, failureOf } = cluster(['db:9292'], told, { orders: 1 });

    expect(await failureOf(open().leaderOf('orders', 0))).toMatchObject({ code: 'BROKER_UNREACHABLE' });
  });

  it('is fine when it is there, too', async () => {
    const { state, open } = cluster(['db:9292'], ['127.0.0.1:9292'], { orders: 1 });
    state.reachable.add('127.0.0.1:9292');

    expect((await open().leaderOf('orders', 0)).nodeId).toBe(1);
  });

  it('may be one of several at such addresses', async () => {
    const { open, failureOf } = cluster(['lb:1'], ['10.0.0.1:1', '10.0.0.2:1'], { orders: 1 });

    const failure = await failureOf(open().leaderOf('orders', 0));

    expect(failure).toMatchObject({
      code: 'REACHED_OTHER_ADDRESS',
      message: expect.stringContaining('10.0.0.1:1, 10.0.0.2:1'),
    });
  });

  it('is not to blame when another broker is reached where it says', async () => {
    const { state, open, failureOf } = cluster(['lb:1'], ['a:1', 'a:2'], { orders: 1 });
    state.reachable.add('a:2');

    expect(codeOf(await failureOf(open().leaderOf('orders', 0)))).toBe('BROKER_UNREACHABLE');
  });

  it('is not to blame when it is a cluster whose one broker of several is down', async () => {
    const { open, failureOf } = cluster(['a:2'], ['a:1', 'a:2'], { orders: 1 });

    const failure = await failureOf(open(['a:1', 'a:2']).leaderOf('orders', 0));

    expect(failure).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('broker 1, which leads orders-0, does not answer at a:1'),
    });
  });

  it('is not to blame when it has gone altogether', async () => {
    const { state, open, hangUp, failureOf } = cluster(['db:9292'], ['127.0.0.1:9292'], { orders: 1 });
    const opened = open();
    await opened.partitionsOf('orders');
    state.reachable.clear();
    await hangUp();

    expect(codeOf(await failureOf(opened.leaderOf('orders', 0)))).toBe('BROKER_UNREACHABLE');
  });
});
