import { type Broker, startBroker } from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import { type ConsumerRecord, createConsumer } from '@millrace/consumer';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { type Client, clientOver } from '../connect.ts';
import { openClusterTo } from '../open-cluster-to.ts';
import { planReading, Remainder } from '../reading-plan.ts';
import { createTopic } from '../topic-admin.ts';

/** A real broker in the process of the test, in memory, and a client for it. */
export interface TestBroker extends Broker, Client {
  /** `127.0.0.1:41233` when it listens. */
  readonly address: string | undefined;
  /** All records of a topic at this moment, partition after partition, each in order. UNKNOWN_TOPIC_OR_PARTITION. */
  records(topic: string): Promise<readonly ConsumerRecord[]>;
  /** Closes what was handed out, and stops the broker; nothing is left on the event loop. Idempotent. */
  close(): Promise<void>;
}

export interface TestBrokerOptions {
  /** Made at start, with a partition each; others are made with their first record. */
  topics?: readonly string[];
  /** Also listen on a free port of 127.0.0.1, for clients in other processes. false */
  listen?: boolean;
}

const listener = 'native';

/** Starts a broker that keeps nothing, for one test or for all. */
export async function startTestBroker(
  { topics = [], listen = false }: TestBrokerOptions = {},
  world: World = nodeWorld,
): Promise<TestBroker> {
  const broker = await startBroker(listen ? { listeners: [{ name: listener }] } : {}, world);
  const cluster = openClusterTo(broker, {}, world);
  const client = clientOver(cluster, world);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= closeBoth(client, broker);
    return closed;
  };
  try {
    await Promise.all(topics.map((name) => createTopic(cluster, name)));
  } catch (error) {
    await close();
    throw error;
  }
  const endpoint = broker.endpoints[listener];
  return {
    ...broker,
    ...client,
    address: endpoint === undefined ? undefined : `${endpoint.host}:${endpoint.port}`,
    records: (topic) => readAll(cluster, topic, world),
    stop: close,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The broker stops also when the client does not close cleanly. */
async function closeBoth(client: Client, broker: Broker): Promise<void> {
  try {
    await client.close();
  } finally {
    await broker.stop();
  }
}

async function readAll(cluster: Cluster, topic: string, world: World): Promise<readonly ConsumerRecord[]> {
  const count = await cluster.partitionsOf(topic);
  const named = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const stretches = await planReading(cluster, named, 'earliest', true);
  const remainder = new Remainder(stretches);
  const read: ConsumerRecord[] = [];
  if (!remainder.isDone) {
    const consumer = createConsumer(cluster, { partitions: stretches.map(withoutEnd) }, world);
    try {
      for await (const records of consumer.batches()) {
        for (const record of records) if (remainder.takes(record)) read.push(kept(record));
        if (remainder.isDone) break;
      }
    } finally {
      await consumer.close();
    }
  }
  return read.sort((one, other) => one.partition - other.partition || one.offset - other.offset);
}

/** Key and value as copies, which outlive what was fetched. */
function kept(record: ConsumerRecord): ConsumerRecord {
  const copy = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));
  return { ...record, key: copy(record.key), value: copy(record.value) };
}

function withoutEnd({ topic, partition, from }: { topic: string; partition: number; from: number }) {
  return { topic, partition, from };
}
