import type { Cluster } from '@millrace/client';
import { type ConsumerRecord, createConsumer } from '@millrace/consumer';
import type { Decoder } from '@millrace/record';
import type { World } from '@millrace/runtime';
import { planReading, Remainder } from '../reading-plan.ts';

/** How the records of a topic are to be read. */
export interface Decoders<Key, Value> {
  /** Default: the bytes. */
  key?: Decoder<Key>;
  value?: Decoder<Value>;
}

/** All records of a topic at this moment, partition after partition, each in order. */
export async function readAll<Key, Value>(
  cluster: Cluster,
  topic: string,
  decoders: Decoders<Key, Value>,
  world: World,
): Promise<readonly ConsumerRecord<Key, Value>[]> {
  const count = await cluster.partitionsOf(topic);
  const named = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const stretches = await planReading(cluster, named, 'earliest', true);
  const remainder = new Remainder(stretches);
  const read: ConsumerRecord<Key, Value>[] = [];
  if (!remainder.isDone) {
    const partitions = stretches.map(({ topic, partition, from }) => ({ topic, partition, from }));
    const consumer = createConsumer(cluster, { ...decoders, partitions }, world);
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

/** Bytes as copies, which outlive what was fetched. */
function kept<Key, Value>(record: ConsumerRecord<Key, Value>): ConsumerRecord<Key, Value> {
  const copy = <Part>(part: Part): Part => (Buffer.isBuffer(part) ? (Buffer.from(part) as Part) : part);
  const headers = record.headers.map((header) => ({ ...header, value: copy(header.value) }));
  return { ...record, key: copy(record.key), value: copy(record.value), headers };
}
