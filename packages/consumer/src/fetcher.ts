import { type Cluster, isRetriable, type Leader, leaderMayHaveMoved, retryDelayMs } from '@millrace/client';
import type { Connection, ResponseOf } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import type { AssignedPartition } from './assigned-partition.ts';
import type { FetchConfig } from './config.ts';
import { consumerError } from './errors.ts';
import { bytesOf, checkBatches, type LoadedCodecs } from './fetched-batches.ts';
import type { Wake } from './wake.ts';

type FetchedPartition = ResponseOf<'fetch'>['partitions'][number];

/** Less room than this is not worth a question. */
const smallestFetchBytes = 64 * 1024;

/**
 * Asks leaders for what partitions have room for. Each partition is in one question at a time; partitions of one broker
 * that are free together are asked for together, and one that is full is left out, so that it stalls nobody.
 */
export class Fetcher {
  /** The codecs of what was fetched. */
  readonly codecs: LoadedCodecs = new Map();
  readonly #partitions: () => Iterable<AssignedPartition>;
  readonly #cluster: Cluster;
  readonly #world: World;
  readonly #config: FetchConfig;
  readonly #arrived: Wake;
  readonly #abort = new AbortController();
  /** Fetched and not taken, and what questions under way may bring. */
  #reservedBytes = 0;

  /** `arrived` wakes readers when there is something for them. */
  constructor(
    partitions: () => Iterable<AssignedPartition>,
    context: { readonly cluster: Cluster; readonly world: World; readonly config: FetchConfig },
    arrived: Wake,
  ) {
    this.#partitions = partitions;
    this.#cluster = context.cluster;
    this.#world = context.world;
    this.#config = context.config;
    this.#arrived = arrived;
  }

  stop(): void {
    this.#abort.abort();
  }

  /** Bytes were taken out of a partition's buffer: there is room again. */
  taken(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  /** Asks for whatever has room now. */
  pump(): void {
    if (this.#abort.signal.aborted) return;
    const byConnection = new Map<Connection, AssignedPartition[]>();
    for (const partition of this.#partitions()) {
      if (!this.#hasRoom(partition)) continue;
      if (partition.leader === undefined) void this.#findLeader(partition);
      else {
        const together = byConnection.get(partition.leader.connection);
        if (together === undefined) byConnection.set(partition.leader.connection, [partition]);
        else together.push(partition);
      }
    }
    for (const [connection, partitions] of byConnection) void this.#fetch(connection, partitions);
  }

  #hasRoom(partition: AssignedPartition): boolean {
    const { busy, paused, revoking, isLost, failure, bufferedBytes } = partition;
    if (busy || paused || revoking || isLost || failure !== undefined) return false;
    return bufferedBytes < this.#config.partitionBytes;
  }

  async #findLeader(partition: AssignedPartition): Promise<void> {
    partition.busy = true;
    try {
      await this.#pauseAfterFailures(partition);
      partition.leader = await this.#cluster.leaderOf(
        partition.topic,
        partition.partition,
        this.#abort.signal,
      );
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      partition.failures += 1;
      if (!isRetriable(error)) this.#fail(partition, error as Error);
    } finally {
      partition.busy = false;
      this.pump();
    }
  }

  async #pauseAfterFailures({ failures }: AssignedPartition): Promise<void> {
    if (failures === 0) return;
    const { clock, random } = this.#world;
    await clock.sleep(retryDelayMs(failures, this.#config.retryBackoffMs, random), this.#abort.signal);
  }

  async #fetch(connection: Connection, partitions: readonly AssignedPartition[]): Promise<void> {
    const room = this.#config.bufferedBytes - this.#reservedBytes;
    // A small buffer may still hold one answer.
    if (room < smallestFetchBytes && this.#reservedBytes > 0) return;
    const { minBytes, maxWaitMs, partitionBytes } = this.#config;
    const maxBytes = Math.min(room, partitions.length * partitionBytes);
    this.#reservedBytes += maxBytes;
    const asked = partitions.map((partition) => ({
      partition,
      version: partition.version,
      offset: partition.fetchOffset,
    }));
    for (const partition of partitions) partition.busy = true;
    let answers: readonly FetchedPartition[] = [];
    try {
      const answer = await connection.call('fetch', {
        maxWaitMs,
        minBytes,
        maxBytes,
        partitions: partitions.map(({ topic, partition, fetchOffset, leader }) => ({
          topic,
          partition,
          fetchOffset,
          maxBytes: Math.min(maxBytes, partitionBytes),
          ...epochOf(leader),
        })),
      });
      answers = answer.partitions;
    } catch (error) {
      for (const partition of partitions) this.#unanswered(partition, error);
    }
    this.#reservedBytes -= maxBytes;
    const taken: Promise<void>[] = [];
    for (const [index, answer] of answers.entries()) {
      const question = asked[index];
      if (question === undefined) release(answer);
      else taken.push(this.#take(question, answer));
    }
    await Promise.all(taken);
    for (const partition of partitions) partition.busy = false;
    this.#arrived.all();
    this.pump();
  }

  async #take(
    { partition, version, offset }: { partition: AssignedPartition; version: number; offset: number },
    answer: FetchedPartition,
  ): Promise<void> {
    const isOld = (): boolean =>
      partition.version !== version || partition.isLost || this.#abort.signal.aborted;
    if (answer.error !== 'NONE' || isOld()) {
      release(answer);
      if (!isOld()) this.#refused(partition, answer);
      return;
    }
    try {
      const bytes = await bytesOf(answer.batches);
      if (bytes.length === 0) {
        partition.failures = 0;
        return;
      }
      const batches = await checkBatches(bytes, offset, partition.name, this.codecs);
      if (batches === undefined || isOld()) return;
      partition.failures = 0;
      partition.add(batches);
      this.#reservedBytes += batches.bytes.length;
    } catch (error) {
      if (!isOld()) this.#fail(partition, error as Error);
    }
  }

  #refused(
    partition: AssignedPartition,
    { error, message, logStartOffset, highWatermark }: FetchedPartition,
  ): void {
    const { topic, fetchOffset } = partition;
    const details = { topic, partition: partition.partition, offset: fetchOffset };
    const range = error === 'OFFSET_OUT_OF_RANGE' ? { logStartOffset, highWatermark } : {};
    const given = Object.fromEntries(Object.entries(range).filter(([, value]) => value !== undefined));
    this.#unanswered(
      partition,
      consumerError(error, message ?? `${partition.name} at offset ${fetchOffset}: ${error}`, {
        details: { ...details, ...given },
        ...(error === 'OFFSET_OUT_OF_RANGE'
          ? { hint: "seek to an offset in the range, 'earliest' or 'latest'" }
          : {}),
      }),
    );
  }

  #unanswered(partition: AssignedPartition, error: unknown): void {
    partition.failures += 1;
    if (leaderMayHaveMoved(error)) this.#cluster.forget(partition.topic);
    // The search for a leader also waits, after a failure.
    partition.leader = undefined;
    if (!isRetriable(error)) this.#fail(partition, error as Error);
  }

  #fail(partition: AssignedPartition, error: Error): void {
    partition.failure = error;
    this.#arrived.all();
  }
}

function epochOf(leader: Leader | undefined): { currentLeaderEpoch?: number } {
  return leader?.leaderEpoch === undefined ? {} : { currentLeaderEpoch: leader.leaderEpoch };
}

function release({ batches }: FetchedPartition): void {
  if ('release' in batches) batches.release();
}
