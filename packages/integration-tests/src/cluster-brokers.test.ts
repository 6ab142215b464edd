import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Producer } from 'millrace';
import { ClusterProcess, ended, until } from './cluster-process.ts';
import { describeWithZookeeper, ZookeeperServer } from './zookeeper-server.ts';

const partitions = 12;
/** Longer than any look of a broker or client at the others takes here, much shorter than a session. */
const longestPauseMs = 3_000;

describeWithZookeeper('three brokers on a real ZooKeeper', () => {
  let server: ZookeeperServer;
  let cluster: ClusterProcess;
  let count = 0;

  beforeAll(async () => {
    server = await ZookeeperServer.start();
  });
  beforeEach(async () => {
    count += 1;
    cluster = await ClusterProcess.start(`${server.address}/clusters/${count}`, 3);
  }, 60_000);
  afterEach(() => cluster.remove());
  afterAll(() => server?.stop());

  const at = (nodeId: number) => ['--broker', cluster.addressOf(nodeId)];

  it('go on without the one that is killed, and have all that was acknowledged when it is back', async () => {
    await ended('topic', 'create', 'orders', '--partitions', String(partitions), ...at(1));
    const client = connect(cluster.addressOf(2));
    const writers = Array.from({ length: partitions }, (_, partition) => new Writer(partition));
    const running = writers.map((writer) => writer.run(client.producer()));
    await until('all partitions take records', () => writers.every(({ acknowledged }) => acknowledged > 20));

    await cluster.end(2, 'SIGKILL');
    const before = writers.map(({ acknowledged }) => acknowledged);
    await until('the loss is seen', async () => (await offlineAt(cluster, 1)).length === 4);
    const offline = await offlineAt(cluster, 3);
    const others = writers.filter(({ partition }) => !offline.includes(partition));
    const reached = others.map(({ acknowledged }) => acknowledged);
    await until('the others go on', () =>
      others.every(({ acknowledged }, index) => acknowledged > (reached[index] ?? 0) + 20),
    );
    const stalled = writers.filter(({ partition }) => offline.includes(partition));
    const during = stalled.map(({ acknowledged }) => acknowledged);
    await cluster.start(2);
    await until('all partitions take records again', () =>
      stalled.every(({ acknowledged }, index) => acknowledged > (during[index] ?? 0) + 20),
    );
    for (const writer of writers) writer.stop();
    await Promise.all(running);
    await client.close();

    // One record of each may have been answered just before the kill.
    for (const [index, writer] of stalled.entries())
      expect((during[index] ?? 0) - (before[writer.partition] ?? 0)).toBeLessThanOrEqual(1);
    for (const { longestGapMs } of others) expect(longestGapMs).toBeLessThan(longestPauseMs);
    const { stdout } = await ended('consume', 'orders', '--to-end', ...at(3));
    const lines = stdout.trimEnd().split('\n');
    for (const { partition, acknowledged } of writers) {
      const own = lines.filter((line) => line.startsWith(`${partition}:`));
      expect(own).toEqual(Array.from({ length: acknowledged }, (_, number) => `${partition}:${number}`));
    }
  }, 120_000);

  it('say who is gone and what is offline for that, asked for anywhere', async () => {
    await ended('topic', 'create', 'orders', '--partitions', '6', ...at(3));
    await cluster.end(1, 'SIGKILL');
    await until('the loss is seen', async () => (await offlineAt(cluster, 2)).length === 2);

    const [fromBroker, fromZookeeper] = await Promise.all([
      described(...at(3)),
      described('--zookeeper', cluster.zookeeper),
    ]);

    for (const { brokers, topics, controller } of [fromBroker, fromZookeeper]) {
      expect(brokers.map(({ nodeId, state }) => `${nodeId} ${state}`)).toEqual([
        '1 gone',
        '2 live',
        '3 live',
      ]);
      expect(brokers[1]?.addresses).toEqual([cluster.addressOf(2)]);
      expect([2, 3]).toContain(controller);
      const reasons = topics[0]?.partitions.flatMap(({ offline }) => offline ?? []);
      expect(reasons).toEqual([0, 1].map(() => expect.stringMatching(/^leader 1 is not there since \d+ s$/)));
    }
  }, 60_000);

  it('delete the files of a topic that was removed while one of them was away, when it returns', async () => {
    await ended('topic', 'create', 'orders', '--partitions', '3', ...at(1));
    await ended('topic', 'create', 'kept', '--partitions', '3', ...at(1));
    await cluster.end(3, 'SIGKILL');

    const removed = await ended('topic', 'rm', 'orders', '--yes', ...at(1));
    const again = await ended('topic', 'create', 'orders', '--partitions', '1', ...at(2));
    const whileAway = logsOf(cluster, 3);
    await cluster.start(3);

    expect([removed.code, again.code]).toEqual([0, 0]);
    expect(whileAway.filter((name) => name.startsWith('orders'))).toHaveLength(1);
    await until('its files are gone', () => !logsOf(cluster, 3).some((name) => name.startsWith('orders')));
    expect(logsOf(cluster, 3).filter((name) => name.startsWith('kept'))).toHaveLength(1);
  }, 60_000);

  it('keep and name the data that their ZooKeeper does not know, and give it to no other topic', async () => {
    await ended('topic', 'create', 'orders', '--partitions', '3', ...at(1));
    await ended('produce', 'orders', 'precious', '--partition', '0', ...at(1));
    await cluster.endAll('SIGTERM');
    const before = [1, 2, 3].map((nodeId) => logsOf(cluster, nodeId));

    // As if ZooKeeper had been wiped.
    await cluster.startAll(`${server.address}/wiped/${count}`);
    for (const [index, logs] of before.entries())
      for (const log of logs)
        await until(`${log} is named`, () =>
          cluster.outputOf(index + 1).includes(`no partition of this broker claims (log="${log}"`),
        );
    await ended('topic', 'create', 'orders', '--partitions', '3', ...at(1));
    await until('it is refused', () => cluster.outputOf(1).includes('belongs to'));
    const shown = await ended('cluster', ...at(1));
    await cluster.endAll('SIGTERM');

    expect([1, 2, 3].map((nodeId) => logsOf(cluster, nodeId))).toEqual(before);
    const offline: (string | undefined)[] = JSON.parse(shown.stdout)
      .topics.find(({ name }: { name: string }) => name === 'orders')
      .partitions.map((partition: { offline?: string }) => partition.offline);
    expect(offline).toEqual(
      Array(3).fill(expect.stringMatching(/^leader [123] cannot serve it: .*belongs to/)),
    );
    await cluster.startAll();
    expect((await ended('consume', 'orders', '--to-end', ...at(2))).stdout).toBe('precious\n');
  }, 90_000);
});

