import { join } from 'node:path';
import { paths } from '@millrace/coordination';
import { connect } from 'millrace';
import { ClusterProcess, ended, until } from './cluster-process.ts';
import { freeAddress, millrace } from './millrace-process.ts';
import { describeWithZookeeper, ZookeeperServer } from './zookeeper-server.ts';
import { Sessions } from './zookeeper-sessions.ts';

describeWithZookeeper('a cluster on a real ZooKeeper', () => {
  let server: ZookeeperServer;
  let cluster: ClusterProcess;
  let zookeeper: string;
  const sessions = new Sessions();

  beforeAll(async () => {
    server = await ZookeeperServer.start();
    zookeeper = `${server.address}/made/when/missing`;
    cluster = await ClusterProcess.start(zookeeper, 2);
  }, 60_000);
  afterEach(() => sessions.close());
  afterAll(async () => {
    await cluster?.remove();
    await server?.stop();
  });

  const at = (nodeId: number) => ['--broker', cluster.addressOf(nodeId)];

  it('is made where nothing was, and each broker says where and as whom it joined', () => {
    for (const nodeId of [1, 2]) {
      expect(cluster.outputOf(nodeId)).toMatch(
        new RegExp(`Cluster +broker ${nodeId}, [12] brokers? live, ZooKeeper ${zookeeper}\n`),
      );
    }
  });

  it('refuses a node id that a live broker has, and says whose it is', async () => {
    const other = cluster.startUnwaited(1, zookeeper, join(cluster.directoryOf(1), '../other'));

    expect(await other.ended).toBe(1);
    // Its port is taken first, as it is one machine.
    expect(other.stderr()).toContain('is in use');
    const elsewhere = await ended(
      ...['start', '--zookeeper', zookeeper, '--node-id', '1', '--listen', await freeAddress()],
      ...['--dir', join(cluster.directoryOf(1), '../other')],
    );
    expect(elsewhere.code).toBe(1);
    expect(elsewhere.stderr).toMatch(
      new RegExp(
        `node id 1 is taken by a broker at ${cluster.addressOf(1)} \\(host \\S+, pid ${cluster.pidOf(1)}\\)\nhint: .*--node-id`,
      ),
    );
  });

  it('takes over the node id of a broker that was killed once its session has ended', async () => {
    await cluster.end(2, 'SIGKILL');

    await cluster.start(2);

    await until('it has said for whom it waited', () => cluster.outputOf(2).includes('waiting'));
    expect(cluster.outputOf(2)).toMatch(
      /warning: node id 2 is taken by .* its session ends within seconds: waiting/,
    );
  }, 60_000);

  it('tells who asks a broker for groups which ZooKeeper to give', async () => {
    await ended('topic', 'create', 'asked', '--partitions', '1', ...at(1));

    const asked = await ended('consume', 'asked', '--group', 'g', ...at(1));
    const listed = await ended('group', 'ls', ...at(2));

    expect([asked.code, listed.code]).toEqual([1, 1]);
    for (const { stderr } of [asked, listed]) expect(stderr).toContain(`--zookeeper ${zookeeper}`);
  });

  it('has groups for who gives the ZooKeeper, and brokers for who gives nothing else', async () => {
    await ended('topic', 'create', 'lines', '--partitions', '4', ...at(1));
    await ended('produce', 'lines', 'a', 'b', 'c', '--zookeeper', zookeeper);

    const read = await ended('consume', 'lines', '--group', 'g', '--max', '3', '--zookeeper', zookeeper);
    const groups = await ended('group', 'ls', '--zookeeper', zookeeper);

    expect([read.code, read.stderr]).toEqual([0, '']);
    expect(read.stdout.trimEnd().split('\n').sort()).toEqual(['a', 'b', 'c']);
    expect(JSON.parse(groups.stdout)).toMatchObject({ group: 'g', lag: 0 });
    const client = connect(cluster.addressOf(1), { registry: sessions.at(zookeeper) });
    const values: string[] = [];
    for await (const records of client
      .consumer({ group: 'h', topics: ['lines'], from: 'earliest' })
      .batches()) {
      values.push(...records.map(({ value }) => String(value)));
      if (values.length === 3) break;
    }
    await client.close();
    expect(values.sort()).toEqual(['a', 'b', 'c']);
  }, 60_000);

  it('takes more partitions than brokers', async () => {
    const { code, stderr } = await ended('topic', 'create', 'many', '--partitions', '50', ...at(2));

    expect([code, stderr]).toEqual([0, 'made topic many with 50 partitions\n']);
  });

  it('names a node that cannot be read, and serves everything else', async () => {
    const session = await sessions.at(zookeeper)();
    await session.create(paths.topic('garbage'), Buffer.from([0xff, 0xfe]));
    await session.create(paths.broker(77), Buffer.from('{}'), { ephemeral: true });
    await until('a broker has seen the one', () => cluster.outputOf(1).includes('/brokers/77'));
    await until('and the other', () => cluster.outputOf(1).includes('path="/topics/garbage"'));

    const made = await ended('topic', 'create', 'fine', ...at(1));
    const shown = await ended('cluster', '--zookeeper', zookeeper);

    expect(made.code).toBe(0);
    expect(cluster.outputOf(1)).toMatch(
      /error: a node of the registry cannot be read.*path="\/topics\/garbage"/,
    );
    expect(JSON.parse(shown.stdout)).toMatchObject({
      unreadable: [
        { path: '/brokers/77', reason: 'nodeId is missing, not a whole number from 0' },
        { path: '/topics/garbage', reason: 'the value is not JSON' },
      ],
    });
  }, 60_000);

  it('is told when no broker is there', async () => {
    const empty = `${server.address}/nobody`;

    const read = await ended('consume', 'lines', '--zookeeper', empty);
    const shown = await ended('cluster', '--zookeeper', empty);

    expect(read.code).toBe(4);
    expect(read.stderr).toContain(`no broker is registered in the ZooKeeper at ${empty}`);
    expect([shown.code, JSON.parse(shown.stdout)]).toEqual([0, { brokers: [], topics: [], unreadable: [] }]);
  });

  it('is waited for thirty seconds where ZooKeeper does not answer, and then given up', async () => {
    const nowhere = await freeAddress();
    const begun = performance.now();
    const place = [
      '--zookeeper',
      nowhere,
      '--listen',
      '127.0.0.1:0',
      '--dir',
      join(cluster.directoryOf(1), '../x'),
    ];
    const broker = millrace(['start', ...place]);
    const reader = millrace(['group', 'ls', '--zookeeper', nowhere]);
    const impatient = millrace([
      'start',
      ...place.slice(0, 4),
      '--dir',
      join(cluster.directoryOf(1), '../y'),
    ]);

    await until('it says so', () => impatient.stderr().includes('ZooKeeper does not answer; trying again'));
    impatient.process.kill('SIGINT');
    expect(await impatient.ended).toBe(130);
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(await Promise.all([broker.ended, reader.ended])).toEqual([4, 4]);

    expect(performance.now() - begun).toBeGreaterThan(29_000);
    for (const { stderr } of [broker, reader])
      expect(stderr()).toContain(`error: no ZooKeeper answered at ${nowhere} for 30000 ms\nhint: `);
  }, 90_000);
});
