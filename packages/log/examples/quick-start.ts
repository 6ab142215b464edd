import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '@millrace/log';

const directory = await mkdtemp(join(tmpdir(), 'audit-'));
const log = await openLog(directory);

const { baseOffset, lastOffset } = await log.append([
  { key: 'alice', value: 'logged in' },
  { key: 'bob', value: 'logged in' },
]);
console.log(baseOffset, lastOffset); // → 0 1

await log.append({ key: 'alice', value: 'logged out' });
await log.flush();
console.log(log.flushedOffset); // → 3

for await (const record of log.records({ from: 1 })) {
  console.log(record.offset, record.key?.toString(), record.value?.toString());
}
// → 1 bob logged in
// → 2 alice logged out

await log.close();
await rm(directory, { recursive: true });
