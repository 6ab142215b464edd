import type { Cluster } from '@millrace/client';
import type { World } from '@millrace/runtime';
import type { ClusterDescription, DescribedTopic } from './cluster-description.ts';

interface Led {
  readonly topic: string;
  readonly partition: number;
  readonly leader: number;
}

/** A leader that lives answers sooner. */
const answerMs = 5_000;

/**
 * The description, with those partitions as offline whose leader lives and cannot serve them, because its log cannot be
 * opened or its disk fails: each leader is asked once for all of its partitions.
 */
export async function withUnserved(
  cluster: Cluster,
  description: ClusterDescription,
  { clock }: World,
): Promise<ClusterDescription> {
  const signal = clock.timeout(answerMs);
  const byLeader = new Map<number, Led[]>();
  for (const { name: topic, partitions } of description.topics)
    for (const { partition, leader, offline } of partitions)
      if (leader !== undefined && offline === undefined)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), { topic, partition, leader }]);
  const reasons = new Map<string, string>();
  await Promise.all(
    [...byLeader.values()].map((led) =>
      askLeader(cluster, led, reasons, signal).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        for (const { topic, partition, leader } of led)
          reasons.set(`${topic}-${partition}`, `leader ${leader} does not answer: ${why}`);
      }),
    ),
  );
  if (reasons.size === 0) return description;
  return { ...description, topics: description.topics.map((topic) => withReasons(topic, reasons)) };
}

async function askLeader(
  cluster: Cluster,
  led: readonly Led[],
  reasons: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const [first] = led;
  if (first === undefined) return;
  const { connection } = await cluster.leaderOf(first.topic, first.partition, signal);
  const partitions = led.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }));
  const answer = await connection.call('listOffsets', { partitions });
  for (const { topic, partition, error, message = error } of answer.partitions)
    if (error === 'STORAGE_ERROR')
      reasons.set(`${topic}-${partition}`, `leader ${first.leader} cannot serve it: ${message}`);
}

function withReasons(topic: DescribedTopic, reasons: ReadonlyMap<string, string>): DescribedTopic {
  return {
    ...topic,
    partitions: topic.partitions.map((partition) => {
      const offline = reasons.get(`${topic.name}-${partition.partition}`);
      return offline === undefined ? partition : { ...partition, offline };
    }),
  };
}
