import { type Cluster, openCluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import { createProducer, type Producer, type ProducerOptions } from '@millrace/producer';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { BatchBuilder } from '@millrace/record';
import { tcpConnector } from '@millrace/transport';

export const valueBytes = 200;
/** A batch is full with its 50th record of 200 bytes, 209 with what frames it. */
export const fiftyRecords = 61 + 50 * 209 - 100;

const value = Buffer.alloc(valueBytes, 'x');

/** A cluster of one broker over TCP. */
export function clusterAt(address: string): Cluster {
  return openCluster({ connect: tcpConnector({ codec: msgpackCodec() }), bootstrap: [address] });
}

export async function createTopic(
  cluster: Cluster,
  name: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const entries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  const topics = [{ name, partitions, config: entries }];
  const answer = await cluster.call('createTopics', { timeoutMs: 60_000, topics });
  if (answer.topics[0]?.error !== 'NONE') throw new Error(answer.topics[0]?.message);
}

export interface ProduceLoad {
  readonly topic: string;
  /** Records go to the first so many partitions by turns. */
  readonly partitions: number;
  readonly options: ProducerOptions;
  /** Records that one caller sends together before it waits for all of them. */
  readonly together: number;
  readonly callers: number;
  readonly seconds: number;
}

/** Acknowledged records a second of one producer. */
export function produce(cluster: Cluster, load: ProduceLoad): Promise<number> {
  const { topic, together } = load;
  return produceBy(cluster, load, (producer, partition) => {
    const sent: Promise<unknown>[] = [];
    for (let i = 0; i < together; i += 1) sent.push(producer.send({ topic, partition, value }));
    return sent.length === 1 ? (sent[0] as Promise<unknown>) : Promise.all(sent);
  });
}

/** The same where callers make their batches themselves: one acknowledgement for `together` records. */
export function produceReadyMade(cluster: Cluster, load: ProduceLoad): Promise<number> {
  const { topic, together } = load;
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  return produceBy(cluster, load, (producer, partition) => {
    const now = Date.now();
    for (let i = 0; i < together; i += 1) builder.tryAppend({ value }, now);
    return producer.sendBatch({ topic, partition }, builder.build());
  });
}

async function produceBy(
  cluster: Cluster,
  load: ProduceLoad,
  sendTogether: (producer: Producer, partition: number) => Promise<unknown>,
): Promise<number> {
  const { partitions, together, callers, seconds } = load;
  const producer = createProducer(cluster, load.options);
  const send = (caller: number): Promise<unknown> => sendTogether(producer, caller % partitions);
  await Promise.all(Array.from({ length: partitions }, (_, partition) => send(partition)));
  const started = performance.now();
  const end = started + seconds * 1_000;
  let records = 0;
  const caller = async (_: unknown, number: number): Promise<void> => {
    while (performance.now() < end) {
      await send(number);
      records += together;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const rate = (records * 1_000) / (performance.now() - started);
  await producer.close();
  return rate;
}

/** Records a second of one consumer, from the first it sees to the last of `count`. */
export async function consume(
  cluster: Cluster,
  topic: string,
  partitions: number,
  count: number,
  by: 'batches' | 'records',
  from = 0,
): Promise<number> {
  const consumer = createConsumer(cluster, {
    partitions: Array.from({ length: partitions }, (_, partition) => ({ topic, partition, from })),
  });
  let seen = 0;
  let bytes = 0;
  let started = 0;
  if (by === 'records') {
    for await (const record of consumer) {
      if (seen === 0) started = performance.now();
      seen += 1;
      bytes += record.value?.length ?? 0;
      if (seen === count) break;
    }
  } else {
    for await (const records of consumer.batches()) {
      if (seen === 0) started = performance.now();
      for (const record of records) bytes += record.value?.length ?? 0;
      seen += records.length;
      if (seen >= count) break;
    }
  }
  const rate = (seen * 1_000) / (performance.now() - started);
  await consumer.close();
  if (bytes !== seen * valueBytes) throw new Error(`${seen} records had ${bytes} bytes`);
  return rate;
}
