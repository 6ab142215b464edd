import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.ts';
import { deleteHorizonOf, emptiedBatch, filterBatch, rawRecordsIn } from './batch-filter.ts';
import { readBatchHeader, stampBatch, stampProducer, verifyBatch } from './batch-header.ts';
import { recordsIn } from './batch-iterator.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import { gzipCodec } from './gzip.ts';
import { loadCompression } from './load-compression.ts';
import type { LogRecord, NewRecord } from './record.ts';
import { newRecordArbitrary } from './testing/index.ts';
import { thrownCode } from './testing/thrown-code.ts';

const producer = { producerId: 7, producerEpoch: 3, baseSequence: 40 };

/** A producer's batch at offset 1000 of epoch 5. */
function batchOf(records: readonly NewRecord[], codec?: CompressionCodec): Buffer {
  const builder = new BatchBuilder({ maxBytes: 16 * 1024 * 1024, ...(codec === undefined ? {} : { codec }) });
  for (const record of records) builder.tryAppend(record, 5_000);
  const batch = builder.build(producer);
  stampBatch(batch, 0, { baseOffset: 1000, leaderEpoch: 5 });
  return batch;
}

function contentOf(records: Iterable<LogRecord>): unknown[] {
  return [...records].map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: key?.toString('hex'),
    value: value?.toString('hex'),
    headers: headers.map((header) => [header.key, header.value === null ? null : [...header.value]]),
  }));
}

