import type { ResponseOf } from '@millrace/protocol';
import { formatAddress } from './broker-addresses.ts';
import { type ClusterDescription, type DescribedTopic, describeCluster } from './cluster-description.ts';
import { exitCodes } from './exit-code.ts';
import { counted } from './figures.ts';
import { localTime } from './local-time.ts';
import { print } from './print.ts';
import { registeredCluster } from './registered-cluster.ts';
import {
  type BrokerOptions,
  withCluster,
  withRegistrySession,
  zookeeperFor,
  zookeeperOf,
} from './session.ts';
import { type Cell, table } from './table.ts';
import { withUnserved } from './unserved.ts';
import type { VerbContext } from './verb-context.ts';

export interface ShowClusterOptions extends BrokerOptions {
  readonly json?: boolean;
}

/** Who is there, who decides, and what nobody can read or write at the moment. */
export async function showCluster(options: ShowClusterOptions, context: VerbContext): Promise<number> {
  const { io } = context;
  const description = await describedCluster(options, context);
  const wantsJson = options.json === true || io.stdout.isTTY !== true;
  await print(wantsJson ? JSON.stringify(description) : asText(description), io);
  return exitCodes.fine;
}

/** The registry knows also when no broker is there; without it any broker is asked. Leaders are asked what they serve. */
async function describedCluster(
  options: ShowClusterOptions,
  context: VerbContext,
): Promise<ClusterDescription> {
  const { world } = context.io;
  const place = zookeeperOf(options, context);
  if (place === undefined)
    return withCluster(options, context, async (cluster) =>
      withUnserved(cluster, told(await cluster.call('metadata', {}), world.clock.now()), world),
    );
  const open = await zookeeperFor(place, context);
  const registered = await withRegistrySession(open, (registry) =>
    registeredCluster(registry, world.clock.now()),
  );
  if (!registered.brokers.some(({ state }) => state === 'live')) return registered;
  return withCluster(options, context, (cluster) => withUnserved(cluster, registered, world));
}

function told(
  { clusterId, controllerId, brokers, topics }: ResponseOf<'metadata'>,
  now: number,
): ClusterDescription {
  const live = brokers.map(({ nodeId, host, port, incarnation, since }) => ({
    nodeId,
    addresses: [formatAddress({ host, port })],
    ...(incarnation === undefined ? {} : { incarnation }),
    ...(since === undefined ? {} : { since }),
  }));
  const known = topics.map(({ name, topicId, partitions }) => ({
    name,
    ...(topicId === undefined ? {} : { topicId }),
    partitions: partitions
      .toSorted((left, right) => left.partition - right.partition)
      .map(({ leader, leaderEpoch, replicas, inSyncReplicas, since }) => ({
        ...(leader === undefined ? {} : { leader }),
        ...(leaderEpoch === undefined ? {} : { leaderEpoch }),
        replicas,
        inSyncReplicas,
        ...(since === undefined ? {} : { since }),
      })),
  }));
  return {
    clusterId,
    ...(controllerId === undefined ? {} : { controller: controllerId }),
    ...describeCluster(live, known, now),
    unreadable: [],
  };
}

function asText(cluster: ClusterDescription): string {
  const { clusterId, controller, brokers, topics, unreadable } = cluster;
  const live = brokers.filter(({ state }) => state === 'live').length;
  const name = clusterId === undefined ? 'no cluster yet' : `cluster ${clusterId}`;
  const decides = controller === undefined ? 'no controller' : `controller ${controller}`;
  const parts = [`${name}, ${counted(live, 'live broker')}, ${decides}`];
  if (brokers.length > 0) parts.push(brokerTable(cluster));
  if (topics.length > 0) parts.push(topicTable(topics), offlineText(topics));
  if (unreadable.length > 0) {
    const rows = unreadable.map(({ path, reason }) => [path, reason]);
    parts.push(table(['CANNOT BE READ', 'WHY'], rows));
  }
  return parts.join('\n\n');
}

function brokerTable({ brokers }: ClusterDescription): string {
  return table(
    ['BROKER', 'STATE', 'ADDRESS', 'SINCE', 'INCARNATION'],
    brokers.map(({ nodeId, state, addresses, since, incarnation }) => [
      nodeId,
      state,
      addresses.join(', ') || '-',
      since === undefined ? '-' : localTime(since),
      incarnation ?? '-',
    ]),
  );
}

function topicTable(topics: readonly DescribedTopic[]): string {
  const rows = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition, leader, replicas, inSyncReplicas, offline }): Cell[] => [
      name,
      partition,
      offline === undefined ? (leader ?? '-') : 'offline',
      replicas.join(' '),
      inSyncReplicas.join(' '),
    ]),
  );
  return table(['TOPIC', 'PARTITION', 'LEADER', 'REPLICAS', 'IN SYNC'], rows);
}

/** Partitions that are offline for the same reason stand on one line. */
function offlineText(topics: readonly DescribedTopic[]): string {
  const byReason = new Map<string, string[]>();
  for (const { name, partitions } of topics) {
    for (const { partition, offline } of partitions) {
      if (offline === undefined) continue;
      byReason.set(offline, [...(byReason.get(offline) ?? []), `${name}-${partition}`]);
    }
  }
  const total = [...byReason.values()].flat().length;
  if (total === 0) return 'nothing is offline';
  const lines = [...byReason].map(([reason, names]) => `  ${reason}: ${names.join(' ')}`);
  return [`${counted(total, 'partition')} offline`, ...lines].join('\n');
}
