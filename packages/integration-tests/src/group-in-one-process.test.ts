import { openCluster } from '@millrace/client';
import { createConsumer } from '@millrace/consumer';
import { type MemorySession, memoryRegistry, type OpenRegistry } from '@millrace/coordination';
import { inProcessConnector } from '@millrace/transport';
import { connect, startBroker } from 'millrace';
import { numberedLines } from './log-lines.ts';

interface Seen {
  readonly owner: number;
  readonly key: string;
  readonly line: string;
  readonly partition: number;
  readonly offset: number;
}

describe('three members of a group in one process', () => {
  it('deliver every line, each owner in order by key, though a session expires', async () => {
    const registry = memoryRegistry();
    const broker = await startBroker({ registry: registry.open });
    const client = connect(broker);
    await client.createTopic('lines', { partitions: 4 });
    const lines = numberedLines(3_000);
    const seen: Seen[] = [];
    const delivered = new Set<string>();
    const sessions: MemorySession[] = [];

    const members = [0, 1, 2].map((owner) => {
      const open: OpenRegistry = () => {
        const session = registry.session();
        if (owner === 1) sessions.push(session);
        return Promise.resolve(session);
      };
      const cluster = openCluster({
        connect: inProcessConnector(broker.api),
        bootstrap: [{ host: 'in-process', port: 0 }],
        registry: open,
      });
      const consumer = createConsumer(cluster, { group: 'counters', topics: ['lines'], autoCommitMs: 50 });
      const read = async (): Promise<void> => {
        for await (const record of consumer) {
          const line = record.value?.toString() ?? '';
          seen.push({
            owner,
            key: record.key?.toString() ?? '',
            line,
            partition: record.partition,
            offset: record.offset,
          });
          delivered.add(line);
          if (delivered.size === lines.length) break;
        }
      };
      return { cluster, consumer, done: read() };
    });

    const producer = client.producer();
    const sends = lines.map((line, i) =>
      producer.send({ topic: 'lines', key: `key-${i % 40}`, value: line }),
    );
    await Promise.all(sends.slice(0, 1_500));
    while (seen.every(({ owner }) => owner !== 1)) await new Promise((resolve) => setTimeout(resolve, 5));
    sessions.at(-1)?.expire();
    await Promise.all(sends);

    const deadline = performance.now() + 20_000;
    while (delivered.size < lines.length && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(members.map(({ consumer }) => consumer.close()));
    await Promise.all(members.map(({ done }) => done));

    expect(delivered.size).toBe(lines.length);
    for (const owner of [0, 1, 2]) expect(outOfOrder(seen.filter((one) => one.owner === owner))).toEqual([]);
    await Promise.all(members.map(({ cluster }) => cluster.close()));
    await client.close();
    await broker.stop();
  }, 40_000);
});

/** Lines that an owner saw after a later one of the same key; going back to a committed offset after a new claim starts a new run. */
function outOfOrder(seen: readonly Seen[]): string[] {
  const lastOffset = new Map<number, number>();
  const lastNumber = new Map<string, number>();
  const wrong: string[] = [];
  for (const { key, line, partition, offset } of seen) {
    const number = Number(line.split(' ')[0]);
    const rewound = offset <= (lastOffset.get(partition) ?? -1);
    if (!rewound && number <= (lastNumber.get(key) ?? -1)) wrong.push(line);
    lastOffset.set(partition, offset);
    lastNumber.set(key, number);
  }
  return wrong;
}
