import type { Cluster } from '@millrace/client';
import { brokerNode, type OpenRegistry, paths, type Registry } from '@millrace/coordination';
import { hasCode, type World } from '@millrace/runtime';
import { openClusterTo } from '../open-cluster-to.ts';
import { brokerAddresses, formatAddress } from './broker-addresses.ts';
import { closestNames } from './closest-names.ts';
import { cliError } from './errors.ts';
import { lineLogger } from './line-logger.ts';
import type { VerbContext } from './verb-context.ts';
import { zookeeperAt } from './zookeeper.ts';

export interface BrokerOptions {
  readonly broker?: string;
  /** Where the brokers meet. */
  readonly zookeeper?: string;
}

/** The door of a broker that speaks to this program. */
export const ownListener = 'native';

/**
 * Opens a cluster for a verb and closes it after. It begins with the brokers named, else with those that the ZooKeeper
 * named knows. NO_BROKER, REGISTRY_UNREACHABLE.
 */
export async function withCluster<Result>(
  options: BrokerOptions,
  context: VerbContext,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const { io } = context;
  const place = zookeeperOf(options, context);
  const registry = place && (await zookeeperFor(place, context));
  const asksRegistry = options.broker === undefined && !io.env['MILLRACE_BROKER'];
  const addresses =
    place !== undefined && registry !== undefined && asksRegistry
      ? await registeredBrokers(registry, place.connect)
      : brokerAddresses(options.broker, io);
  const cluster = openClusterTo(
    addresses,
    {
      clientId: 'millrace',
      retry: { attempts: 3, backoffMs: 50 },
      ...(registry === undefined ? {} : { registry }),
    },
    io.world,
  );
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

/** Opens a session of a registry for a piece of work, and ends it after. */
export async function withRegistrySession<Result>(
  open: OpenRegistry,
  work: (registry: Registry) => Promise<Result>,
): Promise<Result> {
  const registry = await open();
  try {
    return await work(registry);
  } finally {
    await registry.close();
  }
}

interface ZookeeperPlace {
  readonly connect: string;
  /** Who said so. */
  readonly source: string;
}

/** `--zookeeper`, else `$MILLRACE_ZOOKEEPER` where no broker was named. */
export function zookeeperOf(
  { broker, zookeeper }: BrokerOptions,
  { io }: VerbContext,
): ZookeeperPlace | undefined {
  if (zookeeper !== undefined) return { connect: zookeeper, source: '--zookeeper' };
  const connect = io.env['MILLRACE_ZOOKEEPER'];
  return connect && broker === undefined ? { connect, source: 'MILLRACE_ZOOKEEPER' } : undefined;
}

/** Says on stderr that it tries again. */
export function zookeeperFor(
  { connect, source }: ZookeeperPlace,
  { io, isDebug }: VerbContext,
): Promise<OpenRegistry> {
  const world: World = { ...io.world, logger: lineLogger(io.stderr, isDebug) };
  return zookeeperAt(connect, source, world);
}

/** Where the live brokers of the registry are. NO_BROKER. */
async function registeredBrokers(open: OpenRegistry, connect: string): Promise<string[]> {
  const found = await withRegistrySession(open, async (registry) => {
    const names = await registry.children(paths.brokers);
    return Promise.all(names.map((name) => addressOf(registry, `${paths.brokers}/${name}`)));
  });
  const addresses = found.flat();
  if (addresses.length > 0) return addresses;
  throw cliError('NO_BROKER', `no broker is registered in the ZooKeeper at ${connect}`, {
    hint: `start one: \`millrace start --zookeeper ${connect} --node-id 1\``,
  });
}

/** A node that cannot be read is no broker to begin with. */
async function addressOf(registry: Registry, path: string): Promise<string[]> {
  const found = await registry.get(path);
  if (found === undefined) return [];
  try {
    const endpoint = brokerNode.decode(found.data, path).endpoints[ownListener];
    return endpoint === undefined ? [] : [formatAddress(endpoint)];
  } catch (error) {
    if (hasCode(error, 'BAD_NODE')) return [];
    throw error;
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
