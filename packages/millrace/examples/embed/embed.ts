import { connect, json, startBroker } from 'millrace';

const client = connect(await startBroker({ dataDirectory: process.argv[2] ?? './data' }));
await client.producer({ value: json<{ total: number }>() }).send({ topic: 'orders', value: { total: 9 } });
const orders = client.consumer({ group: 'billing', topics: ['orders'], value: json<{ total: number }>() });
for await (const order of orders) {
  console.log(`order ${order.offset}: ${order.value.total}`);
  await orders.commit(order);
}
