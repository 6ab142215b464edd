import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { openLog } from '@millrace/log';
import { type Admin, CompressionTypes, type Consumer, Kafka, logLevel, type Message } from 'kafkajs';
import { type Broker, startBroker } from 'millrace';
import { until } from './cluster-process.ts';
import { freeAddress } from './millrace-process.ts';

interface Read {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: { readonly [name: string]: string };
}

describe('groups of kafkajs', () => {
  let folder: string;
  let address: string;
  let broker: Broker;
  let kafka: Kafka;
  let admin: Admin;
  let consumers: Consumer[];

  const start = (): Promise<Broker> =>
    startBroker({
      dataDirectory: folder,
      listeners: [{ codec: kafkaCodec(), port: Number(address.split(':')[1]) }],
    });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-kafkajs-'));
    address = await freeAddress();
    broker = await start();
    kafka = new Kafka({
      clientId: 'tests',
      brokers: [address],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 20 },
    });
    admin = kafka.admin();
    await admin.connect();
  });
  beforeEach(() => {
    consumers = [];
  });
  afterEach(() => Promise.all(consumers.map((consumer) => consumer.disconnect())));
  afterAll(async () => {
    await admin.disconnect();
    await broker.stop();
    rmSync(folder, { recursive: true });
  });

  const send = async (topic: string, messages: Message[], compression = CompressionTypes.None) => {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages, compression });
    await producer.disconnect();
  };
  const numbered = (count: number, from = 0): Message[] =>
    Array.from({ length: count }, (_, i) => ({ key: `k${from + i}`, value: `v${from + i}` }));
  /** A member that reads from the earliest on; what it read so far. */
  const enter = async (groupId: string, topic: string, options: { seek?: string } = {}) => {
    const read: Read[] = [];
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: 200,
      maxWaitTimeInMs: 50,
    });
    consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const joined = new Promise<number[]>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) =>
        resolve(payload.memberAssignment[topic] ?? []),
      );
    });
    await consumer.run({
      autoCommitInterval: 50,
      eachMessage: async ({ partition, message }) => {
        read.push({
          partition,
          offset: message.offset,
          key: message.key?.toString(),
          value: message.value?.toString(),
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
        });
      },
    });
    if (options.seek !== undefined) consumer.seek({ topic, partition: 0, offset: options.seek });
    return { consumer, read, assigned: await joined };
  };
  const committed = async (groupId: string, topic: string): Promise<number> => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return (found?.partitions ?? []).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  };

  it.each([
    ['plain', CompressionTypes.None],
    ['compressed with gzip', CompressionTypes.GZIP],
  ])(
    'read records that are %s, with keys and headers',
    async (_, compression) => {
      const topic = `read-${compression}`;
      await send(
        topic,
        [{ key: 'k', value: 'v', headers: { from: 'tests' } }, { value: 'no key' }],
        compression,
      );

      const { read } = await enter(`readers-${compression}`, topic);

      await until('both are read', () => read.length === 2);
      expect(read).toMatchObject([
        { offset: '0', key: 'k', value: 'v', headers: { from: 'tests' } },
        { offset: '1', key: undefined, value: 'no key', headers: {} },
      ]);
    },
    60_000,
  );

  it('share the partitions of a topic, and take over those of a member that leaves', async () => {
    await admin.createTopics({ topics: [{ topic: 'shared', numPartitions: 4 }] });
    const first = await enter('sharers', 'shared');
    expect(first.assigned).toHaveLength(4);

    const second = await enter('sharers', 'shared');
    expect(second.assigned).toHaveLength(2);
    await send('shared', numbered(100));
    await until('all is read', () => first.read.length + second.read.length === 100);
    const partitionsOf = (read: Read[]) => new Set(read.map(({ partition }) => partition));
    for (const partition of partitionsOf(first.read))
      expect(partitionsOf(second.read)).not.toContain(partition);

    await second.consumer.disconnect();
    await send('shared', numbered(100, 100));
    await until('the one reads all', () => first.read.length + second.read.length >= 200);
    expect(partitionsOf(first.read).size).toBe(4);
  }, 90_000);

  it('go on where they were, also when the broker was restarted in between', async () => {
    await send('kept', numbered(10));
    const before = await enter('stayers', 'kept');
    await until('it is committed', async () => (await committed('stayers', 'kept')) === 10);
    await before.consumer.disconnect();

    await broker.stop();
    broker = await start();
    await send('kept', numbered(5, 10));

    const after = await enter('stayers', 'kept');
    await until('the rest is read', () => after.read.length >= 5);
    expect(after.read.map(({ value }) => value)).toEqual(['v10', 'v11', 'v12', 'v13', 'v14']);
  }, 90_000);

  it('go on while the broker is restarted under them', async () => {
    await send('ongoing', numbered(10));
    const { read } = await enter('ongoers', 'ongoing');
    await until('the first are read', () => read.length === 10);

    await broker.stop();
    broker = await start();
    await send('ongoing', numbered(10, 10));

    const values = () => new Set(read.map(({ value }) => value));
    await until('the others are read', () => values().size === 20);
    expect(values()).toContain('v19');
  }, 90_000);

  it('seek', async () => {
    await send('sought', numbered(10));

    const { read } = await enter('seekers', 'sought', { seek: '7' });

    await until('the last are read', () => read.some(({ offset }) => offset === '9'));
    expect(read.filter(({ offset }) => Number(offset) >= 7)).toHaveLength(3);
  }, 60_000);

  it('read on over what was compacted away, to the very end (quirk 24)', async () => {
    const configEntries = [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'segment.bytes', value: '1024' },
    ];
    await admin.createTopics({ topics: [{ topic: 'compacted', configEntries }] });
    const padding = '.'.repeat(700);
    for (let i = 0; i < 20; i += 1) await send('compacted', [{ key: 'same', value: `v${i}${padding}` }]);
    await send('compacted', [{ key: 'other', value: 'last' }]);
    const [directory = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('compacted-0'),
    );
    await broker.stop();
    const log = await openLog(join(folder, directory), { cleanupPolicy: 'compact', segmentBytes: 1024 });
    await log.compact();
    await log.close();
    broker = await start();

    const { read } = await enter('compacted-readers', 'compacted');

    await until('the last is read', () => read.some(({ value }) => value === 'last'));
    await until('it is committed', async () => (await committed('compacted-readers', 'compacted')) === 21);
    expect(read.length).toBeLessThan(10);
    expect(read.map(({ offset }) => Number(offset))).toContain(20);
  }, 90_000);

  it('are listed, described, put elsewhere and deleted', async () => {
    await send('managed', numbered(10));
    const { consumer, read } = await enter('managers', 'managed');
    await until('it is committed', async () => (await committed('managers', 'managed')) === 10);
    const { groups } = await admin.describeGroups(['managers']);
    expect(groups).toMatchObject([
      { groupId: 'managers', state: 'Stable', protocolType: 'consumer', members: [{ clientId: 'tests' }] },
    ]);
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).toContain('managers');
    await expect(admin.deleteGroups(['managers'])).rejects.toMatchObject({
      groups: [{ errorCode: 68 }],
    });
    await consumer.disconnect();

    await admin.setOffsets({
      groupId: 'managers',
      topic: 'managed',
      partitions: [{ partition: 0, offset: '8' }],
    });
    const again = await enter('managers', 'managed');
    await until('the last are read again', () => again.read.length === 2);
    await again.consumer.disconnect();

    expect(read).toHaveLength(10);
    expect(await admin.deleteGroups(['managers'])).toMatchObject([{ groupId: 'managers', errorCode: 0 }]);
    expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain('managers');
  }, 90_000);
});
