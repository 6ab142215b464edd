import { partitions, RebalanceCluster } from './rebalance-cluster.ts';
import { describeWithZookeeper } from './zookeeper-server.ts';

describeWithZookeeper('a group of processes', () => {
  let cluster: RebalanceCluster;

  beforeAll(async () => {
    cluster = await RebalanceCluster.start();
  }, 60_000);
  afterAll(() => cluster?.remove(), 60_000);

  it('is', async () => {
    const log: unknown[] = [];
    try {
      await cluster.join(3);
      await cluster.join();
      await cluster.leave(1);
      await cluster.kill(0);
      await cluster.join();
      log.push(await cluster.pauseBeyondSession(0));
      log.push(await cluster.restartZookeeper());
      await cluster.recovered('ZooKeeper was started again');
      log.push(await cluster.cutZookeeper(6_000, 'block'));
      await cluster.recovered('ZooKeeper was reached again');
      await cluster.join();
      log.push(await cluster.finish());
    (await import('node:fs')).writeFileSync('/tmp/reb-events.json', JSON.stringify((cluster as any).debug()));
 } catch (e) {
      console.log(String(e));
      throw e;
    } finally {
      console.log(JSON.stringify([cluster.figures, log, partitions], null, 1));
    }
  }, 180_000);
});
