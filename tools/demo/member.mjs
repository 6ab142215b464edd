// A consumer of the demo, in a process of its own: node member.mjs <broker,broker> <host:port/path of a ZooKeeper, or -> <group> <topic>
// Tells what it reads and which partitions it has, a line of JSON each; `leave` on stdin ends it.
import { connect } from 'millrace';

const [, , brokers, zookeeper, group, topic] = process.argv;
const tellEveryMs = 50;

const options = zookeeper === '-' ? {} : { registry: await registryAt(zookeeper) };
const client = connect(brokers, options);
const consumer = client.consumer({ group, topics: [topic], autoCommitMs: 200 });

let told = '';
let read = [];
const telling = setInterval(() => {
  const owns = consumer.positions().map(({ partition }) => partition);
  const said = JSON.stringify(owns);
  if (said === told && read.length === 0) return;
  told = said;
  process.stdout.write(`${JSON.stringify({ owns, read })}\n`);
  read = [];
}, tellEveryMs);

process.stdin.on('data', () => void consumer.close());
// Also when the demo has gone.
process.stdin.on('end', () => void consumer.close());

for await (const { partition, offset } of consumer) read.push([partition, offset]);
clearInterval(telling);
process.stdout.write(`${JSON.stringify({ owns: [], read })}\n`);
await client.close();
process.stdin.destroy();

async function registryAt(place) {
  const { zookeeperRegistry } = await import('@millrace/coordination/zookeeper');
  return zookeeperRegistry({ connect: place, sessionTimeoutMs: 4_000 });
}
