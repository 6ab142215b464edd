import type { ApiName, Call, Incoming, Outcome, ResponseOf, ServerCodec } from '@millrace/protocol';
import fc from 'fast-check';
import { kafkaApis } from './apis/index.ts';
import { kafkaCodec } from './kafka-codec.ts';
import { Reader } from './schema/reader.ts';
import type { Form } from './schema/type.ts';
import { Writer } from './schema/writer.ts';

type Apis = typeof kafkaApis;
type Draft<Name extends keyof Apis> = Apis[Name] extends {
  readonly request: (version: number) => Form<unknown, infer D>;
}
  ? D
  : never;
type Answer<Name extends keyof Apis> = Apis[Name] extends {
  readonly response: (version: number) => Form<infer V, never>;
}
  ? V
  : never;

const correlation = 7;

/** A request as it comes, without its length. */
function frameOf<Name extends keyof Apis>(name: Name, version: number, draft: Draft<Name>): Buffer {
  const api = kafkaApis[name];
  const writer = new Writer();
  writer.begin();
  writer.int16(api.key);
  writer.int16(version);
  writer.int32(correlation);
  writer.int16(2);
  writer.text('me', 2);
  if (api.isFlexible(version)) writer.uvarint(0);
  (api.request(version) as Form<unknown, Draft<Name>>).write(writer, draft);
  return Buffer.concat(writer.finish() as Buffer[]).subarray(4);
}

/** What an answer says, its header checked. */
function read<Name extends keyof Apis>(
  name: Name,
  version: number,
  chunks: readonly unknown[],
): Answer<Name> {
  const api = kafkaApis[name];
  const frame = Buffer.concat(chunks as Buffer[]);
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  const reader = new Reader(frame.subarray(4), 1_000);
  expect(reader.int32()).toBe(correlation);
  const tags = api.isFlexible(version) && name !== 'apiVersions' ? reader.uvarint() : 0;
  expect(tags).toBe(0);
  const value = (api.response(version) as Form<Answer<Name>>).read(reader);
  expect(reader.remaining).toBe(0);
  return value;
}

function callIn(incoming: Incoming): Call {
  if (incoming.kind !== 'call') throw new Error(`a call was expected: ${JSON.stringify(incoming)}`);
  return incoming.call;
}

/** Asks, answers as told, and reads what the client reads. */
function exchange<Name extends keyof Apis, Asked extends ApiName>(
  name: Name,
  version: number,
  draft: Draft<Name>,
  response: ResponseOf<Asked>,
): Answer<Name> {
  const server = kafkaCodec().server();
  const call = callIn(server.decode(frameOf(name, version, draft)));
  return read(name, version, server.encode(call, { response } as Outcome));
}

function answerTo(server: ServerCodec, frame: Buffer): readonly Uint8Array[] {
  const incoming = server.decode(frame);
  if (incoming.kind !== 'answer') throw new Error(`an answer was expected: ${JSON.stringify(incoming)}`);
  return incoming.chunks;
}

const batch = Buffer.alloc(61);
batch[16] = 2;

const fetchOf = (over: Partial<Draft<'fetch'>> = {}): Draft<'fetch'> => ({
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1_000,
  isolationLevel: 0,
  topics: [{ topic: 't', partitions: [{ partition: 0, fetchOffset: 5, partitionMaxBytes: 100 }] }],
  ...over,
});
const produceOf = (over: Partial<Draft<'produce'>> = {}): Draft<'produce'> => ({
  transactionalId: null,
  acks: -1,
  timeoutMs: 1_000,
  topics: [{ name: 't', partitions: [{ index: 0, records: batch }] }],
  ...over,
});

