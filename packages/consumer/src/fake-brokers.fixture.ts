import { type Cluster, openCluster } from '@millrace/client';
import type { ApiName, Connection, RequestOf, ResponseOf } from '@millrace/protocol';
import { BatchBuilder, batchesIn, stampBatch } from '@millrace/record';
import { CodedError } from '@millrace/runtime';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';

type Question = RequestOf<'fetch'>;
type Answer = ResponseOf<'fetch'>;
type Part = Answer['partitions'][number] & { readonly batches: Buffer };

/** What becomes of one fetch; `read` does what a healthy broker would at that moment. */
export type FetchFate = (read: () => readonly Part[]) => Promise<Answer['partitions'] | readonly Part[]>;

const topic = 'orders';

class FakeLog {
  #bytes = Buffer.alloc(0);
  endOffset = 0;
  leaderEpoch = 0;
  leader = 1;

  /** One batch, of which each value says its offset; `skipped` offsets before it are compacted away. */
  append(records: number, skipped: number): void {
    const builder = new BatchBuilder({ maxBytes: 100_000 });
    const baseOffset = this.endOffset + skipped;
    for (let i = 0; i < records; i += 1) builder.tryAppend({ value: String(baseOffset + i) }, 0);
    const batch = Buffer.from(builder.build());
    stampBatch(batch, 0, { baseOffset, leaderEpoch: this.leaderEpoch });
    this.#bytes = Buffer.concat([this.#bytes, batch]);
    this.endOffset = baseOffset + records;
  }

  /** Every offset that has a record. */
  get offsets(): number[] {
    return [...batchesIn(this.#bytes)].flatMap(({ header: { baseOffset, recordCount } }) =>
      Array.from({ length: recordCount }, (_, i) => baseOffset + i),
    );
  }

  /** Whole batches from the one that holds the offset; the first even if it is larger than `maxBytes`. */
  read(offset: number, maxBytes: number): Buffer {
    const batches = [...batchesIn(this.#bytes)];
    const first = batches.find(({ header }) => header.lastOffset >= offset);
    if (first === undefined) return Buffer.alloc(0);
    let end = first.position + first.header.sizeInBytes;
    for (const { position, header } of batches)
      if (position >= end && position + header.sizeInBytes - first.position <= maxBytes)
        end = position + header.sizeInBytes;
    return Buffer.from(this.#bytes.subarray(first.position, end));
  }
}

/** Two brokers that share the logs of one topic. Each fetch meets the next fate; after the last they are healthy. */
export class FakeBrokers {
  readonly world: TestWorld = testWorld();
  readonly cluster: Cluster;
  readonly logs: readonly FakeLog[];
  readonly fates: FetchFate[] = [];

  constructor(partitions: number) {
    this.logs = Array.from({ length: partitions }, () => new FakeLog());
    const connect = async ({ nodeId = 1 }): Promise<Connection> => this.#connection(nodeId);
    const bootstrap = [{ nodeId: 1, host: 'in-process', port: 1 }];
    this.cluster = openCluster({ connect, bootstrap, retry: { attempts: 5, backoffMs: 10 } }, this.world);
  }

  /** To the other broker, under the next epoch. */
  moveLeader(partition: number): void {
    const log = this.logs[partition];
    if (log === undefined) return;
    log.leader = 3 - log.leader;
    log.leaderEpoch += 1;
  }

  #connection(nodeId: number): Connection {
    let end = (): void => {};
    const closed = new Promise<void>((resolve) => {
      end = resolve;
    });
    const call = async (name: ApiName, request: unknown): Promise<never> => {
      if (name === 'metadata') return this.#metadata() as never;
      if (name !== 'fetch') throw new Error(`a consumer asked for ${name}`);
      return (await this.#fetch(request as Question, nodeId)) as never;
    };
    return { call: call as Connection['call'], closed, close: async () => end() };
  }

  async #fetch(question: Question, nodeId: number): Promise<Answer> {
    const fate = this.fates.shift();
    const read = (): Part[] => this.#read(question, nodeId);
    if (fate !== undefined) return { partitions: [...(await fate(read))] };
    const partitions = read();
    if (partitions.some(({ error, batches }) => error !== 'NONE' || batches.length > 0))
      return { partitions };
    await this.world.clock.sleep(question.maxWaitMs);
    return { partitions: read() };
  }

  #read({ partitions, maxBytes }: Question, nodeId: number): Part[] {
    let left = maxBytes;
    return partitions.map(({ partition, fetchOffset, maxBytes: most, currentLeaderEpoch }) => {
      const log = this.logs[partition] as FakeLog;
      const refused = refusalBy(log, nodeId, currentLeaderEpoch);
      const batches =
        refused === undefined && left > 0 ? log.read(fetchOffset, Math.min(left, most)) : Buffer.alloc(0);
      left -= batches.length;
      return { topic, partition, error: refused ?? 'NONE', batches };
    });
  }

  #metadata(): ResponseOf<'metadata'> {
    return {
      clusterId: 'fake',
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: 'in-process', port: nodeId })),
      topics: [
        {
          name: topic,
          error: 'NONE',
          partitions: this.logs.map(({ leader, leaderEpoch }, partition) => ({
            partition,
            error: 'NONE' as const,
            leader,
            leaderEpoch,
            replicas: [1, 2],
            inSyncReplicas: [1, 2],
          })),
        },
      ],
    };
  }
}

function refusalBy(log: FakeLog, nodeId: number, epoch: number | undefined): Part['error'] | undefined {
  if (nodeId !== log.leader) return 'NOT_LEADER_OR_FOLLOWER';
  if (epoch !== undefined && epoch !== log.leaderEpoch)
    return epoch < log.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH';
  return undefined;
}

export const lineIsCut: FetchFate = async () => {
  throw new CodedError('NETWORK_EXCEPTION', 'the line was cut');
};
