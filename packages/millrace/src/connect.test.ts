import { ByteBufferMessageSet, connect, hasCode, json, Message, startBroker, text } from './index.ts';

describe('connect', () => {
  const toClose: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of toClose.splice(0).reverse()) await close();
  });

  const start = async () => {
    const broker = await startBroker({ listeners: [{ name: 'native' }] });
    toClose.push(() => broker.stop());
    return { broker, address: `127.0.0.1:${broker.endpoints['native']?.port}` };
  };
  const client = (to: Parameters<typeof connect>[0]) => {
    const opened = connect(to);
    toClose.push(() => opened.close());
    return opened;
  };

  it.each(['in this process', 'at an address', 'at one of several addresses'])(
    'gives the same client of a broker %s',
    async (where) => {
      const { broker, address } = await start();
      const to = { 'in this process': broker, 'at an address': address }[where] ?? ['127.0.0.1:1', address];
      const opened = client(to);

      await opened.createTopic('orders', { partitions: 2, config: { 'segment.bytes': '4096' } });
      const delivery = await opened
        .producer()
        .send({ topic: 'orders', partition: 1, key: 'a', value: 'first' });

      expect(delivery).toEqual({ topic: 'orders', partition: 1, offset: 0 });
      for await (const record of opened.consumer({ partitions: [{ topic: 'orders', partition: 1 }] })) {
        expect([record.key?.toString(), record.value?.toString()]).toEqual(['a', 'first']);
        break;
      }
      expect(await opened.topics()).toEqual(['orders']);
      await opened.deleteTopic('orders');
      expect(await opened.topics()).toEqual([]);
    },
  );

  it('types what is sent and received by serdes', async () => {
    const { broker } = await start();
    const opened = client(broker);

    await opened.producer({ key: text, value: json<{ id: number }>() }).send({
      topic: 't',
      key: 'k',
      value: { id: 7 },
    });

    for await (const record of opened.consumer({
      group: 'g',
      topics: ['t'],
      key: text,
      value: json<{ id: number }>(),
    })) {
      const { id }: { id: number } = record.value;
      const key: string = record.key;
      expect([key, id]).toEqual(['k', 7]);
      break;
    }
  });

  it('speaks as the slides do', async () => {
    const { broker } = await start();
    const opened = client(broker);

    await opened
      .producer()
      .send('test', new ByteBufferMessageSet(new Message(Buffer.from('test message str'))));
    const [stream] = await opened.consumer({ group: 'g' }).createMessageStreams('test', 1);

    for await (const message of stream ?? []) {
      expect(message.payload().toString()).toBe('test message str');
      break;
    }
  });

  it('rejects with the code of what a broker refuses', async () => {
    const { broker } = await start();
    const opened = client(broker);
    await opened.createTopic('taken');

    await expect(opened.createTopic('taken')).rejects.toMatchObject({ code: 'TOPIC_ALREADY_EXISTS' });
    await expect(opened.createTopic('a/b')).rejects.toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION' });
    await expect(opened.createTopic('none', { partitions: 0 })).rejects.toMatchObject({
      code: 'INVALID_PARTITIONS',
    });
    await expect(opened.deleteTopic('missing')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });

  it('connects with the first call, which tells when nobody is there', async () => {
    const opened = client('127.0.0.1:1');

    const refusal = await opened.topics().catch((error: unknown) => error);

    expect(hasCode(refusal, 'BROKER_UNREACHABLE')).toBe(true);
  });

  it('closes what it handed out: producers send what they hold, consumers commit what was processed', async () => {
    const { broker } = await start();
    const first = connect(broker);
    await first.createTopic('work');
    const producer = first.producer({ lingerMs: 60_000 });
    const sends = Promise.all(['a', 'b', 'c'].map((value) => producer.send({ topic: 'work', value })));
    const consumed: string[] = [];

    await producer.flush();
    for await (const { value } of first.consumer({ group: 'g', topics: ['work'] })) {
      consumed.push(String(value));
      // Asking for the third says that the second is done.
      if (consumed.length === 3) break;
    }
    const late = producer.send({ topic: 'work', value: 'd' });
    await first.close();

    expect([(await sends).length, (await late).offset]).toEqual([3, 3]);
    for await (const { value } of client(broker).consumer({ group: 'g', topics: ['work'] })) {
      expect(String(value)).toBe('c');
      break;
    }
  });
});
