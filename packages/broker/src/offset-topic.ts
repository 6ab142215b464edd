import type { CoreApi } from '@millrace/broker-core';
import type { GroupPlace, OffsetStore, StoredEntry } from '@millrace/group-coordinator';
import { apiError, type CallContext, type ErrorCode, type ResponseOf } from '@millrace/protocol';
import { BatchBuilder, batchesIn, murmur2, recordsIn, verifyBatch } from '@millrace/record';
import type { World } from '@millrace/runtime';

type TopicAnswer = ResponseOf<'metadata'>['topics'][number];
type Answered = { readonly error: ErrorCode; readonly message?: string | undefined };
type FetchedPartition = ResponseOf<'fetch'>['partitions'][number];

/** Kafka's name: its clients know it as an internal topic and leave it alone. */
export const offsetTopic = '__consumer_offsets';

/** Enough to spread the groups of a cluster over its brokers; each is a log, so a broker that is alone does not want Kafka's 50. */
const partitions = 8;
const createMs = 10_000;
/** Until a commit is as safe as promised; Kafka's `offsets.commit.timeout.ms`. */
const appendMs = 5_000;
const fetchBytes = 4 * 1024 * 1024;
const batchBytes = 512 * 1024;
const nobody = new AbortController().signal;
const context: CallContext = {
  signal: nobody,
  clientId: 'group-coordinator',
  connectionId: 0,
  listener: 'in-process',
};

/**
 * What coordinators keep of their groups, in a compacted topic of the cluster that is made when the first group asks.
 * It goes through the broker's own questions: what is acknowledged there is as safe as any record under acks all.
 */
export function offsetStoreOver(api: CoreApi, nodeId: number, { clock }: World): OffsetStore {
  let making: Promise<void> | undefined;
  const made = async (): Promise<TopicAnswer> => {
    const known = await ask(api);
    if (known.error === 'NONE' && making === undefined) return known;
    making ??= make(api).finally(() => {
      making = undefined;
    });
    await making;
    return ask(api);
  };
  return {
    async placeOf(groupId) {
      const topic = await made();
      if (topic.error !== 'NONE') throw unavailable(`${offsetTopic} is being made`);
      const index = (murmur2(Buffer.from(groupId)) & 0x7fff_ffff) % topic.partitions.length;
      const place = placesOf(topic)[index];
      if (place !== undefined) return place;
      throw unavailable(`the log that keeps group '${groupId}' (${offsetTopic}-${index}) has no leader`);
    },

    async led() {
      return placesOf(await ask(api)).filter((place) => place?.nodeId === nodeId) as GroupPlace[];
    },

    async *read({ partition, leaderEpoch }) {
      const { end, start } = await bounds(api, partition, leaderEpoch);
      for (let offset = start; offset < end; ) {
        const bytes = await fetchFrom(api, partition, offset, leaderEpoch);
        const from = offset;
        for (const { position, header } of batchesIn(bytes)) {
          verifyBatch(bytes, position);
          offset = header.lastOffset + 1;
        }
        // Compaction may have left nothing below the end.
        if (offset === from) return;
        for (const { key, value } of recordsIn(bytes, { from })) if (key !== null) yield { key, value };
      }
    },

    async append(place, entries) {
      await checkPlace(api, place);
      const batches = batchesOf(entries, clock.now());
      const { partitions: answers } = await api.produce(
        {
          acks: 'all',
          timeoutMs: appendMs,
          partitions: [{ topic: offsetTopic, partition: place.partition, batches }],
        },
        context,
      );
      failOn(answers[0]);
    },
  };
}

/** Resolves when every partition has a leader. */
async function make(api: CoreApi): Promise<void> {
  const config = [{ name: 'cleanup.policy', value: 'compact' }];
  const { topics } = await api.createTopics(
    { timeoutMs: createMs, topics: [{ name: offsetTopic, partitions, replicas: 1, config }] },
    context,
  );
  const { error = 'NONE', message = '' } = topics[0] ?? {};
  if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS')
    throw unavailable(`${offsetTopic} could not be made: ${message}`);
}

