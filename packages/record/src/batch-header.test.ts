import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.ts';
import {
  batchSizeAt,
  readBatchHeader,
  stampBatch,
  stampProducer,
  verifyBatch,
  writeChecksum,
} from './batch-header.ts';
import { recordsIn } from './batch-iterator.ts';
import { layout } from './batch-layout.ts';
import { batchArbitrary } from './testing/index.ts';
import { thrownCode } from './testing/thrown-code.ts';

const corruptMessage = expect.objectContaining({ code: 'CORRUPT_MESSAGE' });

function batchWith(records: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 4096 });
  for (let i = 0; i < records; i += 1) builder.tryAppend({ value: `value ${i}` }, 1_700_000_000_000);
  return builder.build();
}

/** A batch with some bytes changed and its checksum put right, so that only the structure can tell. */
function batchBut(change: (batch: Buffer) => void): Buffer {
  const batch = batchWith(3);
  change(batch);
  writeChecksum(batch, 0, batch.length);
  return batch;
}

describe('batchSizeAt', () => {
  it('is the size of the whole batch, wherever it lies', () => {
    const batch = batchWith(2);

    expect(batchSizeAt(batch, 0)).toBe(batch.length);
    expect(batchSizeAt(Buffer.concat([Buffer.alloc(7, 0xff), batch]), 7)).toBe(batch.length);
  });

  it('is not known from fewer than 12 bytes', () => {
    expect(batchSizeAt(batchWith(1).subarray(0, 11), 0)).toBeUndefined();
    expect(batchSizeAt(batchWith(1).subarray(0, 12), 0)).toBeGreaterThan(61);
    expect(batchSizeAt(Buffer.alloc(0), 0)).toBeUndefined();
    expect(batchSizeAt(Buffer.alloc(20), 30)).toBeUndefined();
  });

  it.each([48, 0, -1, -0x80000000])('refuses a length of %i', (length) => {
    const batch = batchWith(1);
    batch.writeInt32BE(length, layout.length);

    expect(() => batchSizeAt(batch, 0)).toThrow(corruptMessage);
  });
});

describe('readBatchHeader', () => {
  it('needs the header alone', () => {
    const batch = batchWith(5);

    expect(readBatchHeader(batch.subarray(0, 61))).toEqual(verifyBatch(batch));
    expect(() => readBatchHeader(batch.subarray(0, 60))).toThrow(corruptMessage);
  });

  it('reads attributes', () => {
    const append = batchBut((batch) => batch.writeInt16BE(0b101_1000, layout.attributes));
    const control = batchBut((batch) => batch.writeInt16BE(0b011_0000, layout.attributes));

    expect(readBatchHeader(append)).toMatchObject({
      timestampType: 'append',
      isTransactional: true,
      isControl: false,
    });
    expect(readBatchHeader(control)).toMatchObject({
      timestampType: 'create',
      isTransactional: true,
      isControl: true,
    });
  });

  it.each<[string, (batch: Buffer) => void]>([
    ['magic 1', (batch) => batch.writeInt8(1, layout.magic)],
    ['an unknown compression', (batch) => batch.writeInt16BE(5, layout.attributes)],
    ['an unknown attribute', (batch) => batch.writeInt16BE(0x80, layout.attributes)],
    ['a base offset below 0', (batch) => batch.writeBigInt64BE(-1n, layout.baseOffset)],
    ['a base offset of 2^53', (batch) => batch.writeBigInt64BE(2n ** 53n, layout.baseOffset)],
    ['a last offset of 2^53', (batch) => batch.writeBigInt64BE(2n ** 53n - 2n, layout.baseOffset)],
    ['a last offset delta below 0', (batch) => batch.writeInt32BE(-1, layout.lastOffsetDelta)],
    ['more records than offsets', (batch) => batch.writeInt32BE(1, layout.lastOffsetDelta)],
    ['a count below 0', (batch) => batch.writeInt32BE(-0x80000000, layout.recordCount)],
    [
      'more records than bytes',
      (batch) => {
        batch.writeInt32BE(0x7fffffff, layout.recordCount);
        batch.writeInt32BE(0x7fffffff, layout.lastOffsetDelta);
      },
    ],
    ['a leader epoch of -2', (batch) => batch.writeInt32BE(-2, layout.leaderEpoch)],
    ['a producer id of -2', (batch) => batch.writeBigInt64BE(-2n, layout.producerId)],
    ['a producer id of 2^53', (batch) => batch.writeBigInt64BE(2n ** 53n, layout.producerId)],
    ['a producer epoch of -2', (batch) => batch.writeInt16BE(-2, layout.producerEpoch)],
    ['a base sequence of -2', (batch) => batch.writeInt32BE(-2, layout.baseSequence)],
    ['a base timestamp of -2', (batch) => batch.writeBigInt64BE(-2n, layout.baseTimestamp)],
    ['a max timestamp of 2^63 - 1', (batch) => batch.writeBigInt64BE(2n ** 63n - 1n, layout.maxTimestamp)],
  ])('refuses %s, checksum or not', (_what, change) => {
    expect(() => verifyBatch(batchBut(change))).toThrow(corruptMessage);
    expect(() => readBatchHeader(batchBut(change))).toThrow(corruptMessage);
  });

  it('takes what compaction leaves: fewer records than offsets', () => {
    const compacted = batchBut((batch) => batch.writeInt32BE(9, layout.lastOffsetDelta));

    expect(verifyBatch(compacted)).toMatchObject({ recordCount: 3, lastOffset: 9 });
    expect([...recordsIn(compacted)]).toHaveLength(3);
  });
});

