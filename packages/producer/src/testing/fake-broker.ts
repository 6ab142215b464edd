import { type Cluster, openCluster } from '@millrace/client';
import type { ApiName, Connection, RequestOf, ResponseOf } from '@millrace/protocol';
import { batchesIn, recordsIn } from '@millrace/record';
import { CodedError } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';

type Answer = ResponseOf<'produce'>;
type Written = Answer['partitions'][number];
type Code = Written['error'];

/** What becomes of one produce request; `write` does what a healthy broker would. */
export type Fate = (write: () => Answer, request: RequestOf<'produce'>) => Promise<Answer>;

/** A batch as it was written. */
interface LogBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
}

class FakeLog {
  readonly values: (string | null)[] = [];
  readonly sizes: number[] = [];
  /** As they came, compressed or not. */
  bytes = 0;
  #batches: LogBatch[] = [];

  forgetProducers(): void {
    this.#batches = [];
  }

  /** Somebody else writes under every producer id that is known here. */
  usurp(): void {
    const ids = new Set(this.#batches.map(({ producerId }) => producerId));
    for (const producerId of ids)
      this.#batches.push({
        producerId,
        producerEpoch: 0x7fff,
        firstSequence: 0,
        lastSequence: 0,
        baseOffset: -1,
      });
  }

  /**
   * As a real log does: repeats are known, gaps refused, older epochs kept out, a newer one begins at 0, and a producer that
   * is not known may begin anywhere.
   */
  append(bytes: Buffer): { error: Code; baseOffset?: number } {
    const [first] = batchesIn(bytes);
    if (first === undefined) return { error: 'CORRUPT_MESSAGE' };
    const { producerId, producerEpoch, baseSequence, recordCount } = first.header;
    const lastSequence = baseSequence + recordCount - 1;
    const known = this.#batches.filter((batch) => batch.producerId === producerId && producerId >= 0);
    const newest = known.at(-1)?.producerEpoch ?? producerEpoch;
    if (producerEpoch < newest) return { error: 'INVALID_PRODUCER_EPOCH' };
    const own = known.filter((batch) => batch.producerEpoch === producerEpoch);
    const repeated = own.slice(-5).find((batch) => batch.firstSequence === baseSequence);
    if (repeated !== undefined) return { error: 'NONE', baseOffset: repeated.baseOffset };
    const last = own.at(-1);
    const expected = last === undefined ? 0 : last.lastSequence + 1;
    if (known.length > 0 && baseSequence !== expected) return { error: 'OUT_OF_ORDER_SEQUENCE' };
    const baseOffset = this.values.length;
    this.#batches.push({ producerId, producerEpoch, firstSequence: baseSequence, lastSequence, baseOffset });
    for (const { value } of recordsIn(bytes)) this.values.push(value === null ? null : value.toString());
    this.sizes.push(recordCount);
    this.bytes += bytes.length;
    return { error: 'NONE', baseOffset };
  }
}

/** Two brokers that share what is written. Each produce request meets the next fate; after the last they are healthy. */
export class FakeBroker {
  readonly world: TestWorld = testWorld();
  readonly cluster: Cluster;
  readonly fates: Fate[] = [];
  readonly acks: string[] = [];
  /** How many partitions each produce request was for. */
  readonly together: number[] = [];
  /** What clients asked for, by name. */
  readonly calls: string[] = [];
  readonly partitions = new Map<string, number>();
  /** undefined: no topic is made. */
  newTopicPartitions: number | undefined = 1;
  /** Metadata is not answered. */
  isSilent = false;
  leader = 1;
  inFlight = 0;
  mostInFlight = 0;
  readonly #logs = new Map<string, FakeLog>();
  #producerIds = 0;

  constructor() {
    const connect = async ({ nodeId = 1 }): Promise<Connection> => this.#connection(nodeId);
    const bootstrap = [{ nodeId: 1, host: 'in-process', port: 1 }];
    this.cluster = openCluster({ connect, bootstrap, retry: { attempts: 2, backoffMs: 10 } }, this.world);
  }

