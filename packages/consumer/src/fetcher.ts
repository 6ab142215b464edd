import { type Cluster, isRetriable, type Leader, leaderMayHaveMoved, retryDelayMs } from '@millrace/client';
import type { Connection } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import type { AssignedPartition } from './assigned-partition.ts';
import type { FetchConfig } from './config.ts';
import { FetchRoom } from './fetch-room.ts';
import { bytesOf, checkBatches, type LoadedCodecs } from './fetched-batches.ts';
import {
  type FetchedPartition,
  refusalOf,
  releaseBatches,
  resetOffset,
  unreadable,
} from './fetched-partition.ts';
import type { Wake } from './wake.ts';

/** An answer that cannot be read so often in a row is an error. */
const unreadMax = 5;

/** What was asked of one partition. */
interface Question {
  readonly partition: AssignedPartition;
  readonly leader: Leader;
  /** The partition's when it was asked: a seek abandons the question. */
  readonly version: number;
  readonly offset: number;
  /** Reserved of the partition's own room. */
  readonly ownBytes: number;
}

/**
 * Asks leaders for what partitions have room for. Each position is in one question at a time; partitions of one broker
 * that are free together are asked for together, and one that is full is left out, so that it stalls nobody.
 */
export class Fetcher {
  /** The codecs of what was fetched. */
  readonly codecs: LoadedCodecs = new Map();
  readonly #partitions: () => readonly AssignedPartition[];
  readonly #cluster: Cluster;
  readonly #world: World;
  readonly #config: FetchConfig;
  readonly #arrived: Wake;
  readonly #abort = new AbortController();
  /** What questions under way may bring beyond the partitions' own room. */
  #reservedCommon = 0;
  #pumping = false;

