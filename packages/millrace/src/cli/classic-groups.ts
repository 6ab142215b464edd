import type { Cluster } from '@millrace/client';
import type { GroupPartition } from '@millrace/coordination';
import type { Connection, ResponseOf } from '@millrace/protocol';
import { codeOf } from '@millrace/runtime';

type ClassicDescription = ResponseOf<'describeGroups'>['groups'][number];

/** A group of Kafka's clients, as its coordinator knows it. */
export interface ClassicGroup {
  readonly group: string;
  readonly state: ClassicDescription['state'];
  readonly protocolName: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly clientHost: string;
  }[];
  /** What it has committed. */
  readonly partitions: readonly GroupPartition[];
}

/** Where coordinators keep offsets: whoever leads a part of it coordinates groups. */
const offsetTopic = '__consumer_offsets';

/** The groups of Kafka's clients, of all coordinators; of those that answer, sorted. */
export async function classicGroups(cluster: Cluster): Promise<ClassicGroup[]> {
  const leading = await coordinators(cluster);
  // What was committed of topics that are gone tells nobody anything.
  const topics = new Set(leading.length === 0 ? [] : await cluster.topics());
  const groups = await Promise.all(
    leading.map(async (connection) => {
      const { groups: listed } = await connection.call('listGroups', { kinds: ['classic'] });
      const names = listed.map(({ groupId }) => groupId);
      const described = await connection.call('describeGroups', { groups: names });
      const fetched = await connection.call('offsetFetch', { groups: names.map((groupId) => ({ groupId })) });
      return described.groups.map((one, at) => classicGroup(one, fetched.groups[at], topics));
    }),
  );
  return groups.flat().sort((one, other) => (one.group < other.group ? -1 : 1));
}

/** A connection to each broker that leads a part of the offsets; none before the first group was there. */
async function coordinators(cluster: Cluster): Promise<Connection[]> {
  const count = await cluster.partitionsOf(offsetTopic).catch((error: unknown) => {
    if (codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return 0;
    throw error;
  });
  const leaders = await Promise.allSettled(
    Array.from({ length: count }, (_, partition) => cluster.leaderOf(offsetTopic, partition)),
  );
  const byNode = new Map(
    leaders.flatMap((leader) =>
      leader.status === 'fulfilled' ? [[leader.value.nodeId, leader.value.connection] as const] : [],
    ),
  );
  return [...byNode.values()];
}

function classicGroup(
  { groupId, state, protocolName, members }: ClassicDescription,
  fetched: ResponseOf<'offsetFetch'>['groups'][number] | undefined,
  topics: ReadonlySet<string>,
): ClassicGroup {
  const partitions = (fetched?.partitions ?? [])
    .filter(({ topic }) => topics.has(topic))
    .map(({ topic, partition, offset }) => ({
      topic,
      partition,
      // Which member has it is in bytes that only the clients understand.
      member: '',
      owner: undefined,
      committed: offset,
    }));
  return {
    group: groupId,
    state,
    protocolName,
    members: members.map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, clientHost })),
    partitions: partitions.sort(
      (one, other) => one.topic.localeCompare(other.topic) || one.partition - other.partition,
    ),
  };
}