  log(topic: string, partition = 0): FakeLog {
    const name = `${topic}-${partition}`;
    const log = this.#logs.get(name) ?? new FakeLog();
    this.#logs.set(name, log);
    return log;
  }

  /** As after the loss of what had not been flushed. */
  forgetProducers(topic: string): void {
    this.log(topic).forgetProducers();
  }

  #connection(nodeId: number): Connection {
    let end = (): void => {};
    const closed = new Promise<void>((resolve) => {
      end = resolve;
    });
    const call = async <Name extends ApiName>(name: Name, request: RequestOf<Name>): Promise<never> =>
      (await this.#answer(name, request, nodeId)) as never;
    return {
      call: call as Connection['call'],
      closed,
      close: async () => end(),
    };
  }

  async #answer(name: ApiName, request: unknown, nodeId: number): Promise<unknown> {
    this.calls.push(name === 'produce' ? `produce to ${nodeId}` : name);
    if (name === 'metadata' && this.isSilent) return new Promise(() => {});
    if (name === 'metadata') return this.#metadata(request as RequestOf<'metadata'>);
    if (name === 'produce') return this.#produce(request as RequestOf<'produce'>, nodeId);
    if (name !== 'initProducerId') throw new Error(`a producer asked for ${name}`);
    this.#producerIds += 1;
    return { error: 'NONE', producerId: this.#producerIds, producerEpoch: 0 };
  }

  async #produce({ acks, timeoutMs, partitions }: RequestOf<'produce'>, nodeId: number): Promise<Answer> {
    const own = partitions.map((partition) => ({ ...partition, batches: Buffer.from(partition.batches) }));
    // They are the broker's now: a producer that still uses them fails its tests.
    for (const { batches } of partitions) batches.fill(0xdd);
    this.acks.push(acks);
    this.together.push(partitions.length);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const fate = this.fates.shift() ?? healthy;
    try {
      const request = { acks, timeoutMs, partitions: own };
      const answer = await fate(() => this.#write(request, nodeId), request);
      return acks === 'none' ? { partitions: [] } : answer;
    } finally {
      this.inFlight -= 1;
    }
  }

  #write({ partitions }: RequestOf<'produce'>, nodeId: number): Answer {
    return {
      partitions: partitions.map(({ topic, partition, batches }) => {
        if (nodeId !== this.leader) return { topic, partition, error: 'NOT_LEADER_OR_FOLLOWER' };
        return { topic, partition, ...this.log(topic, partition).append(batches) };
      }),
    };
  }

  #metadata({
    topics = [...this.partitions.keys()],
    allowAutoCreate,
  }: RequestOf<'metadata'>): ResponseOf<'metadata'> {
    return {
      clusterId: 'fake',
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'in-process', port: nodeId })),
      topics: topics.map((name) => {
        if (allowAutoCreate === true && !this.partitions.has(name) && this.newTopicPartitions !== undefined)
          this.partitions.set(name, this.newTopicPartitions);
        const partitions = this.partitions.get(name);
        if (partitions === undefined) return { name, error: 'UNKNOWN_TOPIC_OR_PARTITION', partitions: [] };
        const described = Array.from({ length: partitions }, (_, partition) => ({
          partition,
          error: 'NONE' as const,
          leader: this.leader,
          leaderEpoch: this.leader,
          replicas: [1, 2],
          inSyncReplicas: [1, 2],
        }));
        return { name, error: 'NONE', partitions: described };
      }),
    };
  }
}

export const healthy: Fate = async (write) => write();

/** Writes, but nobody hears of it. */
export const answerIsLost: Fate = async (write) => {
  write();
  throw new CodedError('NETWORK_EXCEPTION', 'the line was cut');
};

export const requestIsLost: Fate = async () => {
  throw new CodedError('NETWORK_EXCEPTION', 'the line was cut');
};

export const neverAnswered: Fate = () => new Promise(() => {});

/** Does not write. */
export function refusedWith(error: Code): Fate {
  return async (_write, { partitions }) => ({
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition, error })),
  });
}

/** Waits for `open`, then writes. */
export function gate(): { readonly fate: Fate; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    fate: async (write) => {
      await opened;
      return write();
    },
    open,
  };
}
