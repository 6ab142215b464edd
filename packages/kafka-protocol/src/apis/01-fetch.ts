import { kafkaApi } from '../schema/kafka-api.ts';
import { list, listOrNull } from '../schema/list.ts';
import { int8, int16, int32, int64, records, text, textOrNull, uuid } from '../schema/scalars.ts';
import { at, struct, tagged } from '../schema/struct.ts';
import { leaderAndEpoch, nodeEndpoints, unknownLeader } from './current-leader.ts';

/**
 * 4: read committed. 5: log start. 7: sessions. 9: leader epochs. 10: zstd. 11: racks. 12: flexible, divergence. 13: topics
 * by id. 15: the replica is a tagged field. 16: the present leader. 17: directories of followers. 18: their high watermarks.
 */
export const fetch = kafkaApi({
  key: 1,
  name: 'Fetch',
  versions: '4-18',
  flexible: '12+',
  request: {
    clusterId: tagged(0, '12+', textOrNull()),
    replicaId: at('0-14', int32, -1),
    replicaState: tagged(1, '15+', struct({ replicaId: int32, replicaEpoch: int64 }), {
      replicaId: -1,
      replicaEpoch: -1,
    }),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: at('7+', int32),
    sessionEpoch: at('7+', int32, -1),
    topics: list({
      topic: at('0-12', text),
      topicId: at('13+', uuid),
      partitions: list({
        partition: int32,
        currentLeaderEpoch: at('9+', int32, -1),
        fetchOffset: int64,
        lastFetchedEpoch: at('12+', int32, -1),
        logStartOffset: at('5+', int64, -1),
        partitionMaxBytes: int32,
        replicaDirectoryId: tagged(0, '17+', uuid),
        highWatermark: tagged(1, '18+', int64, Number.MAX_SAFE_INTEGER),
      }),
    }),
    forgottenTopics: at(
      '7+',
      list({ topic: at('7-12', text), topicId: at('13+', uuid), partitions: list(int32) }),
    ),
    rackId: at('11+', text),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: at('7+', int16),
    sessionId: at('7+', int32),
    topics: list({
      topic: at('0-12', text),
      topicId: at('13+', uuid),
      partitions: list({
        partition: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64,
        logStartOffset: at('5+', int64, -1),
        abortedTransactions: listOrNull({ producerId: int64, firstOffset: int64 }),
        preferredReadReplica: at('11+', int32, -1),
        records,
        divergingEpoch: tagged(0, '12+', struct({ epoch: int32, endOffset: int64 }), {
          epoch: -1,
          endOffset: -1,
        }),
        currentLeader: tagged(1, '12+', leaderAndEpoch, unknownLeader),
        snapshotId: tagged(2, '12+', struct({ endOffset: int64, epoch: int32 }), {
          endOffset: -1,
          epoch: -1,
        }),
      }),
    }),
    nodeEndpoints: tagged(0, '16+', nodeEndpoints),
  },
});
