import { setMaxListeners } from 'node:events';
import type { CallContext, RequestOf, ResponseOf } from '@millrace/protocol';
import { DelayedFetch, type WantedPartition } from '../delayed-fetch.ts';
import { apiError, type Failure, failureFrom } from '../errors.ts';
import type { Partition } from '../partition.ts';
import type { PartitionTable } from '../partition-table.ts';
import type { Purgatory, Settled } from '../purgatory.ts';
import { checkLeaderEpoch } from './leader-epoch.ts';

export interface FetchHandlerOptions {
  readonly table: PartitionTable;
  readonly purgatory: Purgatory<Partition>;
}

type FetchRequest = RequestOf<'fetch'>;
type FetchResponse = ResponseOf<'fetch'>;
type PartitionRequest = FetchRequest['partitions'][number];
type PartitionAnswer = FetchResponse['partitions'][number];

/** However much is asked for: no answer is larger, but for a single batch that is. */
const maxAnswerBytes = 55 * 1024 * 1024;
const nothing = Buffer.alloc(0);

/**
 * Answers at once when there is enough, when a partition has an error, or when waiting is not wanted; else parks until
 * one of these holds or the time is over, then looks again. The batches are handed on as they lie in the files.
 */
export function fetchHandler({ table, purgatory }: FetchHandlerOptions) {
  return async (request: FetchRequest, context: CallContext): Promise<FetchResponse> => {
    if (request.replicaId !== undefined) throw noFollowers();
    const wanted = findAll(table, request);
    if (wanted !== undefined && request.maxWaitMs > 0) {
      const how = await park(purgatory, wanted, request, context.signal);
      if (how === 'abandoned' && context.signal.aborted) return nothingOf(request);
    }
    return read(table, request);
  };
}

/** For a connection that is gone: nobody reads it, but it is an answer. */
function nothingOf({ partitions }: FetchRequest): FetchResponse {
  return {
    partitions: partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      error: 'NONE',
      batches: nothing,
    })),
  };
}

/** What to wait for; undefined when there is something to say at once. */
function findAll(table: PartitionTable, { partitions }: FetchRequest): WantedPartition[] | undefined {
  const wanted: WantedPartition[] = [];
  const seen = new Set<Partition>();
  for (const { topic, partition: index, topicId, currentLeaderEpoch, fetchOffset, maxBytes } of partitions) {
    const partition = table.find(topic, index, topicId);
    if (partition === undefined || seen.has(partition)) return;
    if (checkLeaderEpoch(partition, currentLeaderEpoch) !== undefined) return;
    seen.add(partition);
    wanted.push({ partition, fetchOffset, maxBytes });
  }
  return wanted.length === 0 ? undefined : wanted;
}

function park(
  purgatory: Purgatory<Partition>,
  wanted: readonly WantedPartition[],
  { minBytes, maxWaitMs }: FetchRequest,
  signal: AbortSignal,
): Promise<Settled> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve('abandoned');
      return;
    }
    const abandon = (): void => purgatory.abandon(delayed);
    const delayed = new DelayedFetch(wanted, minBytes, (how) => {
      signal.removeEventListener('abort', abandon);
      resolve(how);
    });
    if (delayed.isSatisfied()) {
      resolve('satisfied');
      return;
    }
    setMaxListeners(0, signal); // as many fetches may wait as the connection sends
    signal.addEventListener('abort', abandon);
    const partitions = wanted.map(({ partition }) => partition);
    purgatory.completeOrWatch(delayed, partitions, maxWaitMs);
    for (const partition of partitions) partition.flushDue();
  });
}

async function read(table: PartitionTable, request: FetchRequest): Promise<FetchResponse> {
  const answers: PartitionAnswer[] = [];
  let left = Math.min(request.maxBytes, maxAnswerBytes);
  let isFirst = true;
  const seen = new Set<Partition>();
  try {
    for (const wanted of request.partitions) {
      const answer = await readPartition(table, wanted, seen, { left, isFirst });
      answers.push(answer);
      left -= answer.batches.byteLength;
      if (answer.batches.byteLength > 0) isFirst = false;
    }
  } catch (error) {
    for (const { batches } of answers) release(batches);
    throw error;
  }
  return { partitions: answers };
}

/** What an answer may still hold; the first partition with data may exceed it. */
interface Room {
  readonly left: number;
  readonly isFirst: boolean;
}

function askedTwice({ topic, index }: Partition): Failure {
  return { error: 'INVALID_REQUEST', message: `${topic}-${index} is asked for twice in one fetch` };
}

async function readPartition(
  table: PartitionTable,
  wanted: PartitionRequest,
  seen: Set<Partition>,
  room: Room,
): Promise<PartitionAnswer> {
  const { topic, partition: index, topicId } = wanted;
  const partition = table.find(topic, index, topicId);
  if (partition === undefined) return refuse(wanted, table.refusal(topic, index, topicId));
  if (seen.has(partition)) return refuse(wanted, askedTwice(partition), partition);
  seen.add(partition);
  const wrongEpoch = checkLeaderEpoch(partition, wanted.currentLeaderEpoch);
  if (wrongEpoch !== undefined) return refuse(wanted, wrongEpoch, partition);
  try {
    partition.checkOffset(wanted.fetchOffset);
    const batches = await readBatches(partition, wanted, room);
    return {
      topic: partition.topic,
      partition: index,
      error: 'NONE',
      highWatermark: partition.highWatermark,
      logStartOffset: partition.logStartOffset,
      batches,
    };
  } catch (error) {
    return refuse(wanted, failureFrom(error), partition);
  }
}

/** Only the first partition with data may exceed what is left, by its first batch. */
async function readBatches(
  partition: Partition,
  { fetchOffset, maxBytes }: PartitionRequest,
  { left, isFirst }: Room,
): Promise<PartitionAnswer['batches']> {
  if (fetchOffset >= partition.highWatermark || (left <= 0 && !isFirst)) return nothing;
  const slice = await partition.read(fetchOffset, Math.max(0, Math.min(maxBytes, left)));
  if (slice.byteLength > 0 && (isFirst || slice.byteLength <= left)) return slice;
  slice.release();
  return nothing;
}

function refuse({ topic, partition }: PartitionRequest, failure: Failure, led?: Partition): PartitionAnswer {
  if (led === undefined) return { topic, partition, ...failure, batches: nothing };
  const { highWatermark, logStartOffset } = led;
  return { topic: led.topic, partition, ...failure, highWatermark, logStartOffset, batches: nothing };
}

function release(batches: PartitionAnswer['batches']): void {
  if ('release' in batches) batches.release();
}

function noFollowers(): Error {
  return apiError('INVALID_REQUEST', 'this broker keeps one replica of a partition and answers no followers');
}
