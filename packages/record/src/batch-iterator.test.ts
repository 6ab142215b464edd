import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.ts';
import { stampBatch, writeChecksum } from './batch-header.ts';
import { batchesIn, recordsIn } from './batch-iterator.ts';
import { batchHeaderBytes, layout } from './batch-layout.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import { gzipCodec } from './gzip.ts';
import { batchArbitrary } from './testing/index.ts';
import { thrownCode } from './testing/thrown-code.ts';
import { writeVarint } from './varint.ts';

const corruptMessage = expect.objectContaining({ code: 'CORRUPT_MESSAGE' });

/** Records `v<offset>` in one batch. */
function batchFrom(baseOffset: number, count: number, codec?: CompressionCodec): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024, ...(codec === undefined ? {} : { codec }) });
  for (let i = 0; i < count; i += 1)
    builder.tryAppend({ value: `v${baseOffset + i}` }, 1_700_000_000_000 + i);
  const batch = builder.build();
  stampBatch(batch, 0, { baseOffset, leaderEpoch: 0 });
  return batch;
}

function withAttributes(batch: Buffer, bits: number): Buffer {
  batch.writeInt16BE(batch.readInt16BE(layout.attributes) | bits, layout.attributes);
  return batch;
}

/** A batch of these bytes instead of records. */
function batchOfBytes(records: Uint8Array, count: number): Buffer {
  const batch = Buffer.concat([batchFrom(0, 1).subarray(0, batchHeaderBytes), records]);
  batch.writeInt32BE(batch.length - 12, layout.length);
  batch.writeInt32BE(count, layout.recordCount);
  batch.writeInt32BE(count - 1, layout.lastOffsetDelta);
  writeChecksum(batch, 0, batch.length);
  return batch;
}

function offsetsIn(bytes: Buffer, options?: Parameters<typeof recordsIn>[1]): number[] {
  return [...recordsIn(bytes, options)].map((record) => record.offset);
}

describe('batchesIn', () => {
  const bytes = Buffer.concat([batchFrom(10, 3), batchFrom(13, 1)]);

  it('gives position and header of each batch', () => {
    expect([...batchesIn(bytes)].map(({ position, header }) => [position, header.baseOffset])).toEqual([
      [0, 10],
      [batchFrom(10, 3).length, 13],
    ]);
  });

  it('leaves a partial tail, however much of it is there', () => {
    for (let missing = 1; missing <= batchFrom(13, 1).length; missing += 1) {
      expect([...batchesIn(bytes.subarray(0, bytes.length - missing))]).toHaveLength(1);
    }
    expect([...batchesIn(Buffer.alloc(0))]).toEqual([]);
  });

  it('refuses what is no batch', () => {
    expect(() => [...batchesIn(Buffer.concat([bytes, Buffer.alloc(100)]))]).toThrow(corruptMessage);
  });

  it('begins anew with each iteration', () => {
    const batches = batchesIn(bytes);

    expect([...batches]).toHaveLength(2);
    expect([...batches]).toHaveLength(2);
  });
});

