import { createBrokerCore } from '@millrace/broker-core';
import { memoryRegistry } from '@millrace/coordination';
import { openLogDirectory } from '@millrace/log';
import { memoryFileSystem } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';

const world = { ...nodeWorld, files: memoryFileSystem() };
const logs = await openLogDirectory('/data', {}, world);
const registry = memoryRegistry(world);

// Two brokers that share a registry are a cluster.
const one = createBrokerCore({ nodeId: 1, logs, registry: registry.open }, world);
const otherLogs = await openLogDirectory('/other', {}, world);
const two = createBrokerCore({ nodeId: 2, logs: otherLogs, registry: registry.open }, world);
await one.start();
await two.start();

// What a connection tells a handler of itself.
const context = { signal: new AbortController().signal, clientId: 'me', connectionId: 1, listener: 'none' };
const topics = [{ name: 'orders', partitions: 4 }];
const created = await one.api.createTopics({ timeoutMs: 5_000, topics }, context);
console.log(created.topics[0]?.name, created.topics[0]?.error); // → orders NONE

const metadata = await one.api.metadata({ topics: ['orders'] }, context);
for (const { partition, leader } of metadata.topics[0]?.partitions ?? []) {
  console.log(`orders-${partition} is led by broker ${leader}`);
}
// → orders-0 is led by broker 1
// → orders-1 is led by broker 2
// → orders-2 is led by broker 1
// → orders-3 is led by broker 2

await Promise.all([one.stop(), two.stop()]);
await Promise.all([logs.close(), otherLogs.close()]);