describe('the versions that a Kafka listener tells of', () => {
  const versionsOf = (version: number, answered?: ReadonlySet<string>) =>
    read(
      'apiVersions',
      version,
      answerTo(
        kafkaCodec().server(answered),
        frameOf('apiVersions', version, { clientSoftwareName: 'a', clientSoftwareVersion: '1' }),
      ),
    );

  it('are those of the questions that have a handler, and of this one', () => {
    const { apiKeys } = versionsOf(0, new Set(['produce', 'metadata']));

    expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual([0, 3, 18, 60]);
  });

  it('begin at 0 for Produce, or old librdkafka stops compressing (quirk 1)', () => {
    expect(versionsOf(3).apiKeys[0]).toEqual({ apiKey: 0, minVersion: 0, maxVersion: 13 });
  });

  it('begin at 0 where old librdkafka looks for that version alone (quirk 2)', () => {
    const least = new Map(versionsOf(3).apiKeys.map(({ apiKey, minVersion }) => [apiKey, minVersion]));

    expect([10, 11, 12, 13, 14, 22].map((key) => least.get(key))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('reach far enough: Fetch 12 (quirk 7), Metadata 10 with OffsetFetch 8 (quirk 16)', () => {
    const most = new Map(versionsOf(3).apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));

    expect([1, 3, 9].map((key) => most.get(key))).toEqual([18, 13, 9]);
  });

  it('do not reach OffsetCommit 10 and OffsetFetch 10 (quirk 17)', () => {
    const most = new Map(versionsOf(3).apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));

    expect([8, 9].map((key) => most.get(key))).toEqual([9, 9]);
  });

  it('are told in version 0 to whoever asks in a newer one, body unread (quirk 8)', () => {
    const frame = Buffer.from('0012006400000007ffffffffffff', 'hex');

    const answer = read('apiVersions', 0, answerTo(kafkaCodec().server(), frame));

    expect(answer).toMatchObject({ errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] });
  });

  it('come under a header without tags, and without features (quirks 9 and 29)', () => {
    expect(versionsOf(3)).toMatchObject({ errorCode: 0, supportedFeatures: [], finalizedFeatures: [] });
  });

  it('are not told to a client whose name is none', () => {
    const frame = frameOf('apiVersions', 3, { clientSoftwareName: 'no name!', clientSoftwareVersion: '1' });

    expect(read('apiVersions', 3, answerTo(kafkaCodec().server(), frame)).errorCode).toBe(42);
  });

  it('are not kept to for Produce 2: the connection ends', () => {
    expect(kafkaCodec().server().decode(Buffer.from('0000000200000007ffff', 'hex'))).toMatchObject({
      kind: 'close',
    });
  });
});

