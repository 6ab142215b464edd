import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBrokerCore } from '@millrace/broker-core';
import { memoryRegistry } from '@millrace/coordination';
import { openLogDirectory } from '@millrace/log';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { inProcessConnector, listenTcp, tcpConnector } from '@millrace/transport';

const directory = await mkdtemp(join(tmpdir(), 'compose-'));
const logs = await openLogDirectory(directory);
const registry = memoryRegistry();
const core = createBrokerCore({ logs, registry: registry.open });

const native = await listenTcp({ codec: msgpackCodec(), api: core.api });
await core.start({ [native.name]: native.endpoint }); // registers what was really bound

const near = await inProcessConnector(core.api)({ nodeId: 1, host: 'in-process', port: 0 });
const far = await tcpConnector({ codec: msgpackCodec() })({ nodeId: undefined, ...native.endpoint });
await near.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders', partitions: 3 }] });

const { topics, brokers } = await far.call('metadata', {});
console.log(topics.map(({ name, partitions }) => `${name}: ${partitions.length} partitions`)[0]); // → orders: 3 partitions
console.log(brokers[0]?.port === native.endpoint.port); // → true

await Promise.all([near.close(), far.close()]);
await core.stop();
await native.close();
await logs.close();
await rm(directory, { recursive: true });