  /** `arrived` wakes readers when there is something for them. */
  constructor(
    partitions: () => readonly AssignedPartition[],
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

  /** Asks for whatever has room now. */
  pump(): void {
    if (this.#abort.signal.aborted) return;
    const partitions = this.#partitions();
    const room = new FetchRoom(this.#config, partitions, this.#reservedCommon);
    const byConnection = new Map<Connection, Question[]>();
    for (const partition of partitions) {
      if (!isFree(partition) || !room.has(partition)) continue;
      const { leader, version, fetchOffset } = partition;
      if (leader === undefined) void this.#findLeader(partition);
      else {
        const question = { partition, leader, version, offset: fetchOffset, ownBytes: room.ownOf(partition) };
        const together = byConnection.get(leader.connection);
        if (together === undefined) byConnection.set(leader.connection, [question]);
        else together.push(question);
      }
    }
    for (const [connection, questions] of byConnection) {
      const own = questions.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
      const common = room.takeCommon(questions.length * this.#config.partitionBytes - own);
      void this.#fetch(connection, questions, own, common);
    }
  }

  async #findLeader(partition: AssignedPartition): Promise<void> {
    partition.isFindingLeader = true;
    try {
      await this.#pauseAfterFailures(partition);
      const { topic, partition: index } = partition;
      partition.leader = await this.#cluster.leaderOf(topic, index, this.#abort.signal);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      partition.failures += 1;
      // A group takes a topic away that is gone; who named its partitions is told.
      const isGone = codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' && partition.claim === undefined;
      if (isGone || !isRetriable(error)) this.#fail(partition, error as Error);
    } finally {
      partition.isFindingLeader = false;
      this.#pumpSoon();
    }
  }

  /** Once for all whose leaders were found together. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    void Promise.resolve().then(() => {
      this.#pumping = false;
      this.pump();
    });
  }

  async #pauseAfterFailures({ failures }: AssignedPartition): Promise<void> {
    if (failures === 0) return;
    const { clock, random } = this.#world;
    // One of its own for each: many that wait on one signal look like a leak to Node, which says so on stderr.
    const stopped = AbortSignal.any([this.#abort.signal]);
    await clock.sleep(retryDelayMs(failures, this.#config.retryBackoffMs, random), stopped);
  }

  /** Reserves what the answer may bring, until it is with its partitions. */
  async #fetch(
    connection: Connection,
    questions: readonly Question[],
    ownBytes: number,
    commonBytes: number,
  ): Promise<void> {
    this.#reservedCommon += commonBytes;
    for (const { partition, version, ownBytes: own } of questions) {
      partition.reservedBytes += own;
      partition.askedVersion = version;
    }
    await this.#ask(connection, questions, ownBytes + commonBytes);
    this.#reservedCommon -= commonBytes;
    for (const { partition, version, ownBytes: own } of questions) {
      partition.reservedBytes -= own;
      if (partition.askedVersion === version) partition.askedVersion = undefined;
    }
    this.#arrived.all();
    this.pump();
  }

  /** Never rejects: what goes wrong belongs to the partitions. */
  async #ask(connection: Connection, questions: readonly Question[], maxBytes: number): Promise<void> {
    const { minBytes, maxWaitMs, partitionBytes } = this.#config;
    let answers: readonly FetchedPartition[];
    try {
      const answer = await connection.call('fetch', {
        maxWaitMs,
        minBytes,
        maxBytes,
        partitions: questions.map(({ partition: { topic, partition }, leader, offset }) => ({
          topic,
          partition,
          fetchOffset: offset,
          maxBytes: Math.min(maxBytes, partitionBytes),
          ...(leader.leaderEpoch === undefined ? {} : { currentLeaderEpoch: leader.leaderEpoch }),
        })),
      });
      answers = answer.partitions;
    } catch (error) {
      for (const question of questions) this.#unanswered(question, error);
      return;
    }
    for (const surplus of answers.slice(questions.length)) releaseBatches(surplus);
    await Promise.all(questions.map((question, index) => this.#hear(question, answers[index])));
  }

  /** One that the broker left out, or spoke of in another's place, is asked for again, after a pause. */
  async #hear(question: Question, answer: FetchedPartition | undefined): Promise<void> {
    if (answer !== undefined && isFor(question, answer)) {
      await this.#take(question, answer);
      return;
    }
    if (answer !== undefined) releaseBatches(answer);
    this.#askLater(question);
  }

  async #take(question: Question, answer: FetchedPartition): Promise<void> {
    const { partition, offset } = question;
    if (answer.error !== 'NONE' || this.#isAbandoned(question)) {
      releaseBatches(answer);
      if (answer.error !== 'NONE') this.#refused(question, answer);
      return;
    }
    let bytes: Buffer;
    try {
      bytes = await bytesOf(answer.batches);
    } catch (error) {
      this.#unread(question, error);
      return;
    }
    partition.failures = 0;
    partition.unread = 0;
    if (bytes.length === 0) return;
    try {
      const batches = await checkBatches(bytes, offset, partition.name, this.codecs);
      if (batches !== undefined && !this.#isAbandoned(question)) partition.add(batches);
    } catch (error) {
      if (!this.#isAbandoned(question)) this.#fail(partition, error as Error);
    }
  }

  /** Where the reset policy says how to go on, the reader is not told, but the log is. */
  #refused(question: Question, answer: FetchedPartition): void {
    const { partition, offset } = question;
    const goesOnAt = resetOffset(answer, this.#config.outOfRange);
    if (goesOnAt === undefined) {
      this.#unanswered(question, refusalOf(answer, partition, offset));
      return;
    }
    this.#askLater(question);
    if (this.#isAbandoned(question)) return;
    partition.skipTo(goesOnAt);
    this.#world.logger.warn(
      { partition: partition.name, offset, goesOnAt },
      'what a consumer would have read next is gone; it goes on elsewhere',
    );
  }

  #unanswered(question: Question, error: unknown): void {
    if (leaderMayHaveMoved(error)) this.#cluster.forget(question.partition.topic);
    this.#askLater(question);
    if (!isRetriable(error) && !this.#isAbandoned(question)) this.#fail(question.partition, error as Error);
  }

  /** What was answered could not be read: a broker in this process that stops closes its files. */
  #unread(question: Question, error: unknown): void {
    const { partition, offset } = question;
    this.#askLater(question);
    partition.unread += 1;
    if (partition.unread >= unreadMax && !this.#isAbandoned(question))
      this.#fail(partition, unreadable(partition, offset, error));
  }

  /** The search for a leader waits after a failure. */
  #askLater({ partition, leader }: Question): void {
    if (partition.leader !== leader) return;
    partition.failures += 1;
    partition.leader = undefined;
  }

  /** By a seek, the loss of the partition, or the end. */
  #isAbandoned({ partition, version }: Question): boolean {
    return partition.version !== version || partition.isLost || this.#abort.signal.aborted;
  }

  #fail(partition: AssignedPartition, error: Error): void {
    partition.failure = error;
    this.#arrived.all();
  }
}

function isFor({ partition: { topic, partition } }: Question, answer: FetchedPartition): boolean {
  return answer.topic === topic && answer.partition === partition;
}

function isFree({ isAsked, isFindingLeader, paused, revoking, isLost, failure }: AssignedPartition): boolean {
  return !isAsked && !isFindingLeader && !paused && !revoking && !isLost && failure === undefined;
}
