import type { Cluster } from '@millrace/client';
import { openClusterTo } from '../open-cluster-to.ts';
import { brokerAddresses } from './broker-addresses.ts';
import { closestNames } from './closest-names.ts';
import { cliError } from './errors.ts';
import type { VerbContext } from './verb-context.ts';

export interface BrokerOptions {
  readonly broker?: string;
}

/** Opens a cluster for a verb and closes it after. */
export async function withCluster<Result>(
  { broker }: BrokerOptions,
  { io }: VerbContext,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const addresses = brokerAddresses(broker, io);
  const cluster = openClusterTo(
    addresses,
    { clientId: 'millrace', retry: { attempts: 3, backoffMs: 50 } },
    io.world,
  );
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** How many partitions a topic has. TOPIC_NOT_FOUND names the closest that are there; BROKER_UNREACHABLE. */
export async function partitionsOf(cluster: Cluster, topic: string, signal?: AbortSignal): Promise<number> {
  const topics = await cluster.topics(signal);
  if (!topics.includes(topic)) throw topicNotFound(topic, topics);
  return cluster.partitionsOf(topic, signal === undefined ? {} : { signal });
}

function topicNotFound(topic: string, topics: readonly string[]): Error {
  const closest = closestNames(topic, topics);
  const hint =
    closest.length > 0
      ? `did you mean ${closest.join(' or ')}?`
      : topics.length > 0
        ? '`millrace topic ls` lists what is there'
        : `there are no topics yet; \`millrace topic create ${topic}\` makes one`;
  return cliError('TOPIC_NOT_FOUND', `there is no topic '${topic}'`, { hint });
}
