import fc from 'fast-check';
import { BatchBuilder } from './batch-builder.ts';
import { verifyBatch } from './batch-header.ts';
import { recordsIn } from './batch-iterator.ts';
import type { Compression, CompressionCodec } from './compression.ts';
import { loadCompression } from './load-compression.ts';
import { batchArbitrary } from './testing/index.ts';
import { thrownCode } from './testing/thrown-code.ts';

const corruptMessage = expect.objectContaining({ code: 'CORRUPT_MESSAGE' });
const allowed = ['CORRUPT_MESSAGE', 'bounded'];
const compressed: readonly Compression[] = ['gzip', 'snappy', 'lz4', 'zstd'];

/** Lines as a log has them: they compress well, and fill several blocks of each format. */
function logLines(count: number): Buffer {
  const lines = Array.from(
    { length: count },
    (_, i) => `2026-11-23 03:25:01 status installed package-${i}:amd64 1.0\n`,
  );
  return Buffer.from(lines.join(''));
}

describe('loadCompression', () => {
  it('has no codec for records that are not compressed', async () => {
    await expect(loadCompression('none')).rejects.toThrow('no codec is needed');
  });

  it('names the package to install where there is none', async () => {
    jest.doMock('lz4-napi', () => {
      throw new Error('not for this platform');
    });

    await expect(loadCompression('lz4')).rejects.toMatchObject({
      code: 'COMPRESSION_UNAVAILABLE',
      message: 'lz4 needs the package lz4-napi, which cannot be loaded',
      hint: 'npm install lz4-napi',
    });
    jest.dontMock('lz4-napi');
  });

  it.each(compressed)('%s gives back any bytes', async (compression) => {
    const codec = await loadCompression(compression);

    expect(codec.compression).toBe(compression);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(codec.decompress(codec.compress(bytes), 2000)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each(compressed)('%s makes log lines smaller and gives them back', async (compression) => {
    const codec = await loadCompression(compression);
    const lines = logLines(20_000);

    const bytes = codec.compress(lines);

    expect(bytes.length).toBeLessThan(lines.length / 3);
    expect(codec.decompress(bytes, 2 * lines.length).equals(lines)).toBe(true);
  });

  it.each(compressed)('%s serves any batch', async (compression) => {
    const codec = await loadCompression(compression);
    fc.assert(
      fc.property(batchArbitrary(), ({ records, batch: plain }) => {
        const builder = new BatchBuilder({ maxBytes: 1024 * 1024, codec });
        for (const record of records) builder.tryAppend(record, 1_700_000_000_000);
        const batch = builder.build();

        expect(verifyBatch(batch)).toMatchObject({ compression, recordCount: records.length });
        expect([...recordsIn(batch, { codecs: new Map([[compression, codec]]) })]).toEqual([
          ...recordsIn(plain),
        ]);
      }),
    );
  });

  it.each(compressed)('%s keeps the buffer of its builder for the next batch', async (compression) => {
    const codec = await loadCompression(compression);
    const builder = new BatchBuilder({ maxBytes: 100_000, codec });
    const batches = ['first', 'second'].map((word) => {
      builder.tryAppend({ value: word.repeat(100) }, 0);
      return builder.build();
    });

    const values = batches.map((batch) =>
      [...recordsIn(batch, { codecs: new Map([[compression, codec]]) })].map((record) =>
        record.value?.toString(),
      ),
    );

    expect(values).toEqual([['first'.repeat(100)], ['second'.repeat(100)]]);
  });

  it.each(compressed)('%s refuses a bomb before it goes off', async (compression) => {
    const codec = await loadCompression(compression);
    const bomb = codec.compress(Buffer.alloc(160 * 1024 * 1024));
    const before = process.memoryUsage().rss;

    for (let i = 0; i < 5; i += 1) {
      expect(() => codec.decompress(bomb, 1024 * 1024)).toThrow(corruptMessage);
    }

    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  });

  it.each(compressed)('%s says nothing but CORRUPT_MESSAGE of damaged bytes', async (compression) => {
    const codec = await loadCompression(compression);
    const good = codec.compress(logLines(50));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const damaged = Buffer.from(good);
        damaged[at] = byte;

        expect(allowed).toContain(outcomeOf(codec, damaged, 4096));
        expect(allowed).toContain(outcomeOf(codec, good.subarray(0, length), 4096));
      }),
      { numRuns: 400 },
    );
  });

  it.each(compressed)('%s says nothing but CORRUPT_MESSAGE of any bytes', async (compression) => {
    const codec = await loadCompression(compression);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(allowed).toContain(outcomeOf(codec, bytes, 1000));
      }),
      { numRuns: 400 },
    );
  });
});

/** What may come of bytes that are not sound: a bounded answer all the same, or the one error. */
function outcomeOf(codec: CompressionCodec, bytes: Uint8Array, maxBytes: number): string {
  let length = 0;
  const code = thrownCode(() => {
    length = codec.decompress(bytes, maxBytes).length;
  });
  return code ?? (length <= maxBytes ? 'bounded' : `${length} bytes, not ${maxBytes}`);
}