describe('recordsIn', () => {
  it('gives the records of several batches in order and leaves a partial tail', () => {
    const bytes = Buffer.concat([batchFrom(5, 3), batchFrom(8, 2), batchFrom(10, 4).subarray(0, 80)]);

    const values = [...recordsIn(bytes)].map((record) => [record.offset, record.value?.toString()]);

    expect(values).toEqual([5, 6, 7, 8, 9].map((offset) => [offset, `v${offset}`]));
  });

  it('begins at any offset asked for, and does not open batches before it', () => {
    const first = batchFrom(0, 4);
    first.fill(0xff, batchHeaderBytes);
    const bytes = Buffer.concat([first, batchFrom(4, 4), batchFrom(8, 4)]);

    for (let from = 4; from <= 13; from += 1) {
      const expected = [4, 5, 6, 7, 8, 9, 10, 11].filter((offset) => offset >= from);
      expect(offsetsIn(bytes, { from })).toEqual(expected);
    }
  });

  it('begins anew with each iteration, and ends when broken off', () => {
    const records = recordsIn(batchFrom(0, 5));

    for (const record of records) if (record.offset === 2) break;

    expect([...records]).toHaveLength(5);
    const iterator = records[Symbol.iterator]();
    iterator.next();
    iterator.return?.();
    expect(iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('gives views of the bytes and one shared empty list of headers', () => {
    const bytes = batchFrom(0, 2);

    const [first, second] = [...recordsIn(bytes)];

    expect(first?.value?.buffer).toBe(bytes.buffer);
    expect(first?.headers).toBe(second?.headers);
    expect(Object.isFrozen(first?.headers)).toBe(true);
  });

  it('skips control batches', () => {
    const bytes = Buffer.concat([batchFrom(0, 1), withAttributes(batchFrom(1, 1), 1 << 5), batchFrom(2, 1)]);

    expect(offsetsIn(bytes)).toEqual([0, 2]);
  });

  it("gives every record the broker's time where that stands for all", () => {
    const batch = withAttributes(batchFrom(0, 3), 1 << 3);
    batch.writeBigInt64BE(1_800_000_000_000n, layout.maxTimestamp);

    expect([...recordsIn(batch)].map((record) => record.timestamp)).toEqual(Array(3).fill(1_800_000_000_000));
  });

  it('reads gzip without being given a codec', () => {
    expect(offsetsIn(batchFrom(3, 100, gzipCodec), { from: 101 })).toEqual([101, 102]);
  });

  it.each<Compression>(['snappy', 'lz4', 'zstd'])('says which codec it lacks for %s', (compression) => {
    const number = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(compression);

    expect(() => offsetsIn(withAttributes(batchFrom(0, 1), number))).toThrow(
      expect.objectContaining({
        code: 'COMPRESSION_UNAVAILABLE',
        message: `a batch is compressed with ${compression}, and no codec for it was given`,
      }),
    );
  });

  it('refuses a batch that decompresses to more than asked for', () => {
    const batch = batchFrom(0, 1000, gzipCodec);

    expect(offsetsIn(batch, { maxBytes: 100_000 })).toHaveLength(1000);
    expect(() => offsetsIn(batch, { maxBytes: 1000 })).toThrow(corruptMessage);
    const careless = {
      compression: 'gzip' as const,
      compress: () => Buffer.alloc(0),
      decompress: () => Buffer.alloc(1001),
    };
    expect(() => offsetsIn(batch, { maxBytes: 1000, codecs: new Map([['gzip', careless]]) })).toThrow(
      'decompresses to 1001 bytes, the limit is 1000',
    );
  });

  it.each<[string, number[], number]>([
    ['a record that ends too late', [14, 0, 0, 0, 1, 1, 0], 1],
    ['a record that ends too early', [10, 0, 0, 0, 1, 1, 0], 1],
    ['a record of a length below 0', [1, 0, 0, 0, 1, 1, 0], 1],
    ['a key that runs out of the batch', [12, 0, 0, 0, 100, 1, 0], 1],
    ['a field of length -2', [12, 0, 0, 0, 3, 1, 0], 1],
    ['a header count below 0', [12, 0, 0, 0, 1, 1, 1], 1],
    ['a header that is not there', [12, 0, 0, 0, 1, 1, 2], 1],
    ['a header without a key', [16, 0, 0, 0, 1, 1, 2, 1, 1], 1],
    ['an offset beyond the last', [12, 0, 0, 4, 1, 1, 0], 1],
    ['an offset before the base', [12, 0, 0, 1, 1, 1, 0], 1],
    ['the same offset twice', [12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0], 2],
    ['bytes behind the last record', [12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0], 1],
    ['a time before 1970', [20, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 1, 0], 1],
  ])('refuses %s', (_what, records, count) => {
    expect(() => offsetsIn(batchOfBytes(Uint8Array.from(records), count))).toThrow(corruptMessage);
  });

  it('refuses a skipped record that is too short', () => {
    const records = Uint8Array.from([2, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0]);

    expect(() => offsetsIn(batchOfBytes(records, 2), { from: 1 })).toThrow(corruptMessage);
  });

  it('says nothing but CORRUPT_MESSAGE of any bytes in the place of records', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 7, maxLength: 100 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(5),
        (records, count, from) => {
          const batch = batchOfBytes(records, count);
          expect([undefined, 'CORRUPT_MESSAGE']).toContain(thrownCode(() => offsetsIn(batch, { from })));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('says nothing but CORRUPT_MESSAGE of records with any one byte changed', () => {
    fc.assert(
      fc.property(batchArbitrary(), fc.nat(), fc.nat(255), ({ batch, records }, at, byte) => {
        batch[batchHeaderBytes + (at % (batch.length - batchHeaderBytes))] = byte;
        let count = records.length;
        const code = thrownCode(() => {
          count = offsetsIn(batch).length;
        });

        expect([undefined, 'CORRUPT_MESSAGE']).toContain(code);
        expect(count).toBe(records.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('allocates nothing for what bytes merely declare', () => {
    const declared = new Uint8Array(20);
    const huge = [0x7fffffff, 0x7ffffff0].map((length) => {
      const records = Buffer.alloc(40);
      const end = writeVarint(records, 0, length);
      records.set(declared, end);
      return batchOfBytes(records, 1);
    });
    const manyHeaders = Buffer.alloc(40);
    manyHeaders.set([60 * 2, 0, 0, 0, 1, 1]);
    writeVarint(manyHeaders, 6, 0x7fffffff);
    const manyRecords = withAttributes(batchOfBytes(gzipCodec.compress(Buffer.alloc(10)), 0x7fffffff), 1);
    const before = process.memoryUsage();

    for (const batch of [...huge, batchOfBytes(manyHeaders, 1), manyRecords]) {
      expect(() => offsetsIn(batch)).toThrow(corruptMessage);
    }

    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 * 1024 * 1024);
  });
});
