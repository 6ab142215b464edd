import { connect, json } from '../index.ts';
import { startTestBroker, type TestBroker } from './index.ts';

describe('a test broker that was reset', () => {
  let broker: TestBroker;

  beforeEach(async () => {
    broker = await startTestBroker({ topics: ['orders'], listen: true });
  });
  afterEach(() => broker.close());

  it('has no records, no other topics and no groups, at the same address', async () => {
    const { address } = broker;
    await broker.producer().send({ topic: 'orders', value: 'x' });
    await broker.producer().send({ topic: 'made-by-the-way', value: 'x' });
    for await (const _ of broker.consumer({ group: 'billing', topics: ['orders'] })) break;

    await broker.reset();

    expect([await broker.topics(), await broker.records('orders')]).toEqual([['orders'], []]);
    const registry = await broker.registry();
    expect(await registry.children('/groups')).toEqual([]);
    await registry.close();
    const outside = connect(address ?? '');
    expect(await outside.topics()).toEqual(['orders']);
    await outside.close();
  });

  it('begins at offset 0 again, and a group of the same name has read nothing', async () => {
    const once = async (): Promise<number[]> => {
      const producer = broker.producer({ value: json<number>() });
      for (const value of [1, 2]) await producer.send({ topic: 'orders', value });
      const offsets: number[] = [];
      for await (const { offset } of broker.consumer({ group: 'billing', topics: ['orders'] })) {
        offsets.push(offset);
        if (offsets.length === 2) break;
      }
      await broker.reset();
      return offsets;
    };

    expect([await once(), await once(), await once()]).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it('serves a producer of another client that goes on', async () => {
    const other = connect(broker.address ?? '');
    const producer = other.producer();
    for (let n = 0; n < 3; n += 1) await producer.send({ topic: 'orders', value: `before ${n}` });

    await broker.reset();
    const delivery = await producer.send({ topic: 'orders', value: 'after' });

    expect(delivery.offset).toBe(0);
    expect((await broker.records('orders')).map(({ value }) => String(value))).toEqual(['after']);
    await other.close();
  });

  it('has closed what it handed out', async () => {
    const producer = broker.producer();
    await broker.reset();

    await expect(producer.send({ topic: 'orders', value: 'x' })).rejects.toMatchObject({
      code: 'PRODUCER_CLOSED',
    });
  });
});
