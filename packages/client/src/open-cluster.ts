import type { OpenRegistry } from '@millrace/coordination';
import type { ApiName, Connection, NodeAddress, RequestOf, ResponseOf } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { abandonable } from './abandon.ts';
import { AnyBroker } from './any-broker.ts';
import { bootstrapAddress } from './bootstrap-address.ts';
import type { Cluster, Leader } from './cluster.ts';
import { type ClusterOptions, clusterDefaults } from './config.ts';
import { Connections } from './connections.ts';
import { clientError, clusterClosed } from './errors.ts';
import { LeaderOffsets } from './leader-offsets.ts';
import { MetadataCache } from './metadata-cache.ts';
import { leaderUnreachable, otherAddressError, type ReachabilityProbe } from './reachability.ts';
import { remoteRegistry } from './remote-registry.ts';
import { type RetryPolicy, retrying } from './retry.ts';
import { answerWithClosest, missingTopic, namesMissing, withClosest } from './unknown-topics.ts';

/** Does not connect yet. INVALID_ADDRESS, RangeError without addresses. */
export function openCluster(options: ClusterOptions, world: World = nodeWorld): Cluster {
  return new BrokerCluster(options, world);
}

class BrokerCluster implements Cluster {
  readonly clientId: string;
  readonly groups: Cluster['groups'];
  readonly registry: OpenRegistry;
  readonly #world: World;
  readonly #retry: RetryPolicy;
  readonly #connections: Connections;
  readonly #anyBroker: AnyBroker;
  readonly #metadata: MetadataCache;
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(options: ClusterOptions, world: World) {
    const { connect, bootstrap, registry } = options;
    if (bootstrap.length === 0) throw new RangeError('a cluster needs at least one address to begin with');
    this.clientId = options.clientId ?? clusterDefaults.clientId;
    this.groups = options.groups ?? clusterDefaults.groups;
    this.#world = world;
    this.#retry = options.retry ?? clusterDefaults.retry;
    this.#connections = new Connections(connect, this.#retry.backoffMs, world);
    this.#anyBroker = new AnyBroker(bootstrap.map(bootstrapAddress), this.#connections);
    this.registry =
      registry ??
      remoteRegistry(() => this.#anyBroker.connection(), clusterDefaults.registryTimeoutMs, world);
    this.#metadata = new MetadataCache(this.#anyBroker, this.#connections, {
      maxAgeMs: options.metadataMaxAgeMs ?? clusterDefaults.metadataMaxAgeMs,
      world,
    });
  }

  partitionsOf(
    topic: string,
    { create = false, signal }: { create?: boolean; signal?: AbortSignal } = {},
  ): Promise<number> {
    return this.#explained(async () => {
      const found = await this.#persist(async (ends) => {
        try {
          return await this.#metadata.topic(topic, { create, signal: ends });
        } catch (error) {
          // The topic is not there, which no waiting changes.
          if (codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return { missing: error };
          throw error;
        }
      }, signal);
      if ('missing' in found) throw found.missing;
      return found.partitions.length;
    }, signal);
  }

  topics(signal?: AbortSignal): Promise<readonly string[]> {
    return this.#persist(() => this.#metadata.names(), signal);
  }

  leaderOf(topic: string, partition: number, signal?: AbortSignal): Promise<Leader> {
    const known = this.#metadata.leaderIn(topic, partition);
    if (known !== undefined && this.#connections.isOpen(known.node)) return this.#connected(known);
    return this.#explained(
      () => this.#persist((ends) => this.#findLeader(topic, partition, ends), signal),
      signal,
    );
  }

  forget(topic: string): void {
    this.#metadata.forget(topic);
  }

  call<Name extends ApiName>(
    api: Name,
    request: RequestOf<Name>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<ResponseOf<Name>> {
    return this.#explained(async () => {
      const answer = (await (api === 'listOffsets'
        ? this.#listOffsets(request as RequestOf<'listOffsets'>, signal)
        : this.#callAny(api, request, signal))) as ResponseOf<Name>;
      const topics = namesMissing(answer) ? await this.#namesNow(signal) : undefined;
      return topics === undefined ? answer : answerWithClosest(answer, topics);
    }, signal);
  }

  dedicated(node: NodeAddress): Promise<Connection> {
    return this.#connections.dedicated(node);
  }

  close(): Promise<void> {
    this.#closing.abort(clusterClosed());
    this.#closed ??= this.#connections.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #callAny<Name extends ApiName>(
    api: Name,
    request: RequestOf<Name>,
    signal: AbortSignal | undefined,
  ): Promise<ResponseOf<Name>> {
    let controller: NodeAddress | undefined;
    return this.#persist(async () => {
      const connection =
        controller === undefined
          ? await this.#anyBroker.connection()
          : await this.#connections.to(controller);
      controller = undefined;
      try {
        return await connection.call(api, request);
      } catch (error) {
        if (codeOf(error) === 'NOT_CONTROLLER') controller = await this.#metadata.controller();
        throw error;
      }
    }, signal);
  }

  /** A partition that has no answer from its leader after all attempts says so in its place. */
  async #listOffsets(
    request: RequestOf<'listOffsets'>,
    signal: AbortSignal | undefined,
  ): Promise<ResponseOf<'listOffsets'>> {
    let ends = this.#closing.signal;
    const offsets = new LeaderOffsets(request, {
      find: (topic, partition) => this.#findLeader(topic, partition, ends),
      forget: (topic) => this.forget(topic),
    });
    try {
      return await this.#persist((until) => {
        ends = until;
        return offsets.attempt();
      }, signal);
    } catch (error) {
      if (offsets.refusal !== error || offsets.response === undefined) throw error;
      return offsets.response;
    }
  }

  async #findLeader(topic: string, partition: number, ends: AbortSignal): Promise<Leader> {
    const { partitions } = await this.#metadata.topic(topic, { create: false, signal: ends });
    const described = partitions[partition];
    if (described === undefined) {
      throw clientError(
        'UNKNOWN_TOPIC_OR_PARTITION',
        `there is no partition ${partition} of topic '${topic}': it has ${partitions.length}, counted from 0`,
        { details: { topic, partition, partitions: partitions.length } },
      );
    }
    const known = this.#metadata.leaderIn(topic, partition);
    if (known === undefined) {
      this.forget(topic);
      throw clientError('LEADER_NOT_AVAILABLE', `${topic}-${partition} has no leader at the moment`, {
        retriable: true,
        details: { topic, partition },
      });
    }
    try {
      return await this.#connected(known);
    } catch (error) {
      // The leader may have moved, or come back at another address.
      this.forget(topic);
      throw leaderUnreachable(known.node, topic, partition, error);
    }
  }

  async #connected({ node, leaderEpoch }: LeaderAddress): Promise<Leader> {
    const connection: Connection = await this.#connections.to(node);
    return { nodeId: node.nodeId, leaderEpoch, connection };
  }

  /** Tries until it succeeds, the policy has enough, the caller's signal aborts or the cluster is closed. */
  #persist<Result>(
    attempt: (ends: AbortSignal) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    const ends = this.#endOf(signal);
    return retrying(this.#retry, () => abandonable(attempt(ends), ends), this.#world, ends);
  }

  /** Aborts with the caller's signal, and when the cluster is closed. */
  #endOf(signal: AbortSignal | undefined): AbortSignal {
    const closing = this.#closing.signal;
    // One of its own for each call: many that wait on one signal look like a leak to Node, which says so on stderr.
    return AbortSignal.any(signal === undefined ? [closing] : [closing, signal]);
  }

  /** What fails for good is looked into once more, for an error that a person can do something about. */
  async #explained<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const ends = this.#endOf(signal);
      throw ends.aborted ? error : await abandonable(this.#explain(error, signal), ends);
    }
  }

  async #explain(error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    if (codeOf(error) === 'BROKER_UNREACHABLE') return (await this.#otherAddress(error)) ?? error;
    const topic = missingTopic(error);
    if (topic === undefined) return error;
    const topics = await this.#namesNow(signal);
    return topics === undefined || topics.includes(topic) ? error : withClosest(error, topic, topics);
  }

  #otherAddress(cause: unknown): Promise<Error | undefined> {
    const probe: ReachabilityProbe = {
      brokersToldAt: async (address) => this.#metadata.brokersTold(await this.#connections.to(address)),
      isReached: (node) =>
        this.#connections.to(node).then(
          () => true,
          () => false,
        ),
    };
    return otherAddressError(this.#anyBroker.bootstrap, probe, cause);
  }

  /** The topics there are, asked once; undefined when nobody says: it is only for a hint. */
  #namesNow(signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
    return abandonable(this.#metadata.names(), this.#endOf(signal)).catch(() => undefined);
  }
}

type LeaderAddress = NonNullable<ReturnType<MetadataCache['leaderIn']>>;
