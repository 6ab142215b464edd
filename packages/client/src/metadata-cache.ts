import type { Connection, NodeAddress, ResponseOf } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { abandonable } from './abandon.ts';
import type { AnyBroker } from './any-broker.ts';
import { addressText } from './bootstrap-address.ts';
import { checkMetadata, type TopicMetadata } from './check-metadata.ts';
import type { Connections } from './connections.ts';
import { clientError } from './errors.ts';
import { SharedQuestions } from './shared-questions.ts';

/** A broker that is known by its id. */
type Node = NodeAddress & { readonly nodeId: number };

interface KnownTopic {
  readonly topic: TopicMetadata;
  /** On the monotonic clock, ms. */
  readonly askedAt: number;
}

/** A broker that has not described its cluster after this long is hung up on, and another one asked. As long as any call may take. */
const answerTimeoutMs = 30_000;

/** What brokers said of topics and of each other, asked for once and again when it was forgotten or has grown old. */
export class MetadataCache {
  readonly #anyBroker: AnyBroker;
  readonly #connections: Connections;
  readonly #maxAgeMs: number;
  readonly #world: World;
  readonly #topics = new Map<string, KnownTopic>();
  readonly #questions = new SharedQuestions<TopicMetadata>();
  #nodes = new Map<number, Node>();

  constructor(anyBroker: AnyBroker, connections: Connections, options: { maxAgeMs: number; world: World }) {
    this.#anyBroker = anyBroker;
    this.#connections = connections;
    this.#maxAgeMs = options.maxAgeMs;
    this.#world = options.world;
  }

  /**
   * Rejects with the error the broker gives for the topic; it is then not remembered. Whoever asks at the same time
   * shares the question, and may leave it by `signal`.
   */
  topic(name: string, { create, signal }: { create: boolean; signal: AbortSignal }): Promise<TopicMetadata> {
    const known = this.#fresh(name);
    if (known !== undefined) return Promise.resolve(known);
    const question = `${create ? 'create' : 'find'} ${name}`;
    return this.#questions.ask(question, (isWanted) => this.#ask(name, create, isWanted), signal);
  }

  /** Who leads the partition as far as is known; nothing when it must be asked. */
  leaderIn(
    name: string,
    partition: number,
  ): { readonly node: Node; readonly leaderEpoch: number | undefined } | undefined {
    const described = this.#fresh(name)?.partitions[partition];
    if (described?.leader === undefined) return undefined;
    const node = this.#nodes.get(described.leader);
    return node === undefined ? undefined : { node, leaderEpoch: described.leaderEpoch };
  }

  forget(name: string): void {
    this.#topics.delete(name);
  }

  async names(): Promise<readonly string[]> {
    const { topics } = await this.#request(undefined, false);
    return topics.filter(({ error }) => error === 'NONE').map(({ name }) => name);
  }

  async controller(): Promise<NodeAddress | undefined> {
    const { controllerId } = await this.#request([], false);
    return controllerId === undefined ? undefined : this.#nodes.get(controllerId);
  }

  /** The brokers that the one at the other end tells of. Nothing is remembered of it. */
  async brokersTold(connection: Connection): Promise<readonly NodeAddress[]> {
    return (await this.#answer(connection, [], false)).brokers;
  }

  async #ask(name: string, create: boolean, isWanted: () => boolean): Promise<TopicMetadata> {
    const { topics } = await this.#request([name], create);
    const topic = topics[0];
    if (topic === undefined || topic.error !== 'NONE') {
      const code = topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION';
      throw clientError(code, topic?.message ?? `topic '${name}': ${code}`, { details: { topic: name } });
    }
    // An answer that nobody waited for may be older than what was learned since.
    if (isWanted()) this.#topics.set(name, { topic, askedAt: this.#world.clock.monotonic() });
    return topic;
  }

  async #request(
    topics: readonly string[] | undefined,
    allowAutoCreate: boolean,
  ): Promise<ResponseOf<'metadata'>> {
    const answer = await this.#answer(await this.#anyBroker.connection(), topics, allowAutoCreate);
    await this.#learn(answer.brokers);
    return answer;
  }

  /** What this broker says, in time. INVALID_METADATA, REQUEST_TIMED_OUT. */
  async #answer(
    connection: Connection,
    topics: readonly string[] | undefined,
    allowAutoCreate: boolean,
  ): Promise<ResponseOf<'metadata'>> {
    const late = new AbortController();
    const timer = this.#world.clock.after(answerTimeoutMs, () => {
      const message = `a broker did not describe its cluster within ${answerTimeoutMs} ms`;
      late.abort(clientError('REQUEST_TIMED_OUT', message, { retriable: true }));
    });
    try {
      const asked = connection.call('metadata', {
        ...(topics === undefined ? {} : { topics: [...topics] }),
        ...(allowAutoCreate ? { allowAutoCreate } : {}),
      });
      return checkMetadata(await abandonable(asked, late.signal), topics);
    } finally {
      timer.cancel();
      if (late.signal.aborted) await connection.close();
    }
  }

  async #learn(brokers: ResponseOf<'metadata'>['brokers']): Promise<void> {
    this.#nodes = new Map(brokers.map((node) => [node.nodeId, node]));
    for (const node of aloneAtTheirAddress(brokers)) this.#connections.adopt(node);
    this.#anyBroker.know(brokers);
    // An answer without brokers would cut us off; the connection it came by is still good.
    if (brokers.length > 0) await this.#connections.keepOnly([...brokers, ...this.#anyBroker.bootstrap]);
  }

  #fresh(name: string): TopicMetadata | undefined {
    const known = this.#topics.get(name);
    if (known === undefined) return undefined;
    return this.#world.clock.monotonic() - known.askedAt < this.#maxAgeMs ? known.topic : undefined;
  }
}

function aloneAtTheirAddress(nodes: readonly Node[]): readonly Node[] {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(addressText(node), (counts.get(addressText(node)) ?? 0) + 1);
  return nodes.filter((node) => counts.get(addressText(node)) === 1);
}
