import { startBroker } from '@millrace/broker';
import { openCluster } from '@millrace/client';

const broker = await startBroker();
const cluster = openCluster({
  connect: broker.connect,
  bootstrap: [{ nodeId: broker.nodeId, host: 'in-process', port: 0 }],
});

await cluster.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders', partitions: 3 }] });
console.log(await cluster.partitionsOf('orders')); // → 3

const leader = await cluster.leaderOf('orders', 2);
const end = await leader.connection.call('listOffsets', {
  partitions: [{ topic: 'orders', partition: 2, at: 'latest' }],
});
console.log(end.partitions[0]?.offset); // → 0

await cluster.close();
await broker.stop();
