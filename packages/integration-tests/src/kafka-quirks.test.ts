import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaApis, kafkaCodec } from '@millrace/kafka-protocol';
import { BatchBuilder, stampProducer } from '@millrace/record';
import { type Broker, startBroker } from 'millrace';
import { KafkaWire } from './kafka-wire.ts';

const topic = 'quirks';
const noSession = { isolationLevel: 0, minBytes: 0, maxBytes: 1_000_000, forgottenTopics: [] };

function batch(values: readonly string[], producer?: Parameters<typeof stampProducer>[2]): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1_000_000 });
  for (const value of values) builder.tryAppend({ value }, 1_700_000_000_000);
  const bytes = builder.build();
  if (producer !== undefined) stampProducer(bytes, 0, producer);
  return bytes;
}

// What clients are known to stumble over, by its number; more of it in kafka-protocol's own tests and in those of the clients.
describe('a listener for Kafka’s clients', () => {
  let folder: string;
  let broker: Broker;
  let wire: KafkaWire;

  const start = async (host = '127.0.0.1'): Promise<void> => {
    const listeners = [{ codec: kafkaCodec(), host }];
    broker = await startBroker({ dataDirectory: folder, insecure: true, listeners });
    wire = await KafkaWire.connect(broker.endpoints['kafka']?.port ?? 0);
  };
  const stop = async (): Promise<void> => {
    wire.close();
    await broker.stop();
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-quirks-'));
    await start();
    const made = { topic, numPartitions: 3, replicationFactor: 1, replicaAssignment: [], configs: [] };
    await wire.ask('createTopics', 7, { topics: [made], timeoutMs: 10_000, validateOnly: false });
  });
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const produce = async (records: Buffer, partition = 0) => {
    const { answer } = await wire.ask('produce', 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topics: [{ name: topic, partitions: [{ index: partition, records }] }],
    });
    return answer.responses[0]?.partitions[0];
  };
  const fetchOf = (partitions: readonly number[], maxWaitMs = 0) => ({
    ...noSession,
    maxWaitMs,
    topics: [
      {
        topic,
        partitions: partitions.map((partition) => ({
          partition,
          fetchOffset: 0,
          partitionMaxBytes: 100_000,
        })),
      },
    ],
  });

  it.each([4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'leaves no byte behind the last field of a fetch of version %i (quirk 6)',
    async (version) => {
      await produce(batch(['a', 'b']));

      const { answer, left } = await wire.ask('fetch', version, fetchOf([0, 1, 2]));

      expect(left).toBe(0);
      expect(answer.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0]);
    },
  );

  it('answers in the order of the questions, also when the first has to wait (quirk 11)', async () => {
    const parked = wire.ask('fetch', 11, { ...fetchOf([0], 200), minBytes: 1 });
    const second = wire.ask('metadata', 9, { topics: [{ topic }] });

    expect([(await parked).correlation, (await second).correlation]).toEqual([2, 3]);
  });

  it('names every partition that was asked for, also those with nothing new (quirk 13)', async () => {
    await produce(batch(['a']), 1);

    const { answer } = await wire.ask('fetch', 11, fetchOf([0, 1, 2]));

    expect(answer.sessionId).toBe(0);
    expect(answer.topics[0]?.partitions.map(({ partition }) => partition)).toEqual([0, 1, 2]);
  });

  it('never goes back to an older leader epoch, nor to another topic id (quirk 14)', async () => {
    const seen = async () => {
      const [found] = (await wire.ask('metadata', 12, { topics: [{ topic }] })).answer.topics;
      return { id: found?.topicId, epoch: found?.partitions[0]?.leaderEpoch ?? -1 };
    };
    const before = await seen();

    await stop();
    await start();

    const after = await seen();
    expect(after.id).toEqual(before.id);
    expect(after.epoch).toBeGreaterThan(before.epoch);
  });

  it('tells of ranges that are wide enough for clients that take new ones alone (quirk 18)', async () => {
    const { answer } = await wire.ask('apiVersions', 3, {
      clientSoftwareName: 'tests',
      clientSoftwareVersion: '1',
    });

    const most = (api: { key: number }) =>
      answer.apiKeys.find(({ apiKey }) => apiKey === api.key)?.maxVersion ?? -1;
    expect(most(kafkaApis.metadata)).toBeGreaterThanOrEqual(9);
    expect(most(kafkaApis.findCoordinator)).toBeGreaterThanOrEqual(4);
    expect(most(kafkaApis.joinGroup)).toBeGreaterThanOrEqual(6);
    expect(most(kafkaApis.offsetFetch)).toBeGreaterThanOrEqual(8);
    expect(most(kafkaApis.fetch)).toBeGreaterThanOrEqual(12);
    // Java 3.8 and older throws at a feature whose least version is 0 (quirk 29).
    expect(answer.supportedFeatures).toEqual([]);
  });

  it('knows a batch that it has already, and takes one of a producer that it has forgotten (quirk 19)', async () => {
    const producer = { producerId: 4711, producerEpoch: 0, baseSequence: 0 };

    const first = await produce(batch(['a', 'b'], producer));
    const again = await produce(batch(['a', 'b'], producer));
    const forgotten = await produce(batch(['c'], { ...producer, producerId: 4712, baseSequence: 17 }));

    expect([first?.errorCode, again?.errorCode, forgotten?.errorCode]).toEqual([0, 0, 0]);
    expect([first?.baseOffset, again?.baseOffset, forgotten?.baseOffset]).toEqual([0, 0, 2]);
  });

  it('goes on with 0 after the greatest sequence number (quirk 20)', async () => {
    const producer = { producerId: 4713, producerEpoch: 0 };
    await produce(batch(['a', 'b'], { ...producer, baseSequence: 2 ** 31 - 2 }));

    const wrapped = await produce(batch(['c'], { ...producer, baseSequence: 0 }));

    expect(wrapped).toMatchObject({ errorCode: 0, baseOffset: 2 });
  });

  it('tells a client the address at which it was found, when it listens everywhere (quirk 21)', async () => {
    await stop();
    await start('0.0.0.0');
    const port = broker.endpoints['kafka']?.port;
    const elsewhere = await KafkaWire.connect(port ?? 0, '127.0.0.2');

    const { answer } = await elsewhere.ask('metadata', 9, { topics: [] });

    expect(answer.brokers).toMatchObject([{ host: '127.0.0.2', port }]);
    elsewhere.close();
  });

  it('says where each configuration comes from, and has those that it takes changed one by one (quirks 25, 26)', async () => {
    const { answer: changed } = await wire.ask('incrementalAlterConfigs', 1, {
      resources: [
        {
          resourceType: 2,
          resourceName: topic,
          configs: [{ name: 'retention.ms', op: 0, value: '60000' }],
        },
      ],
      validateOnly: false,
    });

    const { answer: refused } = await wire.ask('incrementalAlterConfigs', 0, {
      resources: [
        { resourceType: 2, resourceName: topic, configs: [{ name: 'retention.ms', op: 0, value: 'soon' }] },
        {
          resourceType: 2,
          resourceName: topic,
          configs: [{ name: 'cleanup.policy', op: 2, value: 'compact' }],
        },
        { resourceType: 2, resourceName: 'missing', configs: [] },
      ],
      validateOnly: false,
    });
    expect(refused.resources.map(({ errorCode }) => errorCode)).toEqual([40, 42, 3]);

    const { answer } = await wire.ask('describeConfigs', 4, {
      resources: [{ resourceType: 2, resourceName: topic, configNames: null }],
      includeSynonyms: false,
      includeDocumentation: false,
    });

    expect(changed.resources).toMatchObject([{ errorCode: 0, resourceName: topic }]);
    const config = (name: string) => answer.resources[0]?.configs.find((one) => one.name === name);
    expect(config('retention.ms')).toMatchObject({ value: '60000', source: 1 });
    expect(config('cleanup.policy')).toMatchObject({ value: 'delete', source: 5 });
    for (const name of ['max.message.bytes', 'segment.bytes', 'min.insync.replicas', 'compression.type'])
      expect([name, config(name)?.value]).toEqual([name, expect.any(String)]);
  });

  it('lets nobody wait longer than was asked for (quirk 28)', async () => {
    const began = performance.now();

    const { answer } = await wire.ask('fetch', 11, { ...fetchOf([0], 300), minBytes: 1 });

    expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(0);
    expect(performance.now() - began).toBeGreaterThan(250);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
