import { startBroker } from '@millrace/broker';
import { openCluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import { createProducer } from '@millrace/producer';
import { text } from '@millrace/record';

const broker = await startBroker();
const cluster = openCluster({
  connect: broker.connect,
  bootstrap: [{ nodeId: broker.nodeId, host: 'in-process', port: 0 }],
  registry: broker.registry,
});
const producer = createProducer(cluster);
for (const value of ['first', 'second', 'third']) await producer.send({ topic: 'lines', value });

// No group: the caller names the partitions and owns its offsets.
const reader = createConsumer(cluster, {
  partitions: [{ topic: 'lines', partition: 0, from: 1 }],
  value: text,
});
for await (const record of reader) {
  console.log(`${record.offset}: ${record.value}`); // → 1: second
  break;
}
await reader.close();

// A group keeps them: asking for the next record says that the one before is done.
const member = createConsumer(cluster, { group: 'readers', topics: ['lines'], value: text });
const seen: string[] = [];
for await (const record of member) {
  seen.push(record.value);
  if (seen.length === 3) break;
}
console.log(seen.join(' ')); // → first second third
await member.commit();

await member.close();
await producer.close();
await cluster.close();
await broker.stop();
