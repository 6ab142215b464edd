import { startBroker } from '@millrace/broker';
import { BatchBuilder, recordsIn } from '@millrace/record';

const broker = await startBroker(); // in memory, in this process; { dataDirectory: './data' } keeps it
const connection = await broker.connect({ nodeId: 1, host: 'in-process', port: 0 });

await connection.call('createTopics', { timeoutMs: 5_000, topics: [{ name: 'orders', partitions: 1 }] });

const batch = new BatchBuilder({ maxBytes: 64 * 1024 });
batch.tryAppend({ key: 'alice', value: 'a book' }, Date.parse('2026-01-01'));
batch.tryAppend({ key: 'bob', value: 'a lamp' }, Date.parse('2026-01-01'));
const produced = await connection.call('produce', {
  acks: 'all',
  timeoutMs: 5_000,
  partitions: [{ topic: 'orders', partition: 0, batches: batch.build() }],
});
console.log(produced.partitions[0]?.error, produced.partitions[0]?.baseOffset); // → NONE 0

const fetched = await connection.call('fetch', {
  maxWaitMs: 1_000,
  minBytes: 1,
  maxBytes: 1024 * 1024,
  partitions: [{ topic: 'orders', partition: 0, fetchOffset: 0, maxBytes: 1024 * 1024 }],
});
for (const { batches } of fetched.partitions) {
  if (!('release' in batches)) continue;
  const bytes = await batches.read(0, batches.byteLength);
  batches.release();
  for (const record of recordsIn(bytes)) console.log(record.offset, String(record.key), String(record.value));
}
// → 0 alice a book
// → 1 bob a lamp

await connection.close();
await broker.stop();
