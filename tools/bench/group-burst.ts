// `npx tsx --conditions=@millrace/source tools/bench/group-burst.ts`: consumers that join a group in a burst. How many
// assignments are made, and what is asked of the registry, with the leader's pause for the burst and without it. On the
// memory registry, and on a real ZooKeeper where there is one. `MEMBERS=10,30,100`, `PARTITIONS=200`.
import { memoryRegistry, type OpenRegistry, paths, registryGroups, topicNode } from '@millrace/coordination';
import { zookeeperRegistry } from '@millrace/coordination/zookeeper';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import {
  ZookeeperServer,
  zookeeperClassPath,
} from '../../packages/integration-tests/src/zookeeper-process.ts';
import { type Calls, counting } from './group-burst-calls.ts';

const sizes = (process.env['MEMBERS'] ?? '10,30,100').split(',').map(Number);
const partitions = Number(process.env['PARTITIONS'] ?? 200);
/** As processes do that are started together. */
const apartMs = 5;

/** A clock on which pauses of the leader (100 ms) take no time, and those that wait for a dead member do. */
const hasty: World = {
  ...nodeWorld,
  clock: {
    ...nodeWorld.clock,
    sleep: (ms, signal) => (ms <= 100 ? Promise.resolve() : nodeWorld.clock.sleep(ms, signal)),
  },
};

interface Burst {
  readonly generations: number;
  readonly calls: Calls;
  readonly ms: number;
}

async function burst(open: OpenRegistry, members: number, world: World): Promise<Burst> {
  const setUp = await open();
  const group = `burst-${members}-${Math.random()}`;
  const topic = {
    name: 'burst',
    id: 'burst-id',
    replicas: Array.from({ length: partitions }, () => [1]),
    config: {},
    writer: 'bench',
  };
  if ((await setUp.get(paths.topic('burst'))) === undefined)
    await setUp.create(paths.topic('burst'), topicNode.encode(topic));
  const { calls, opened } = counting(open);
  const groups = registryGroups(opened, world);
  const began = performance.now();
  const joining = Array.from({ length: members }, async (_, at) => {
    await nodeWorld.clock.sleep(at * apartMs);
    const member = await groups.join({
      group,
      topics: ['burst'],
      onRevoke: (claims) => Promise.resolve(claims.map(() => undefined)),
    });
    let owned = 0;
    void (async () => {
      for await (const claims of member.claims) owned = claims.length;
    })();
    return { member, owned: () => owned };
  });
  const joined = await Promise.all(joining);
  const [least, most] = [Math.floor(partitions / members), Math.ceil(partitions / members)];
  const isShared = () => {
    const counts = joined.map(({ owned }) => owned());
    const isEven = counts.every((count) => count >= least && count <= most);
    return isEven && counts.reduce((sum, count) => sum + count, 0) === partitions;
  };
  while (!isShared()) await nodeWorld.clock.sleep(10);
  const ms = performance.now() - began;
  const counted = { ...calls };
  const assignment = await setUp.get(paths.assignment(group));
  const generations = Number(JSON.parse(Buffer.from(assignment?.data ?? '{}').toString()).generation);
  await Promise.all(joined.map(({ member }) => member.leave()));
  await setUp.close();
  return { generations, calls: counted, ms };
}

function print(what: string, members: number, { generations, calls, ms }: Burst): void {
  const each = (count: number): string =>
    `${String(count).padStart(7)} ${(count / members).toFixed(1).padStart(6)}`;
  console.log(
    `${what.padEnd(38)} ${String(members).padStart(4)} ${String(generations).padStart(6)} ${each(calls.reads)} ${each(calls.writes)} ${each(calls.watches)} ${(ms / 1000).toFixed(2).padStart(8)}`,
  );
}

async function compare(name: string, openAt: () => OpenRegistry): Promise<void> {
  for (const members of sizes) {
    print(`${name}, every change at once`, members, await burst(openAt(), members, hasty));
    print(`${name}, bursts together`, members, await burst(openAt(), members, nodeWorld));
  }
}

console.log(
  `${partitions} partitions, members ${apartMs} ms apart, until each has its share. Per column: in all, and per member.\n`,
);
console.log(
  `${'registry'.padEnd(38)} ${'memb'.padStart(4)} ${'assign'.padStart(6)} ${'reads'.padStart(14)} ${'writes'.padStart(14)} ${'watches'.padStart(14)} ${'s'.padStart(8)}`,
);
await compare('in memory', () => memoryRegistry().open);
if (zookeeperClassPath) {
  const server = await ZookeeperServer.start();
  await compare('ZooKeeper', () => zookeeperRegistry({ connect: server.address, sessionTimeoutMs: 4_000 }));
  await server.stop();
} else console.log('ZooKeeper is not here: not measured');
