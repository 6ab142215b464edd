import { connect, json } from 'millrace';
import { startTestBroker, type TestBroker } from 'millrace/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

interface Order {
  id: number;
  total: number;
}

let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker({ listen: true });
});
beforeEach(() => broker.reset()); // no topics, no groups: as new
afterAll(() => broker.close());

test('an order from elsewhere arrives', async () => {
  const elsewhere = connect(broker.address ?? ''); // over TCP, as another process would

  await elsewhere.producer({ value: json<Order>() }).send({ topic: 'orders', value: { id: 1, total: 9 } });

  const [order] = await broker.records('orders', { value: json<Order>() });
  expect(order?.value).toEqual({ id: 1, total: 9 });
  await elsewhere.close();
});

test('and the next test knows nothing of it', async () => {
  expect(await broker.topics()).toEqual([]);
});