describe('an answer to Fetch', () => {
  it('has no bytes, never null, where there are no records (quirk 3)', () => {
    const partition = { topic: 't', partition: 0, error: 'NONE', batches: Buffer.alloc(0) } as const;

    const { topics } = exchange('fetch', 11, fetchOf(), { partitions: [partition] });

    expect(topics[0]?.partitions[0]?.records).toEqual(Buffer.alloc(0));
  });

  it('has exactly the partitions asked for, also quiet and refused ones (quirks 4 and 13)', () => {
    const partitions = [0, -1, 2].map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 }));
    const answers = [0, 2].map((partition) => ({
      topic: 't',
      partition,
      error: 'NONE' as const,
      batches: Buffer.alloc(0),
    }));

    const { topics } = exchange('fetch', 11, fetchOf({ topics: [{ topic: 't', partitions }] }), {
      partitions: answers,
    });

    expect(topics[0]?.partitions.map(({ partition, errorCode }) => [partition, errorCode])).toEqual([
      [0, 0],
      [-1, 3],
      [2, 0],
    ]);
  });

  it('lists aborted transactions only for those who read committed records (quirk 5)', () => {
    const response = {
      partitions: [{ topic: 't', partition: 0, error: 'NONE' as const, batches: Buffer.alloc(0) }],
    };
    const aborted = [0, 1].map(
      (isolationLevel) =>
        exchange('fetch', 11, fetchOf({ isolationLevel }), response).topics[0]?.partitions[0]
          ?.abortedTransactions,
    );

    expect(aborted).toEqual([null, []]);
  });

  it('says of a partition only what Java can hear (quirk 12)', () => {
    const numbers = (['REQUEST_TIMED_OUT', 'LEADER_NOT_AVAILABLE', 'OFFSET_OUT_OF_RANGE'] as const).map(
      (error) =>
        exchange('fetch', 12, fetchOf(), {
          partitions: [{ topic: 't', partition: 0, error, batches: Buffer.alloc(0) }],
        }).topics[0]?.partitions[0]?.errorCode,
    );

    expect(numbers).toEqual([-1, 6, 1]);
  });

  it('echoes a topic as often as it was named (quirk 30), by its id where that was asked (quirk 15)', () => {
    const topicId = '0b0c0d0e-0f10-4112-8314-151617181920';
    const topics = [0, 1].map((partition) => ({
      topicId,
      partitions: [{ partition, fetchOffset: 0, partitionMaxBytes: 1 }],
    }));
    const answers = [0, 1].map((partition) => ({
      topic: 't',
      partition,
      error: 'NONE' as const,
      batches: Buffer.from([partition]),
    }));

    const answer = exchange('fetch', 13, fetchOf({ topics }), { partitions: answers });

    expect(answer.topics.map(({ topicId: id, partitions }) => [id, partitions[0]?.records?.[0]])).toEqual([
      [topicId, 0],
      [topicId, 1],
    ]);
  });

  it('declines a session, and knows none', () => {
    const open = fetchOf({ sessionId: 0, sessionEpoch: 0 });
    const response = {
      partitions: [{ topic: 't', partition: 0, error: 'NONE' as const, batches: Buffer.alloc(0) }],
    };
    expect(exchange('fetch', 7, open, response).sessionId).toBe(0);

    const chunks = answerTo(
      kafkaCodec().server(),
      frameOf('fetch', 7, fetchOf({ sessionId: 5, sessionEpoch: 1 })),
    );

    expect(read('fetch', 7, chunks)).toMatchObject({ errorCode: 70, topics: [] });
  });
});

describe('an answer to Produce', () => {
  it('has an empty list of failed records, never null (quirk 31)', () => {
    const response = { partitions: [{ topic: 't', partition: 0, error: 'NONE' as const, baseOffset: 4 }] };

    expect(exchange('produce', 9, produceOf(), response).responses[0]?.partitions[0]).toMatchObject({
      baseOffset: 4,
      recordErrors: [],
    });
  });

  it('refuses a batch of an old format, and none at all, as what will not heal', () => {
    const old = Buffer.alloc(61);
    old[16] = 1;
    const partitions = [old, null, Buffer.alloc(0)].map((records, index) => ({ index, records }));

    const { responses } = exchange('produce', 9, produceOf({ topics: [{ name: 't', partitions }] }), {
      partitions: [],
    });

    expect(responses[0]?.partitions.map(({ errorCode, baseOffset }) => [errorCode, baseOffset])).toEqual([
      [87, -1],
      [87, -1],
      [87, -1],
    ]);
  });

  it('refuses other acks than -1, 0 and 1, of every partition', () => {
    const chunks = answerTo(kafkaCodec().server(), frameOf('produce', 3, produceOf({ acks: 2 })));

    expect(read('produce', 3, chunks).responses[0]?.partitions[0]?.errorCode).toBe(21);
  });

  it('is nothing where none is wanted', () => {
    const server = kafkaCodec().server();
    const call = callIn(server.decode(frameOf('produce', 3, produceOf({ acks: 0 }))));

    expect(call.request).toMatchObject({ acks: 'none' });
    expect(server.encode(call, { silent: true })).toEqual([]);
  });

  it('says of every partition that the whole call failed', () => {
    const server = kafkaCodec().server();
    const call = callIn(server.decode(frameOf('produce', 3, produceOf())));

    const chunks = server.encode(call, { error: 'REQUEST_TIMED_OUT', message: 'too slow' });

    expect(read('produce', 3, chunks).responses[0]?.partitions[0]?.errorCode).toBe(7);
  });
});

