/** A cluster as its registry, or one of its brokers, knows it. */
export interface ClusterDescription {
  /** None before the first broker was there. */
  readonly clusterId?: string;
  readonly controller?: number;
  /** By node id. */
  readonly brokers: readonly DescribedBroker[];
  /** By name. */
  readonly topics: readonly DescribedTopic[];
  /** Nodes of the registry that cannot be read, and why. A broker says so on its stderr instead. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

interface DescribedBroker extends LiveBroker {
  /** `gone`: partitions lie on it, and it is not there. */
  readonly state: 'live' | 'gone';
}

export interface LiveBroker {
  readonly nodeId: number;
  readonly addresses: readonly string[];
  /** Since when it is there, or not, ms since the epoch. */
  readonly since?: number;
  readonly incarnation?: number;
  readonly host?: string;
  readonly pid?: number;
}

export interface DescribedTopic {
  readonly name: string;
  readonly topicId?: string;
  readonly partitions: readonly DescribedPartition[];
}

interface DescribedPartition extends PartitionState {
  readonly partition: number;
  /** Why nobody can read or write it. */
  readonly offline?: string;
}

/** What is known of a partition. */
export interface PartitionState {
  readonly leader?: number;
  readonly leaderEpoch?: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  /** Since when it has this leader, or none. */
  readonly since?: number;
}

export interface KnownTopic {
  readonly name: string;
  readonly topicId?: string;
  /** By partition. */
  readonly partitions: readonly PartitionState[];
}

/** Puts together who is there and what lies on whom. */
export function describeCluster(
  live: readonly LiveBroker[],
  topics: readonly KnownTopic[],
  now: number,
): Pick<ClusterDescription, 'brokers' | 'topics'> {
  const liveIds = new Set(live.map(({ nodeId }) => nodeId));
  const described = topics.map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((state, partition) => {
      const offline = whyOffline(state, liveIds, now);
      return { partition, ...state, ...(offline === undefined ? {} : { offline }) };
    }),
  }));
  const states = topics.flatMap(({ partitions }) => partitions);
  const brokers: DescribedBroker[] = [
    ...live.map((broker) => ({ ...broker, state: 'live' as const })),
    ...goneBrokers(states, liveIds),
  ];
  return {
    brokers: brokers.sort((left, right) => left.nodeId - right.nodeId),
    topics: described.sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/** Whom partitions lie on that is not there; since the first of them lost its leader for it. */
function goneBrokers(states: readonly PartitionState[], liveIds: ReadonlySet<number>): DescribedBroker[] {
  const ids = new Set(states.flatMap(({ replicas }) => replicas).filter((id) => !liveIds.has(id)));
  return [...ids].map((nodeId) => {
    const lost = states.flatMap(({ leader, replicas, since }) =>
      leader === undefined && since !== undefined && replicas[0] === nodeId ? [since] : [],
    );
    const since = lost.length === 0 ? {} : { since: Math.min(...lost) };
    return { nodeId, state: 'gone', addresses: [], ...since };
  });
}

/** Nothing when the partition has a leader that lives. */
function whyOffline(
  { leader, inSyncReplicas, since }: PartitionState,
  liveIds: ReadonlySet<number>,
  now: number,
): string | undefined {
  if (leader !== undefined) return liveIds.has(leader) ? undefined : `leader ${leader} is not there`;
  if (inSyncReplicas.length === 0 || inSyncReplicas.some((id) => liveIds.has(id)))
    return 'the controller has not chosen a leader yet';
  const who = `leader ${inSyncReplicas.join(' or ')} is not there`;
  return since === undefined ? who : `${who} since ${Math.max(0, Math.round((now - since) / 1000))} s`;
}
