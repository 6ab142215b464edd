import type { ByteRange } from '@millrace/runtime';
import fc from 'fast-check';
import { kafkaApis } from '../apis/index.ts';
import type { AnyKafkaApi } from './kafka-api.ts';
import { MalformedMessage, Reader } from './reader.ts';
import { Writer } from './writer.ts';

const { fetch, listOffsets, metadata, produce } = kafkaApis;

function written(write: (to: Writer) => void): Buffer {
  const writer = new Writer();
  writer.begin();
  write(writer);
  return Buffer.concat(writer.finish() as Uint8Array[]).subarray(4);
}

/** Whether it could be read; anything but a MalformedMessage is thrown on. */
function isRead(form: { read(from: Reader): unknown }, bytes: Buffer): boolean {
  try {
    form.read(new Reader(bytes, 1_000));
    return true;
  } catch (error) {
    if (error instanceof MalformedMessage) return false;
    throw error;
  }
}

describe('reading', () => {
  it('gives a value or says that the message is malformed, whatever the bytes', () => {
    const apis: readonly AnyKafkaApi[] = Object.values(kafkaApis);
    const forms = apis.flatMap(({ versions, request, response }) => [
      request(versions.least),
      response(versions.least),
      request(versions.most),
      response(versions.most),
    ]);
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.uint8Array({ maxLength: 200 }), (form, bytes) => {
        expect(isRead(form, Buffer.from(bytes))).toBeDefined();
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses a list that says it has more items than there are bytes, before making any', () => {
    const bytes = Buffer.from('7fffffff00000000', 'hex');

    expect(() => metadata.request(1).read(new Reader(bytes, 1e9))).toThrow('2147483647 items, in 4 bytes');
  });

  it('refuses more items than the budget of a message, over all its lists', () => {
    const topics = Array.from({ length: 60 }, () => ({ topic: 't', partitions: [] }));
    const bytes = written((to) => listOffsets.request(1).write(to, { replicaId: -1, topics }));

    expect(() => listOffsets.request(1).read(new Reader(bytes, 59))).toThrow('too many items');
    expect(listOffsets.request(1).read(new Reader(bytes, 60)).topics).toHaveLength(60);
  });

  it('passes a million unknown tags, and refuses them in disorder', () => {
    const body = written((to) => metadata.request(9).write(to, { topics: null })).subarray(0, -1);
    const tags = (count: number): Buffer =>
      written((to) => {
        to.uvarint(count);
        for (let tag = 0; tag < count; tag += 1) {
          to.uvarint(tag);
          to.uvarint(0);
        }
      });
    const form = metadata.request(9);

    expect(form.read(new Reader(Buffer.concat([body, tags(1e6)]), 10)).topics).toBeNull();
    const twice = Buffer.concat([body, Buffer.from('0205000500', 'hex')]);
    expect(() => form.read(new Reader(twice, 10))).toThrow('tag 5 comes after tag 5');
  });

  it('takes an int64 beyond 2^53 for the largest that is exact', () => {
    const bytes = Buffer.from('ffffffff0000000100017400000001000000007fffffffffffffff', 'hex');

    const [topic] = listOffsets.request(1).read(new Reader(bytes, 10)).topics;

    expect(topic?.partitions).toEqual([
      { partition: 0, currentLeaderEpoch: -1, timestamp: Number.MAX_SAFE_INTEGER },
    ]);
  });

  it('hands out record batches as views of the message', () => {
    const batch = Buffer.from('a batch');
    const bytes = written((to) =>
      produce.request(9).write(to, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 1,
        topics: [{ name: 't', partitions: [{ index: 0, records: batch }] }],
      }),
    );

    const read = produce.request(9).read(new Reader(bytes, 10)).topics[0]?.partitions[0]?.records;

    expect(read).toEqual(batch);
    expect(read?.buffer).toBe(bytes.buffer);
  });
});

describe('writing', () => {
  const range = (byteLength: number) => {
    const state = { released: 0 };
    const value: ByteRange = {
      byteLength,
      read: () => Promise.reject(new Error('a writer reads no range')),
      release: () => {
        state.released += 1;
      },
    };
    return { value, state };
  };
  const answer = (records: ByteRange | null) => ({
    throttleTimeMs: 0,
    topics: [
      {
        topic: 't',
        partitions: [
          {
            partition: 0,
            errorCode: 0,
            highWatermark: 9,
            lastStableOffset: 9,
            abortedTransactions: [],
            records,
          },
        ],
      },
    ],
  });

  it('leaves a range where it lies, and counts its bytes', () => {
    const writer = new Writer();
    const { value, state } = range(1_000_000);

    writer.begin();
    fetch.response(11).write(writer, answer(value));
    const pieces = writer.finish();

    expect(pieces.includes(value)).toBe(true);
    expect(state.released).toBe(0);
    const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect((pieces[0] as Buffer).readInt32BE(0)).toBe(bytes - 4);
  });

  it('releases a range without bytes, since nobody else will', () => {
    const writer = new Writer();
    const { value, state } = range(0);

    writer.begin();
    fetch.response(11).write(writer, answer(value));

    expect(writer.finish()).toHaveLength(1);
    expect(state.released).toBe(1);
  });

  it('never touches again what it handed out', () => {
    const writer = new Writer();
    const frames: Buffer[] = [];
    for (let i = 0; i < 3_000; i += 1) {
      writer.begin();
      metadata.request(9).write(writer, { topics: [{ topic: `topic-${i}-${'x'.repeat(i % 300)}` }] });
      frames.push(...(writer.finish() as Buffer[]));
    }

    const names = frames.map(
      (frame) => metadata.request(9).read(new Reader(frame.subarray(4), 10)).topics?.[0]?.topic,
    );

    expect(names).toEqual(names.map((_, i) => `topic-${i}-${'x'.repeat(i % 300)}`));
  });

  it('says the size of a tagged field, however many bytes that takes', () => {
    const nodeEndpoints = Array.from({ length: 3_000 }, (_, nodeId) => ({
      nodeId,
      host: 'a-host-with-a-long-name',
      port: 9092,
      rack: null,
    }));
    const bytes = written((to) =>
      fetch.response(16).write(to, { throttleTimeMs: 0, topics: [], nodeEndpoints }),
    );

    expect(fetch.response(16).read(new Reader(bytes, 5_000)).nodeEndpoints).toEqual(nodeEndpoints);
  });

  it('forgets a frame that was not finished', () => {
    const writer = new Writer();
    writer.begin();
    expect(() => metadata.request(9).write(writer, { topics: [{ topic: 'x'.repeat(40_000) }] })).toThrow(
      RangeError,
    );

    writer.begin();
    metadata.request(9).write(writer, { topics: null });

    expect(Buffer.concat(writer.finish() as Buffer[]).toString('hex')).toBe('000000050001000000');
  });

  it('knows no version that is not served', () => {
    expect(() => fetch.request(3)).toThrow(new RangeError('Fetch has no version 3 here'));
  });
});
