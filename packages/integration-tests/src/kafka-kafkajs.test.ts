import { type Broker, startBroker } from '@millrace/broker';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { type Admin, CompressionTypes, Kafka, logLevel } from 'kafkajs';

let broker: Broker;
let kafka: Kafka;
let admin: Admin;

beforeAll(async () => {
  broker = await startBroker({ listeners: [{ codec: kafkaCodec() }] });
  const port = broker.endpoints['kafka']?.port;
  kafka = new Kafka({ clientId: 'tests', brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  await admin.connect();
});

afterAll(async () => {
  await admin.disconnect();
  await broker.stop();
});

describe('kafkajs', () => {
  it('makes topics, describes and deletes them', async () => {
    expect(await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 3 }] })).toBe(true);
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
    expect(topics[0]?.partitions.map(({ leader }) => leader)).toEqual([1, 1, 1]);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: 'made' }],
    });
    const source = (name: string) => resources[0]?.configEntries.find((entry) => entry.configName === name);
    expect(source('cleanup.policy')).toMatchObject({ configValue: 'delete', configSource: 5 });
    expect(source('compression.type')).toMatchObject({ configValue: 'producer', readOnly: true });

    await admin.deleteTopics({ topics: ['made'] });

    expect(await admin.listTopics()).not.toContain('made');
  });

  it('says what is wrong with a topic that it cannot make', async () => {
    const wrong = admin.createTopics({
      topics: [{ topic: 'wrong', configEntries: [{ name: 'cleanup.polciy', value: 'compact' }] }],
    });

    await expect(wrong).rejects.toMatchObject({ errors: [{ type: 'INVALID_CONFIG' }] });
  });

  it('knows the cluster and its controller', async () => {
    const { brokers, controller, clusterId } = await admin.describeCluster();

    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([controller]);
    expect(clusterId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['plain', CompressionTypes.None],
    ['compressed with gzip', CompressionTypes.GZIP],
  ])('writes records that are %s, and finds where they end', async (_, compression) => {
    const topic = `records-${compression}`;
    const producer = kafka.producer();
    await producer.connect();

    const sent = await producer.send({
      topic,
      compression,
      messages: Array.from({ length: 100 }, (__, i) => ({
        key: `k${i}`,
        value: `v${i}`,
        headers: { n: String(i) },
      })),
    });

    expect(sent).toMatchObject([{ errorCode: 0, baseOffset: '0' }]);
    expect(await admin.fetchTopicOffsets(topic)).toEqual([
      { partition: 0, offset: '100', high: '100', low: '0' },
    ]);
    await producer.disconnect();
  });

  it('writes idempotently', async () => {
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const value of ['a', 'b', 'c'])
      await producer.send({ topic: 'idempotent', messages: [{ key: 'k', value }] });

    expect(await admin.fetchTopicOffsets('idempotent')).toMatchObject([{ offset: '3' }]);
    await producer.disconnect();
  });

  it('finds offsets by time', async () => {
    const producer = kafka.producer();
    await producer.connect();
    const messages = [1_000, 2_000, 3_000].map((timestamp) => ({
      value: 'v',
      timestamp: String(1.7e12 + timestamp),
    }));
    await producer.send({ topic: 'timed', messages });

    expect(await admin.fetchTopicOffsetsByTimestamp('timed', 1.7e12 + 1_500)).toMatchObject([
      { partition: 0, offset: '1' },
    ]);
    await producer.disconnect();
  });

  it('gets a topic that is made by being asked for at the first send (quirk 22)', async () => {
    const producer = kafka.producer({ allowAutoTopicCreation: true, retry: { retries: 0 } });
    await producer.connect();

    const sent = await producer.send({ topic: 'by-itself', messages: [{ value: 'v' }] });

    expect(sent).toMatchObject([{ topicName: 'by-itself', baseOffset: '0' }]);
    await producer.disconnect();
  });

  it('writes with acks 0, which nobody answers', async () => {
    const producer = kafka.producer();
    await producer.connect();
    await admin.createTopics({ topics: [{ topic: 'unheard' }] });
    for (let i = 0; i < 10; i += 1)
      await producer.send({ topic: 'unheard', acks: 0, messages: [{ value: 'v' }] });
    await producer.send({ topic: 'unheard', acks: -1, messages: [{ value: 'last' }] });

    expect(await admin.fetchTopicOffsets('unheard')).toMatchObject([{ offset: '11' }]);
    await producer.disconnect();
  });
});
