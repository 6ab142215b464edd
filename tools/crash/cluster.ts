// `npx tsx --conditions=@millrace/source tools/crash/cluster.ts [rounds] [seed] [seconds]`: a group of processes on three
// brokers and a real ZooKeeper, under load. In each round a member joins, leaves, is killed or stopped beyond its session;
// then ZooKeeper restarts, and for so many seconds (60) nobody reaches it. Runs what is built (`npm run build`).
import { seededRandom } from '@millrace/runtime/testing';
import {
  type Activity,
  RebalanceCluster,
  sessionMs,
} from '../../packages/integration-tests/src/rebalance-cluster.ts';

const rounds = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const seconds = Number(process.argv[4] ?? 60);
const random = seededRandom(seed);
const fewest = 2;
const most = 6;

console.log(`${rounds} rounds, seed ${seed}, sessions of ${sessionMs} ms`);
const cluster = await RebalanceCluster.start();
let told = 0;
try {
  await cluster.join(3);
  for (let round = 0; round < rounds; round += 1) {
    await oneRound();
    tellFigures();
  }
  tellActivity('as usual', await cluster.asUsual(10_000));
  tellActivity('ZooKeeper restarts', await cluster.restartZookeeper());
  await cluster.recovered('ZooKeeper was started again');
  const how = random.int(2) === 0 ? 'block' : 'freeze';
  tellActivity(
    how === 'block' ? 'ZooKeeper refuses everybody' : 'ZooKeeper answers nobody',
    await cluster.cutZookeeper(seconds * 1_000, how),
  );
  await cluster.recovered('ZooKeeper was reached again', { anew: seconds * 1_000 > sessionMs * 2 });
  await cluster.join();
  tellFigures();
  const { wrong, delivered, repeated, late } = await cluster.finish();
  console.log(
    `${delivered} records handed out, ${repeated} of them again, ${late} by members that were stopped before they learnt that another had taken over`,
  );
  for (const one of wrong) console.log(`WRONG: ${one}`);
  if (wrong.length > 0) process.exitCode = 1;
  else console.log('0 lost, none out of order, never two owners of a partition in one generation');
} finally {
  await cluster.remove();
}

async function oneRound(): Promise<void> {
  const changes = [
    ...(cluster.size < most ? [() => cluster.join()] : []),
    ...(cluster.size > fewest ? [() => cluster.leave(anyone()), () => cluster.kill(anyone())] : []),
    stop,
  ];
  await changes[random.int(changes.length)]?.();
}

async function stop(): Promise<void> {
  const answer = await cluster.pauseBeyondSession(anyone());
  if (answer !== 'NOT_ASSIGNED')
    throw new Error(`the commit of one that was stopped was answered: ${answer}`);
}

function anyone(): number {
  return random.int(cluster.size);
}

function tellFigures(): void {
  for (const { what, ms } of cluster.figures.slice(told))
    console.log(`${String(ms).padStart(6)} ms  ${what}`);
  told = cluster.figures.length;
}

function tellActivity(what: string, activity: Activity): void {
  const { seconds, acknowledged, fewestAcknowledged, delivered, brokerCpu, memberCpu } = activity;
  console.log(
    `${what}, ${seconds.toFixed(1)} s: ${acknowledged} records acknowledged (${fewestAcknowledged} or more of each partition), ` +
      `${delivered} handed out; the busiest broker used ${percent(brokerCpu)} of a core, the busiest member ${percent(memberCpu)}`,
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