describe('an answer to Metadata', () => {
  it('names a controller that is among the brokers, whoever it is (quirk 10)', () => {
    const brokers = [{ nodeId: 4, host: 'h', port: 1 }];
    const controllers = [4, 9, undefined].map(
      (controllerId) =>
        exchange(
          'metadata',
          9,
          { topics: null },
          {
            clusterId: 'c',
            brokers,
            topics: [],
            ...(controllerId === undefined ? {} : { controllerId }),
          },
        ).controllerId,
    );

    expect(controllers).toEqual([4, 4, 4]);
  });

  it('takes nothing named for everything in version 0 only', () => {
    const asked = [0, 1].map(
      (version) =>
        callIn(
          kafkaCodec()
            .server()
            .decode(frameOf('metadata', version, { topics: [] })),
        ).request,
    );

    expect(asked).toEqual([{ allowAutoCreate: true }, { topics: [], allowAutoCreate: true }]);
  });
});

describe('an answer about groups', () => {
  it('has an empty protocol below version 7 of JoinGroup, null from it on', () => {
    const draft = {
      group: 'g',
      sessionTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [],
    };
    const response = { error: 'MEMBER_ID_REQUIRED' as const, memberId: 'm', members: [] };

    const protocols = [6, 7].map((version) => exchange('joinGroup', version, draft, response).protocol);

    expect(protocols).toEqual(['', null]);
  });

  it('says Dead of a group that is not there before DescribeGroups 6, and an error from it on', () => {
    const group = {
      groupId: 'g',
      error: 'GROUP_ID_NOT_FOUND' as const,
      state: 'dead' as const,
      protocolType: '',
      protocolName: '',
      members: [],
    };

    const answers = [5, 6].map(
      (version) => exchange('describeGroups', version, { groups: ['g'] }, { groups: [group] }).groups[0],
    );

    expect(answers).toMatchObject([
      { errorCode: 0, state: 'Dead' },
      { errorCode: 69, state: 'Dead' },
    ]);
  });

  it('gives an offset of -1, and no error, where nothing was committed', () => {
    const partitions = [{ topic: 't', partition: 3, error: 'NONE' as const }];
    const response = { groups: [{ groupId: 'g', error: 'NONE' as const, partitions }] };
    const topics = [{ topic: 't', partitions: [3] }];
    const nothing = { partition: 3, offset: -1, leaderEpoch: -1, metadata: '', errorCode: 0 };

    const old = exchange('offsetFetch', 7, { group: 'g', topics }, response);
    const recent = exchange('offsetFetch', 8, { groups: [{ group: 'g', topics }] }, response);

    expect(old.topics).toEqual([{ topic: 't', partitions: [nothing] }]);
    expect(recent.groups[0]?.topics).toEqual([{ topic: 't', partitions: [nothing] }]);
  });
});

describe('hostile bytes', () => {
  it('are answered or refused, whatever they are', () => {
    const header = fc.tuple(fc.constantFrom(0, 1, 2, 3, 11, 14, 18, 19, 60, 99), fc.nat({ max: 20 }));
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 200 }), ([key, version], bytes) => {
        const head = Buffer.from([0, key, 0, version, 0, 0, 0, 1, 255, 255]);
        const incoming = kafkaCodec()
          .server()
          .decode(Buffer.concat([head, bytes]));
        expect(['call', 'answer', 'close']).toContain(incoming.kind);
      }),
      { numRuns: 2_000 },
    );
  });

  it('cannot ask twice under one number before the first is answered', () => {
    const server = kafkaCodec().server();
    server.decode(frameOf('metadata', 1, { topics: [] }));

    expect(server.decode(frameOf('metadata', 1, { topics: [] }))).toEqual({
      kind: 'close',
      reason: 'two questions with the number 7',
    });
  });

  it('are refused by their length alone', () => {
    expect(kafkaCodec({ maxFrameBytes: 10 }).server().refuse(11)).toMatchObject({ kind: 'close' });
  });
});