/** Writes `partition:number` into its partition, one record after the other. */
class Writer {
  readonly partition: number;
  acknowledged = 0;
  longestGapMs = 0;
  #stopped = false;

  constructor(partition: number) {
    this.partition = partition;
  }

  async run(producer: Producer): Promise<void> {
    let last: number | undefined;
    while (!this.#stopped) {
      const value = `${this.partition}:${this.acknowledged}`;
      await producer.send({ topic: 'orders', partition: this.partition, value });
      this.acknowledged += 1;
      const now = performance.now();
      if (last !== undefined) this.longestGapMs = Math.max(this.longestGapMs, now - last);
      last = now;
    }
    await producer.close();
  }

  stop(): void {
    this.#stopped = true;
  }
}

interface Described {
  readonly controller?: number;
  readonly brokers: readonly { nodeId: number; state: string; addresses: string[] }[];
  readonly topics: readonly { partitions: readonly { partition: number; offline?: string }[] }[];
}

async function described(...place: string[]): Promise<Described> {
  const { stdout } = await ended('cluster', ...place);
  return JSON.parse(stdout) as Described;
}

/** Partitions of the only topic that this broker says are offline. */
async function offlineAt(cluster: ClusterProcess, nodeId: number): Promise<number[]> {
  const { topics } = await described('--broker', cluster.addressOf(nodeId));
  return (topics[0]?.partitions ?? []).flatMap(({ partition, offline }) =>
    offline?.includes('since') ? [partition] : [],
  );
}

function logsOf(cluster: ClusterProcess, nodeId: number): string[] {
  const directory = cluster.directoryOf(nodeId);
  return existsSync(directory)
    ? readdirSync(directory).filter((name) => existsSync(join(directory, name, 'log.metadata')))
    : [];
}
