// What @platformatic/kafka does at an address, in a process of its own: it wants a newer Node than Millrace does.
// node platformatic-client.mjs <address> <verb> <JSON>; prints what it found as JSON.
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka';

const [, , address, verb, text] = process.argv;
const asked = JSON.parse(text);
const base = {
  clientId: 'tests',
  bootstrapBrokers: [address],
  timeout: 10_000,
  retries: 10,
  retryDelay: 100,
};

const verbs = {
  async make({ topic, partitions }) {
    const admin = new Admin(base);
    const made = await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
    await admin.close();
    return made.map(({ name, partitions }) => ({ name, partitions }));
  },

  async send({ topic, values, compression = 'none', headers = {}, idempotent = false }) {
    const producer = new Producer({ ...base, serializers: stringSerializers, compression, idempotent });
    const messages = values.map((value, i) => ({ topic, key: `k${i}`, value, headers, partition: 0 }));
    const { offsets } = await producer.send({ messages, acks: -1 });
    await producer.close();
    return offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }));
  },

  /** Reads `count` records as a member of a group, commits them and leaves. */
  async read({ topic, groupId, count }) {
    const consumer = new Consumer({ ...base, groupId, deserializers: stringDeserializers });
    const options = { sessionTimeout: 10_000, heartbeatInterval: 500, autocommit: false, maxWaitTime: 100 };
    const stream = await consumer.consume({
      ...options,
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
    });
    const read = [];
    for await (const message of stream) {
      const { key, value, headers, partition, offset } = message;
      read.push({ key, value, headers: Object.fromEntries(headers), partition, offset: String(offset) });
      await message.commit();
      if (read.length === count) break;
    }
    await consumer.close(true);
    return read;
  },

  async offsets({ topic, timestamp }) {
    const consumer = new Consumer({ ...base, groupId: 'nobody' });
    const found = await consumer.listOffsets({ topics: [topic], timestamp: BigInt(timestamp) });
    await consumer.close();
    return Object.fromEntries([...found].map(([name, offsets]) => [name, offsets.map(String)]));
  },
};

console.log(JSON.stringify(await verbs[verb](asked)));
