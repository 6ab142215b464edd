// A durable, ordered log in a folder: no broker, no topics, no server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '@millrace/log';

const directory = await mkdtemp(join(tmpdir(), 'audit-'));
const log = await openLog(directory);

// A reader that follows: what is appended later comes as well, until the signal.
const stop = new AbortController();
const following = (async () => {
  for await (const record of log.records({ from: 0, follow: true, signal: stop.signal })) {
    console.log(`${record.offset} ${String(record.key)}: ${String(record.value)}`);
    if (record.offset === 2) stop.abort();
  }
})();
// → 0 alice: logged in
// → 1 bob: logged in
// → 2 alice: logged out

await log.append({ key: 'alice', value: 'logged in' });
await log.append([
  { key: 'bob', value: 'logged in' },
  { key: 'alice', value: 'logged out' },
]);
await following;

await log.flush();
console.log(`a power cut leaves ${log.flushedOffset} of ${log.endOffset} records`); // → a power cut leaves 3 of 3 records

// Closed and opened again, it goes on where it was; reading begins wherever you say.
await log.close();
const again = await openLog(directory);
await again.append({ key: 'bob', value: 'logged out' });
for await (const record of again.records({ from: 2 })) console.log(record.offset, String(record.key));
// → 2 alice
// → 3 bob

await again.close();
await rm(directory, { recursive: true });
