// A real log → a topic of six partitions → three consumers of one group → counts.
//   npx tsx web-log.ts /var/log/nginx/access.log        a web server's log: how often each status
//   npx tsx web-log.ts /var/log/dpkg.log                any other: how often each third word
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, startBroker, text } from 'millrace';

const file = process.argv[2] ?? '/var/log/dpkg.log';
const broker = await startBroker();
const client = connect(broker);
await client.createTopic('lines', { partitions: 6 });

/** Each counts what it is given; together they see every line. */
const counters = Array.from({ length: 3 }, () => ({
  consumer: client.consumer({ group: 'counters', topics: ['lines'], value: text }),
  counts: new Map<string, number>(),
  lines: 0,
}));
let left = Number.POSITIVE_INFINITY;
const allCounted = Promise.all(
  counters.map(async (counter) => {
    for await (const { value } of counter.consumer) {
      const what = /" (\d{3}) /.exec(value)?.[1] ?? value.split(' ')[2] ?? '-';
      counter.counts.set(what, (counter.counts.get(what) ?? 0) + 1);
      counter.lines += 1;
      left -= 1;
      if (left === 0) await closeAll();
    }
  }),
);

const producer = client.producer({ value: text });
const lines = createInterface({ input: createReadStream(file) });
let sent = 0;
lines.on('line', (line) => {
  sent += 1;
  const [host, , , name] = line.split(' ');
  // What has the same key goes to the same partition, and stays in order there.
  void producer.send({ topic: 'lines', key: (line.includes('"') ? host : name) ?? '', value: line });
});
await once(lines, 'close');
await producer.flush();
const counted = counters.reduce((sum, counter) => sum + counter.lines, 0);
left = sent - counted;
if (left === 0) await closeAll();
await allCounted;

const total = new Map<string, number>();
for (const { counts } of counters)
  for (const [what, count] of counts) total.set(what, (total.get(what) ?? 0) + count);
for (const [what, count] of [...total].sort(([, a], [, b]) => b - a)) console.log(`${count} ${what}`);
console.log(
  `${sent} lines, counted by three consumers: ${counters.map((counter) => counter.lines).join(' + ')}`,
);

await client.close();
await broker.stop();

async function closeAll(): Promise<void> {
  await Promise.all(counters.map(({ consumer }) => consumer.close()));
}
