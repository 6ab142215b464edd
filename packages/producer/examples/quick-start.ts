import { startBroker } from '@millrace/broker';
import { openCluster } from '@millrace/client';
import { createProducer } from '@millrace/producer';
import { json } from '@millrace/record';

const broker = await startBroker();
const cluster = openCluster({
  connect: broker.connect,
  bootstrap: [{ nodeId: broker.nodeId, host: 'in-process', port: 0 }],
});
const producer = createProducer(cluster, { value: json<{ amount: number }>() });

const delivery = await producer.send({ topic: 'orders', key: 'customer-7', value: { amount: 12 } });
console.log(`${delivery.topic}-${delivery.partition} at ${delivery.offset}`); // → orders-0 at 0

// Sends of one turn go together; each resolves with its own offset, in the order of the calls.
const more = await Promise.all(
  [30, 4].map((amount) => producer.send({ topic: 'orders', key: 'customer-7', value: { amount } })),
);
console.log(more.map(({ offset }) => offset)); // → [ 1, 2 ]

await producer.close();
await cluster.close();
await broker.stop();