describe('verifyBatch', () => {
  it('finds any flipped bit, but those that a leader stamps', () => {
    fc.assert(
      fc.property(batchArbitrary(), fc.nat(), fc.nat(7), ({ batch }, at, bit) => {
        const position = at % batch.length;
        const damaged = Buffer.from(batch);
        damaged[position] = (damaged[position] ?? 0) ^ (1 << bit);

        const isStamp =
          position < layout.length || (position >= layout.leaderEpoch && position < layout.magic);
        const allowed = isStamp ? [undefined, 'CORRUPT_MESSAGE'] : ['CORRUPT_MESSAGE'];
        expect(allowed).toContain(thrownCode(() => verifyBatch(damaged)));
      }),
      { numRuns: 500 },
    );
  });

  it('finds every flipped bit of one batch', () => {
    const batch = batchWith(3);
    const unseen = new Set<number>();
    for (let bit = 0; bit < batch.length * 8; bit += 1) {
      const damaged = Buffer.from(batch);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (thrownCode(() => verifyBatch(damaged)) === undefined) unseen.add(bit >> 3);
    }

    const stamped = [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15];
    expect([...unseen].filter((position) => !stamped.includes(position))).toEqual([]);
  });

  it('finds any truncation', () => {
    fc.assert(
      fc.property(batchArbitrary(), fc.nat(), ({ batch }, length) => {
        expect(() => verifyBatch(batch.subarray(0, length % batch.length))).toThrow(corruptMessage);
      }),
    );
  });

  it('checks one batch among others and leaves the others alone', () => {
    fc.assert(
      fc.property(batchArbitrary(), fc.uint8Array({ maxLength: 40 }), (built, around) => {
        const bytes = Buffer.concat([around, built.batch, around]);

        expect(verifyBatch(bytes, around.length)).toEqual(verifyBatch(built.batch));
      }),
    );
  });

  it('says nothing but CORRUPT_MESSAGE of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(250), (bytes, position) => {
        expect(() => verifyBatch(Buffer.from(bytes), position)).toThrow(corruptMessage);
      }),
      { numRuns: 1000 },
    );
  });

  it('says nothing but CORRUPT_MESSAGE of a header of any bytes in a right frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 61, maxLength: 120 }), (bytes) => {
        const batch = Buffer.from(bytes);
        batch.writeInt32BE(batch.length - 12, layout.length);
        batch[layout.magic] = 2;
        writeChecksum(batch, 0, batch.length);

        expect([undefined, 'CORRUPT_MESSAGE']).toContain(thrownCode(() => verifyBatch(batch)));
      }),
      { numRuns: 1000 },
    );
  });

  it('allocates nothing for a length of 0x7fffffff', () => {
    const batch = batchWith(1);
    batch.writeInt32BE(0x7fffffff, layout.length);
    const before = process.memoryUsage().arrayBuffers;

    expect(() => verifyBatch(batch)).toThrow(/has 2147483659 bytes, and \d+ are there/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe('stampBatch', () => {
  it('sets offset and epoch of any batch and nothing else', () => {
    fc.assert(
      fc.property(
        batchArbitrary(),
        fc.nat(2 ** 52),
        fc.nat(0x7fffffff),
        ({ batch }, baseOffset, leaderEpoch) => {
          const before = verifyBatch(batch);

          stampBatch(batch, 0, { baseOffset, leaderEpoch });

          const lastOffset = baseOffset + before.lastOffset;
          expect(verifyBatch(batch)).toEqual({ ...before, baseOffset, lastOffset, leaderEpoch });
        },
      ),
    );
  });

  it('refuses what is no offset or epoch and writes nothing', () => {
    const batch = batchWith(1);
    const before = Buffer.from(batch);

    for (const stamp of [
      { baseOffset: -1 },
      { baseOffset: 0.5 },
      { baseOffset: 2 ** 53 },
      { leaderEpoch: 2 ** 31 },
    ]) {
      expect(() => stampBatch(batch, 0, { baseOffset: 5, leaderEpoch: 1, ...stamp })).toThrow(
        expect.objectContaining({ name: 'RangeError' }),
      );
    }
    expect(batch).toEqual(before);
  });
});

describe('stampProducer', () => {
  it('sets the producer of a batch among others, and its checksum', () => {
    const bytes = Buffer.concat([batchWith(1), batchWith(2)]);
    const second = batchWith(1).length;
    const producer = { producerId: 2 ** 33 + 1, producerEpoch: 3, baseSequence: 100 };

    stampProducer(bytes, second, producer);

    expect(verifyBatch(bytes, 0)).toMatchObject({ producerId: -1 });
    expect(verifyBatch(bytes, second)).toMatchObject({ ...producer, recordCount: 2 });
  });

  it('refuses a batch that is not all there', () => {
    const producer = { producerId: 1, producerEpoch: 0, baseSequence: 0 };
    const batch = batchWith(1);

    expect(() => stampProducer(batch.subarray(0, batch.length - 1), 0, producer)).toThrow(corruptMessage);
  });
});
