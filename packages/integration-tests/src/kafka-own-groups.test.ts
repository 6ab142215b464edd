import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaCodec } from '@millrace/kafka-protocol';
import { Kafka, type Consumer as KafkaConsumer, logLevel } from 'kafkajs';
import { type Broker, type Client, type Consumer, connect, startBroker, text } from 'millrace';
import { until } from './cluster-process.ts';
import { freeAddress } from './millrace-process.ts';

/** Of an Apache Kafka; otherwise a broker of ours listens for Kafka's clients. */
const kafkaAddress = process.env['KAFKA_ADDRESS'];
type Member = Consumer<Buffer | null, string>;

describe(`our own consumers in groups over Kafka’s protocol, at ${kafkaAddress ?? 'our own broker'}`, () => {
  let folder: string;
  let address: string;
  let broker: Broker | undefined;
  let client: Client;
  let topic: string;
  let group: string;
  let members: Member[];
  let others: KafkaConsumer[];

  const start = async (): Promise<Broker | undefined> =>
    kafkaAddress === undefined
      ? startBroker({
          dataDirectory: folder,
          listeners: [{ codec: kafkaCodec(), port: Number(address.split(':')[1]) }],
        })
      : undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-own-groups-'));
    address = kafkaAddress ?? (await freeAddress());
    broker = await start();
    client = connect(address, { codec: kafkaCodec() });
  });
  beforeEach(async () => {
    topic = `t-${randomUUID()}`;
    group = `g-${randomUUID()}`;
    members = [];
    others = [];
    await client.createTopic(topic, { partitions: 4 });
  });
  afterEach(async () => {
    await Promise.all(members.map((member) => member.close()));
    await Promise.all(others.map((other) => other.disconnect()));
  });
  afterAll(async () => {
    await client.close();
    await broker?.stop();
    rmSync(folder, { recursive: true });
  });

  const enter = (seen: string[]): Member => {
    const member = client.consumer({ group, topics: [topic], value: text });
    members.push(member);
    member.forEach(({ value }) => void seen.push(value)).catch((error: unknown) => seen.push(String(error)));
    return member;
  };
  /** One to each partition. */
  const sendAll = async (value: string): Promise<void> => {
    const producer = client.producer();
    await Promise.all(
      [0, 1, 2, 3].map((partition) => producer.send({ topic, partition, value: `${value}${partition}` })),
    );
    await producer.close();
  };
  const all = (...values: string[]): string[] =>
    values.flatMap((value) => [0, 1, 2, 3].map((n) => `${value}${n}`));

  it('share the partitions, take over from who leaves, and go on behind what was committed', async () => {
    const seen: string[] = [];
    const [first, second] = [enter(seen), enter(seen)];
    await until('all have their share', () =>
      [first, second].every((member) => member.positions().length === 2),
    );
    await sendAll('a');
    await until('all was read', () => seen.length === 4);

    await first.close();
    await sendAll('b');
    await until('all was read', () => seen.length >= 8);
    await second.close();
    enter(seen);
    await sendAll('c');
    await until('all was read', () => seen.length >= 12);

    expect(seen.sort()).toEqual(all('a', 'b', 'c'));
  }, 90_000);

  it('share them with kafkajs, whoever leads', async () => {
    const seen: string[] = [];
    const bystander = async (): Promise<void> => {
      const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
      const other = kafka.consumer({ groupId: group, heartbeatInterval: 300, maxWaitTimeInMs: 100 });
      others.push(other);
      await other.connect();
      await other.subscribe({ topic, fromBeginning: true });
      await other.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    };
    // Ours leads, since it was there first.
    const member = enter(seen);
    await until('all have their share', () => member.positions().length === 4);
    await bystander();
    await until('all have their share', () => member.positions().length === 2);
    await sendAll('a');
    await until('all was read', () => seen.length >= 4);

    // Now theirs does.
    await member.close();
    const again = enter(seen);
    await until('all have their share', () => again.positions().length === 2);
    await sendAll('b');
    await until('all was read', () => seen.length >= 8);

    expect([...new Set(seen)].sort()).toEqual(all('a', 'b'));
  }, 120_000);

  if (kafkaAddress === undefined)
    it('stay what they are over a restart of the broker', async () => {
      const seen: string[] = [];
      const member = enter(seen);
      await until('all have their share', () => member.positions().length === 4);
      await sendAll('a');
      await until('all was read', () => seen.length === 4);

      await broker?.stop();
      broker = await start();
      await sendAll('b');
      await until('all was read', () => seen.length >= 8);
      await member.close();
      enter(seen);
      await sendAll('c');
      await until('all was read', () => seen.length >= 12);

      expect(seen.sort()).toEqual(all('a', 'b', 'c'));
    }, 90_000);
});
