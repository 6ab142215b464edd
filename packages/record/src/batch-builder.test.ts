import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.ts';
import { verifyBatch } from './batch-header.ts';
import { recordsIn } from './batch-iterator.ts';
import type { LogRecord, NewRecord } from './record.ts';
import { batchArbitrary, newRecordArbitrary } from './testing/index.ts';
import { thrownCode } from './testing/thrown-code.ts';

const now = 1_700_000_000_000;

function bytesOf(data: string | Uint8Array | null | undefined): Buffer | null {
  return data === null || data === undefined ? null : Buffer.from(data);
}

/** What a record should read as. */
function expected(record: NewRecord, offset: number): LogRecord {
  return {
    offset,
    timestamp: record.timestamp ?? now,
    key: bytesOf(record.key),
    value: bytesOf(record.value),
    headers: (record.headers ?? []).map(({ key, value }) => ({ key, value: bytesOf(value) })),
  };
}

describe('BatchBuilder', () => {
  it('builds what reads as any records appended', () => {
    fc.assert(
      fc.property(batchArbitrary(), ({ records, batch }) => {
        expect([...recordsIn(batch)]).toEqual(records.map(expected));
      }),
    );
  });

  it('builds a header that tells of any records appended', () => {
    fc.assert(
      fc.property(batchArbitrary(), ({ records, batch }) => {
        const timestamps = records.map((record) => record.timestamp ?? now);

        expect(verifyBatch(batch)).toMatchObject({
          baseOffset: 0,
          lastOffset: records.length - 1,
          sizeInBytes: batch.length,
          leaderEpoch: -1,
          recordCount: records.length,
          baseTimestamp: timestamps[0],
          maxTimestamp: Math.max(...timestamps),
          producerId: -1,
          producerEpoch: -1,
          baseSequence: -1,
        });
      }),
    );
  });

  it('takes records until the next one would not fit, and says so exactly', () => {
    fc.assert(
      fc.property(
        fc.array(newRecordArbitrary(), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 68, max: 2000 }),
        (records, maxBytes) => {
          const builder = new BatchBuilder({ maxBytes });
          const held: NewRecord[] = [];
          for (const record of records) {
            const fits = sizeOf([...held, record]) <= maxBytes;
            const fitsAlone = sizeOf([record]) <= maxBytes;
            const expectedAnswer = fits || (fitsAlone ? false : 'RECORD_TOO_LARGE');
            if (fits) held.push(record);

            expect(answerOf(builder, record)).toBe(expectedAnswer);
            expect(builder.sizeInBytes).toBe(sizeOf(held));
          }
        },
      ),
    );
  });

  it('fills a batch to the last byte', () => {
    const value = Buffer.alloc(100);
    const sizes = [1, 2, 3].map((count) => {
      const builder = new BatchBuilder({ maxBytes: 10_000 });
      for (let i = 0; i < count; i += 1) builder.tryAppend({ value }, now);
      return builder.build().length;
    });

    const exact = new BatchBuilder({ maxBytes: sizes[1] ?? 0 });
    const short = new BatchBuilder({ maxBytes: (sizes[1] ?? 0) - 1 });

    expect([1, 2, 3].map(() => exact.tryAppend({ value }, now))).toEqual([true, true, false]);
    expect([1, 2, 3].map(() => short.tryAppend({ value }, now))).toEqual([true, false, false]);
  });

  it('names size and limit of a record that no batch holds, also when the batch is not empty', () => {
    const builder = new BatchBuilder({ maxBytes: 200 });
    builder.tryAppend({ value: 'fits' }, now);

    expect(() => builder.tryAppend({ value: Buffer.alloc(500) }, now)).toThrow(
      'a record of 509 bytes does not fit in a batch of at most 200 bytes (61 of them its header)',
    );
    expect([...recordsIn(builder.build())]).toHaveLength(1);
  });

  it('is empty after build and does not touch what it handed out', () => {
    const builder = new BatchBuilder({ maxBytes: 4096 });
    builder.tryAppend({ value: 'first' }, now);
    const first = builder.build();
    const copy = Buffer.from(first);

    expect([builder.recordCount, builder.sizeInBytes]).toEqual([0, 61]);
    builder.tryAppend({ value: 'second', timestamp: 5 }, now);
    const second = builder.build();

    expect(first).toEqual(copy);
    expect([...recordsIn(second)].map(({ offset, timestamp }) => ({ offset, timestamp }))).toEqual([
      { offset: 0, timestamp: 5 },
    ]);
  });

  it('grows as records come, not by its limit', () => {
    const builder = new BatchBuilder({ maxBytes: 0x7fffffff });

    builder.tryAppend({ value: 'x' }, now);

    expect(builder.build().buffer.byteLength).toBe(1024);
  });

  it('copies what it is given', () => {
    const builder = new BatchBuilder({ maxBytes: 4096 });
    const value = Buffer.from('before');
    builder.tryAppend({ value }, now);
    value.fill('x');

    expect([...recordsIn(builder.build())][0]?.value?.toString()).toBe('before');
  });

  it.each<[string, unknown]>([
    ['no value', {}],
    ['a number for a value', { value: 1 }],
    ['a number for a key', { key: 1, value: null }],
    ['a header without a key', { value: null, headers: [{ value: null }] }],
    ['a header without a value', { value: null, headers: [{ key: 'k' }] }],
    ['a fraction for a timestamp', { value: null, timestamp: 1.5 }],
    ['a negative timestamp', { value: null, timestamp: -1 }],
    ['a timestamp that is none', { value: null, timestamp: Number.NaN }],
  ])('refuses %s and stays as it was', (_what, record) => {
    const builder = new BatchBuilder({ maxBytes: 4096 });
    builder.tryAppend({ value: 'good' }, now);
    const before = builder.sizeInBytes;

    expect(() => builder.tryAppend(record as NewRecord, now)).toThrow(
      expect.objectContaining({ code: 'INVALID_RECORD' }),
    );
    expect([builder.recordCount, builder.sizeInBytes]).toEqual([1, before]);
  });

  it('stamps a producer, or stays as it was when its numbers do not fit', () => {
    const builder = new BatchBuilder({ maxBytes: 4096 });
    builder.tryAppend({ value: 'x' }, now);
    const producer = { producerId: 2 ** 40, producerEpoch: 32_767, baseSequence: 0x7fffffff };

    for (const wrong of [{ producerId: 2 ** 53 }, { producerEpoch: 32_768 }, { baseSequence: 2 ** 31 }]) {
      expect(() => builder.build({ ...producer, ...wrong })).toThrow(RangeError);
    }
    expect(verifyBatch(builder.build(producer))).toMatchObject({ recordCount: 1, ...producer });
  });

  it('does not build an empty batch, and takes no limit that no batch keeps', () => {
    expect(() => new BatchBuilder({ maxBytes: 1000 }).build()).toThrow(
      'a batch without records is not built',
    );
    for (const maxBytes of [0, 67, 2 ** 31, 100.5, Number.NaN]) {
      expect(() => new BatchBuilder({ maxBytes })).toThrow(RangeError);
    }
  });
});

/** Of a batch of these records. */
function sizeOf(records: readonly NewRecord[]): number {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  for (const record of records) builder.tryAppend(record, now);
  return builder.sizeInBytes;
}

function answerOf(builder: BatchBuilder, record: NewRecord): boolean | string {
  let answer = false;
  const code = thrownCode(() => {
    answer = builder.tryAppend(record, now);
  });
  return code ?? answer;
}
