import { connect, json, text } from '../index.ts';
import { startTestBroker } from './index.ts';

interface Order {
  id: number;
}

describe('startTestBroker', () => {
  it('is a broker and its client in one, without a port', async () => {
    const broker = await startTestBroker({ topics: ['empty'] });

    await broker.producer().send({ topic: 'orders', key: 'a', value: 'first' });

    expect(await broker.topics()).toEqual(['empty', 'orders']);
    expect(await broker.records('empty')).toEqual([]);
    const [record, ...others] = await broker.records('orders');
    expect([String(record?.key), String(record?.value), others]).toEqual(['a', 'first', []]);
    expect([broker.address, broker.endpoints]).toEqual([undefined, {}]);
    await broker.close();
  });

  it('gives the records of all partitions, each in order, as of now', async () => {
    const broker = await startTestBroker();
    await broker.createTopic('spread', { partitions: 3 });
    const producer = broker.producer();
    for (let number = 0; number < 30; number += 1)
      await producer.send({ topic: 'spread', partition: number % 3, value: String(number) });

    const values = (await broker.records('spread')).map(({ value }) => Number(value));

    const expected = [0, 1, 2].flatMap((first) => Array.from({ length: 10 }, (_, i) => first + 3 * i));
    expect(values).toEqual(expected);
    await broker.close();
  });

  it('gives records as decoders make them', async () => {
    const broker = await startTestBroker();
    await broker.producer({ value: json<Order>() }).send({ topic: 'orders', key: 'a', value: { id: 1 } });

    const records = await broker.records('orders', { key: text, value: json<Order>() });

    expect(records.map(({ key, value }) => [key, value.id])).toEqual([['a', 1]]);
    await broker.close();
  });

  it('rejects for records of a topic that is not there', async () => {
    const broker = await startTestBroker();

    await expect(broker.records('orders')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
    expect(await broker.topics()).toEqual([]);
    await broker.close();
  });

  it('listens on a free port when asked to', async () => {
    const broker = await startTestBroker({ listen: true });
    const elsewhere = connect(broker.address ?? '');

    await elsewhere.producer().send({ topic: 'orders', value: 'from outside' });

    expect((await broker.records('orders')).map(({ value }) => String(value))).toEqual(['from outside']);
    await elsewhere.close();
    await broker.close();
  });

  it('undoes a start that fails', async () => {
    await expect(startTestBroker({ topics: ['a/b'] })).rejects.toMatchObject({
      code: 'INVALID_TOPIC_EXCEPTION',
    });
  });

  it('closes once, by whichever name', async () => {
    const broker = await startTestBroker();

    await Promise.all([broker.close(), broker.stop(), broker[Symbol.asyncDispose]()]);

    await expect(broker.topics()).rejects.toMatchObject({ code: expect.any(String) });
  });

  it('leaves nothing that keeps the process', async () => {
    const before = process.getActiveResourcesInfo();
    const broker = await startTestBroker({ listen: true });
    await broker.producer().send({ topic: 'orders', value: 'x' });
    await broker.records('orders');

    await broker.close();

    // Sockets let go of their descriptors in the turn after.
    await new Promise((resolve) => setImmediate(resolve));
    const after = process.getActiveResourcesInfo();
    const count = (all: readonly string[], name: string) => all.filter((one) => one === name).length;
    for (const name of ['TCPServerWrap', 'TCPSocketWrap', 'Timeout', 'FSReqCallback'])
      expect([name, count(after, name)]).toEqual([name, Math.min(count(after, name), count(before, name))]);
  });
});
