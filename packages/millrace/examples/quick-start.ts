import { connect, json, startBroker } from 'millrace';

interface Order {
  id: number;
  total: number;
}

// In memory and in this process alone. `{ dataDirectory: './data' }` keeps it, `{ listeners: [{ port: 9292 }] }` opens a port.
const broker = await startBroker();
const client = connect(broker); // or connect('127.0.0.1:9292')

await client
  .producer({ value: json<Order>() })
  .send({ topic: 'orders', key: 'a', value: { id: 1, total: 9 } });

const orders = client.consumer({ group: 'billing', topics: ['orders'], value: json<Order>() });
for await (const order of orders) {
  console.log(`${order.topic}-${order.partition}@${order.offset}: ${order.value.total}`); // → orders-0@0: 9
  break; // A service would go on: asking for the next record says that this one is done.
}

await client.close();
await broker.stop();
