import { type Activity, RebalanceCluster, sessionMs } from './rebalance-cluster.ts';
import { describeWithZookeeper } from './zookeeper-server.ts';

/** Everything is owned again so long after a session has ended, on a busy machine; docs/benchmarks/groups.md has figures. */
const settledMs = 10_000;
/** Of one core, more than without a fault. */
const spinning = 0.4;

describeWithZookeeper('a group of processes on three brokers and a real ZooKeeper, under load', () => {
  let cluster: RebalanceCluster;
  let usual: Activity;

  beforeAll(async () => {
    cluster = await RebalanceCluster.start();
    await cluster.join(3);
  }, 60_000);
  afterAll(() => cluster?.remove(), 60_000);

  /** What stood still or spun. */
  const faultsOf = ({ fewestAcknowledged, delivered, brokerCpu, memberCpu }: Activity): string[] => [
    ...(fewestAcknowledged > 10 ? [] : [`a partition took ${fewestAcknowledged} records`]),
    ...(delivered > 100 ? [] : [`${delivered} records were handed out`]),
    ...(brokerCpu < usual.brokerCpu + spinning ? [] : [`a broker used ${brokerCpu} of a core`]),
    ...(memberCpu < usual.memberCpu + spinning ? [] : [`a member used ${memberCpu} of a core`]),
  ];

  it('shares the partitions anew when one joins, leaves or is killed with kill -9', async () => {
    await cluster.join();
    await cluster.leave(1);
    await cluster.kill(0);
    await cluster.join();
    usual = await cluster.asUsual(1_000);

    for (const { ms } of cluster.figures) expect(ms).toBeLessThan(sessionMs + settledMs);
  }, 90_000);

  it('takes over from one that is stopped, and refuses its commit when it goes on', async () => {
    expect(await cluster.pauseBeyondSession(0)).toBe('NOT_ASSIGNED');
  }, 90_000);

  it('goes on while ZooKeeper restarts', async () => {
    expect(faultsOf(await cluster.restartZookeeper())).toEqual([]);
    await cluster.recovered('ZooKeeper was started again');
  }, 90_000);

  it('goes on, and nothing spins, while nobody reaches ZooKeeper until all sessions have ended', async () => {
    expect(faultsOf(await cluster.cutZookeeper(sessionMs + 1_500, 'block'))).toEqual([]);
    await cluster.recovered('ZooKeeper was reached again', { anew: true });

    // Whoever joins now gets a share.
    await cluster.join();
  }, 90_000);

  it('has had every acknowledged record, in order, and never two owners of a partition in a generation', async () => {
    const { wrong, delivered } = await cluster.finish();

    expect(wrong).toEqual([]);
    expect(delivered).toBeGreaterThan(1_000);
  }, 90_000);
});