async function ask(api: CoreApi): Promise<TopicAnswer> {
  const { topics } = await api.metadata({ topics: [offsetTopic] }, context);
  return topics[0] ?? { name: offsetTopic, error: 'UNKNOWN_TOPIC_OR_PARTITION', partitions: [] };
}

function placesOf({ topicId = '', partitions }: TopicAnswer): (GroupPlace | undefined)[] {
  return partitions.map(({ partition, leader, leaderEpoch }) =>
    leader === undefined || leaderEpoch === undefined
      ? undefined
      : { partition, nodeId: leader, logId: topicId, leaderEpoch },
  );
}

/** Whoever writes under an older leadership does not know what was written since. */
async function checkPlace(
  api: CoreApi,
  { partition, nodeId, logId, leaderEpoch }: GroupPlace,
): Promise<void> {
  const now = placesOf(await ask(api))[partition];
  if (now?.nodeId === nodeId && now.logId === logId && now.leaderEpoch === leaderEpoch) return;
  throw apiError('NOT_COORDINATOR', `${offsetTopic}-${partition} has another leader now`);
}

async function bounds(api: CoreApi, partition: number, currentLeaderEpoch: number) {
  const named = { topic: offsetTopic, partition, currentLeaderEpoch };
  const { partitions } = await api.listOffsets(
    {
      partitions: [
        { ...named, at: 'earliest' },
        { ...named, at: 'latest' },
      ],
    },
    context,
  );
  for (const answer of partitions) failOn(answer);
  const [start, end] = partitions;
  return { start: start?.offset ?? 0, end: end?.offset ?? 0 };
}

async function fetchFrom(api: CoreApi, partition: number, fetchOffset: number, currentLeaderEpoch: number) {
  const wanted = { topic: offsetTopic, partition, fetchOffset, maxBytes: fetchBytes, currentLeaderEpoch };
  const answer = await api.fetch(
    { maxWaitMs: 0, minBytes: 0, maxBytes: fetchBytes, partitions: [wanted] },
    context,
  );
  const [fetched] = answer.partitions;
  const bytes = await bytesOf(fetched?.batches);
  failOn(fetched);
  return bytes;
}

async function bytesOf(batches: FetchedPartition['batches'] | undefined): Promise<Buffer> {
  if (batches === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(batches)) return batches;
  try {
    return await batches.read(0, batches.byteLength);
  } finally {
    batches.release();
  }
}

function batchesOf(entries: readonly StoredEntry[], now: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: batchBytes });
  const batches: Buffer[] = [];
  for (const entry of entries) {
    if (builder.tryAppend(entry, now)) continue;
    batches.push(builder.build());
    builder.tryAppend(entry, now);
  }
  if (builder.recordCount > 0) batches.push(builder.build());
  return Buffer.concat(batches);
}

/** What the broker says of its own partition, in the words of a coordinator. */
const coordinatorCodes: { readonly [Code in ErrorCode]?: Exclude<ErrorCode, 'NONE'> } = {
  NOT_LEADER_OR_FOLLOWER: 'NOT_COORDINATOR',
  FENCED_LEADER_EPOCH: 'NOT_COORDINATOR',
  UNKNOWN_LEADER_EPOCH: 'NOT_COORDINATOR',
  LEADER_NOT_AVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
  UNKNOWN_TOPIC_OR_PARTITION: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS: 'COORDINATOR_NOT_AVAILABLE',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'COORDINATOR_NOT_AVAILABLE',
  REQUEST_TIMED_OUT: 'COORDINATOR_NOT_AVAILABLE',
};

function failOn(answer: Answered | undefined): void {
  const { error, message = error } = answer ?? { error: 'NONE' };
  if (error !== 'NONE') throw apiError(coordinatorCodes[error] ?? error, message);
}

function unavailable(message: string): Error {
  return apiError('COORDINATOR_NOT_AVAILABLE', message);
}
