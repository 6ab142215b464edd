import { ByteBufferMessageSet, connect, Message, startBroker } from 'millrace';

describe('the API of the slides', () => {
  it('sends a message set and reads it from a stream, as written there', async () => {
    const broker = await startBroker();
    const client = connect(broker);
    const producer = client.producer();
    const consumer = client.consumer({ group: 'slides' });

    await producer.send('test', new ByteBufferMessageSet(new Message(Buffer.from('test message str'))));
    const [stream] = await consumer.createMessageStreams('test', 1);

    const payloads: string[] = [];
    for await (const message of stream ?? []) {
      payloads.push(message.payload().toString());
      break;
    }
    expect(payloads).toEqual(['test message str']);
    await client.close();
    await broker.stop();
  });

  it('feeds each partition to exactly one of n streams', async () => {
    const broker = await startBroker();
    const client = connect(broker);
    await client.createTopic('spread', { partitions: 5 });
    const producer = client.producer();
    for (let i = 0; i < 500; i += 1)
      await producer.send({ topic: 'spread', key: `k${i}`, value: `${i}`, partition: i % 5 });
    const consumer = client.consumer({ group: 'many' });

    const streams = await consumer.createMessageStreams('spread', 3);

    const seen = new Map<string, number>();
    let left = 500;
    await Promise.all(
      streams.map(async (stream, index) => {
        for await (const message of stream) {
          expect(seen.has(message.payload().toString())).toBe(false);
          seen.set(message.payload().toString(), index);
          left -= 1;
          if (left === 0) await client.close();
        }
      }),
    );
    for (let partition = 0; partition < 5; partition += 1) {
      const owners = new Set(
        [...seen].filter(([value]) => Number(value) % 5 === partition).map(([, index]) => index),
      );
      expect(owners.size).toBe(1);
    }
    expect(new Set(seen.values()).size).toBe(3);
    await broker.stop();
  });
});