describe('a filtered batch', () => {
  it('holds exactly the kept records, their offsets, timestamps, keys, values and headers, for any records and any choice', () => {
    const any = fc.tuple(
      fc.array(fc.tuple(newRecordArbitrary(), fc.boolean()), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      fc.option(fc.integer({ min: 0, max: 2 ** 41 }), { nil: undefined }),
    );

    fc.assert(
      fc.property(any, ([choices, gzip, horizon]) => {
        const batch = batchOf(
          choices.map(([record]) => record),
          gzip ? gzipCodec : undefined,
        );
        const kept = (offset: number): boolean => choices[offset - 1000]?.[1] === true;

        const filtered = filterBatch(batch, {
          keep: ({ offset }) => kept(offset),
          ...(horizon === undefined ? {} : { deleteHorizonMs: horizon }),
        });

        const expected = [...recordsIn(batch)].filter(({ offset }) => kept(offset));
        expect(contentOf(recordsIn(filtered.bytes))).toEqual(contentOf(expected));
        expect([filtered.kept, filtered.removed]).toEqual([
          expected.length,
          choices.length - expected.length,
        ]);
        const header = verifyBatch(filtered.bytes);
        const before = readBatchHeader(batch);
        const stamped =
          horizon !== undefined && expected.some(({ key, value }) => key !== null && value === null);
        expect(header).toEqual({
          ...before,
          recordCount: expected.length,
          sizeInBytes: filtered.bytes.length,
          compression: expected.length === 0 ? 'none' : before.compression,
          baseTimestamp: stamped ? horizon : before.baseTimestamp,
        });
        expect(deleteHorizonOf(filtered.bytes)).toBe(stamped ? horizon : undefined);
      }),
    );
  });

  it('is the very batch when nothing changes', () => {
    const batch = batchOf([{ key: 'a', value: '1' }]);

    const { bytes, kept, removed } = filterBatch(batch, { keep: () => true, deleteHorizonMs: 9 });

    expect(bytes).toBe(batch);
    expect([kept, removed]).toEqual([1, 0]);
  });

  it('keeps the delete horizon that it has', () => {
    const batch = batchOf([
      { key: 'a', value: null },
      { key: 'b', value: null },
    ]);
    const first = filterBatch(batch, { keep: () => true, deleteHorizonMs: 9_000 });

    const second = filterBatch(first.bytes, { keep: ({ offset }) => offset > 1000, deleteHorizonMs: 20_000 });

    expect([first.deleteHorizonMs, second.deleteHorizonMs]).toEqual([9_000, 9_000]);
    expect(contentOf(recordsIn(second.bytes))).toMatchObject([{ offset: 1001, timestamp: 5_000 }]);
  });

  it('is a header alone when nothing stays, whose sequence still spans what was there', () => {
    const batch = batchOf([{ value: '1' }, { value: '2' }, { value: '3' }], gzipCodec);

    const { bytes } = filterBatch(batch, { keep: () => false });

    expect(bytes.length).toBe(61);
    expect(verifyBatch(bytes)).toMatchObject({
      baseOffset: 1000,
      lastOffset: 1002,
      leaderEpoch: 5,
      recordCount: 0,
      compression: 'none',
      ...producer,
    });
    expect([...recordsIn(bytes)]).toEqual([]);
    expect(emptiedBatch(batch).equals(bytes)).toBe(true);
  });

  it.each<Compression>(['gzip', 'snappy', 'lz4', 'zstd'])(
    'is compressed with %s again',
    async (compression) => {
      const codec = await loadCompression(compression);
      const codecs = new Map([[compression, codec]]);
      const batch = batchOf([{ key: 'a', value: '1' }, { key: 'b', value: null }, { value: '3' }], codec);

      const { bytes } = filterBatch(batch, {
        keep: ({ offset }) => offset !== 1000,
        deleteHorizonMs: 77,
        codecs,
      });

      expect(verifyBatch(bytes)).toMatchObject({ compression, recordCount: 2, baseTimestamp: 77 });
      expect(contentOf(recordsIn(bytes, { codecs }))).toMatchObject([
        { offset: 1001, timestamp: 5_000 },
        { offset: 1002, timestamp: 5_000 },
      ]);
    },
  );

  it('names the codec that is missing', async () => {
    const batch = batchOf([{ value: '1' }], await loadCompression('zstd'));

    expect(() => filterBatch(batch, { keep: () => false })).toThrow(
      expect.objectContaining({ code: 'COMPRESSION_UNAVAILABLE' }),
    );
  });
});

describe('raw records', () => {
  it('tell keys and tombstones apart from what is empty', () => {
    const batch = batchOf([
      { key: 'k', value: 'v' },
      { key: '', value: '' },
      { key: null, value: null },
      { key: 'gone', value: null },
    ]);
    const records = rawRecordsIn(batch);

    const seen: unknown[] = [];
    while (records.next()) {
      const { keyStart, keyEnd, isTombstone } = records;
      seen.push([keyEnd < 0 ? null : records.bytes.toString('utf8', keyStart, keyEnd), isTombstone]);
    }

    expect(seen).toEqual([
      ['k', false],
      ['', false],
      [null, true],
      ['gone', true],
    ]);
  });

  it('refuse any damaged batch with CORRUPT_MESSAGE, and nothing else', () => {
    const batch = batchOf([
      { key: 'key', value: 'value', headers: [{ key: 'h', value: null }] },
      { value: null },
    ]);
    const damage = fc.tuple(fc.integer({ min: 61, max: batch.length - 1 }), fc.integer({ min: 1, max: 255 }));

    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (flips) => {
        const damaged = Buffer.from(batch);
        for (const [at, bits] of flips) damaged[at] = (damaged[at] as number) ^ bits;
        const code = thrownCode(() => {
          const records = rawRecordsIn(damaged);
          while (records.next()) expect(records.end).toBeLessThanOrEqual(damaged.length);
        });

        expect([undefined, 'CORRUPT_MESSAGE']).toContain(code);
      }),
    );
  });

  it('of a producer say where they lie', () => {
    const batch = batchOf([{ value: 'a' }, { value: 'b' }]);
    stampProducer(batch, 0, producer);
    const records = rawRecordsIn(batch);
    const spans: number[][] = [];

    while (records.next()) spans.push([records.start, records.end]);

    expect(spans[0]?.[0]).toBe(61);
    expect(spans[0]?.[1]).toBe(spans[1]?.[0]);
    expect(spans[1]?.[1]).toBe(batch.length);
  });
});
