// What `startBroker` and `connect` do, by hand: each part can be another one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBrokerCore } from '@millrace/broker-core';
import { openCluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import { memoryRegistry } from '@millrace/coordination';
import { openLogDirectory } from '@millrace/log';
import { createProducer } from '@millrace/producer';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { text } from '@millrace/record';
import { inProcessConnector, listenTcp, tcpConnector } from '@millrace/transport';

// The broker: logs, a registry, the core that decides, and as many doors as you like.
const directory = await mkdtemp(join(tmpdir(), 'compose-'));
const logs = await openLogDirectory(directory);
const registry = memoryRegistry();
const core = createBrokerCore({ logs, registry: registry.open });
const codec = msgpackCodec();
const inside = await listenTcp({ listener: 'inside', codec, api: core.api });
const outside = await listenTcp({ listener: 'outside', codec, api: core.api });
await core.start({ inside: inside.endpoint, outside: outside.endpoint }); // registers what was really bound

// A client in this process: function calls, nothing copied.
const near = openCluster({
  connect: inProcessConnector(core.api),
  bootstrap: [{ nodeId: 1, host: 'in-process', port: 0 }],
  registry: registry.open,
});
const producer = createProducer(near, { key: text, value: text });
const { partition, offset } = await producer.send({ topic: 'orders', key: 'a', value: 'a book' });
console.log(`written to orders-${partition}@${offset}`); // → written to orders-0@0

// Another by TCP, through the second door: it is told the address of the door that it came by.
const { host, port } = outside.endpoint;
const far = openCluster({ connect: tcpConnector({ codec }), bootstrap: [`${host}:${port}`] });
const { brokers } = await far.call('metadata', {});
console.log(brokers[0]?.port === port); // → true
const consumer = createConsumer(far, { partitions: [{ topic: 'orders', partition: 0 }], value: text });
for await (const record of consumer) {
  console.log(record.value); // → a book
  break;
}

await Promise.all([producer.close(), consumer.close()]);
await Promise.all([near.close(), far.close()]);
await core.stop();
await Promise.all([inside.close(), outside.close()]);
await logs.close();
await rm(directory, { recursive: true });
