import type { Broker } from '@millrace/broker';
import { type Cluster, type ClusterOptions, openCluster } from '@millrace/client';
import { type Consumer, type ConsumerOptions, createConsumer } from '@millrace/consumer';
import { type Bytes, createProducer, type Producer, type ProducerOptions } from '@millrace/producer';
import type { Connector, WireCodec } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { tcpConnector } from '@millrace/transport';
import { createTopic, deleteTopic, type NewTopic } from './topic-admin.ts';

/** Everything that a program does with a broker. What it hands out is closed with it. */
export interface Client extends AsyncDisposable {
  producer<Key = Bytes, Value = Bytes>(options?: ProducerOptions<Key, Value>): Producer<Key, Value>;
  consumer<Key = Buffer | null, Value = Buffer | null>(
    options: ConsumerOptions<Key, Value>,
  ): Consumer<Key, Value>;
  /** TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_CONFIG. */
  createTopic(name: string, options?: NewTopic): Promise<void>;
  /** UNKNOWN_TOPIC_OR_PARTITION. */
  deleteTopic(name: string): Promise<void>;
  topics(): Promise<readonly string[]>;
  /** Producers send what they hold, consumers commit what was processed. Idempotent. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** How the broker at an address speaks. msgpackCodec() */
  codec?: WireCodec;
  /** How the client names itself to brokers. */
  clientId?: string;
}

/** A broker in this process, or addresses: 'host:port,host:port'. Connects with the first call. */
export function connect(
  to: Broker | string | readonly string[],
  options: ConnectOptions = {},
  world: World = nodeWorld,
): Client {
  return clientOver(openClusterTo(to, options, world), world);
}

/** What `connect` builds upon, for those who need more than a client. The caller closes it. */
export function openClusterTo(
  to: Broker | string | readonly string[],
  { codec, clientId, retry }: ConnectOptions & Pick<ClusterOptions, 'retry'>,
  world: World,
): Cluster {
  const shared = {
    ...(clientId === undefined ? {} : { clientId }),
    ...(retry === undefined ? {} : { retry }),
  };
  if (isBroker(to)) {
    const bootstrap = [{ nodeId: to.nodeId, host: 'in-process', port: 0 }];
    return openCluster({ ...shared, connect: to.connect, bootstrap, registry: to.registry }, world);
  }
  const bootstrap = (typeof to === 'string' ? to.split(',') : to).map((address) => address.trim());
  return openCluster({ ...shared, connect: overTcp({ codec, clientId }, world), bootstrap }, world);
}

function isBroker(to: Broker | string | readonly string[]): to is Broker {
  return typeof to === 'object' && 'connect' in to;
}

/** The codec is loaded when the first connection needs it: a client of a broker in its own process has no use for it. */
function overTcp(
  { codec, clientId }: { codec: WireCodec | undefined; clientId: string | undefined },
  world: World,
): Connector {
  let connector: Promise<Connector> | undefined;
  const load = async (): Promise<Connector> => {
    const spoken = codec ?? (await import('@millrace/protocol/msgpack')).msgpackCodec();
    return tcpConnector({ codec: spoken, ...(clientId === undefined ? {} : { clientId }) }, world);
  };
  return async (node, signal) => {
    connector ??= load();
    return (await connector)(node, signal);
  };
}

/** Closes the cluster with the client. */
export function clientOver(cluster: Cluster, world: World): Client {
  const producers = new Set<{ close(): Promise<void> }>();
  const consumers = new Set<{ close(): Promise<void> }>();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    // Consumers first: what their handlers still send goes out with the producers.
    closed ??= closeInTurn([[...consumers], [...producers], [cluster]]);
    return closed;
  };
  return {
    producer: (options) => {
      const producer = createProducer(cluster, options, world);
      producers.add(producer);
      return producer;
    },
    consumer: (options) => {
      const consumer = createConsumer(cluster, options, world);
      consumers.add(consumer);
      return consumer;
    },
    createTopic: async (name, options) => {
      await createTopic(cluster, name, options);
    },
    deleteTopic: (name) => deleteTopic(cluster, name),
    topics: () => cluster.topics(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Group after group; each member of a group at once. Rejects with the first failure once all were closed. */
async function closeInTurn(groups: readonly (readonly { close(): Promise<void> }[])[]): Promise<void> {
  const failures: unknown[] = [];
  for (const group of groups) {
    const results = await Promise.allSettled(group.map((member) => member.close()));
    for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
  }
  if (failures.length > 0) throw failures[0];
}
