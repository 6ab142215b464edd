import {
  BatchBuilder,
  type Compression,
  loadCompression,
  type NewRecord,
  readBatchHeader,
} from '@millrace/record';
import { KeyCheck } from './key-check.ts';

async function batch(compression: Compression, records: readonly NewRecord[]): Promise<Buffer> {
  const codec = compression === 'none' ? {} : { codec: await loadCompression(compression) };
  const builder = new BatchBuilder({ maxBytes: 64 * 1024, ...codec });
  for (const record of records) builder.tryAppend(record, 1_000);
  return builder.build();
}

const keyed = [
  { key: 'a', value: 'x'.repeat(500) },
  { key: '', value: 'x'.repeat(500) },
];
const invalid = (message: string) =>
  expect.objectContaining({ code: 'INVALID_RECORD', message: expect.stringContaining(message) as string });

describe('key check', () => {
  it.each<Compression>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'finds the first record without a key in a batch compressed with %s',
    async (compression) => {
      const keys = new KeyCheck();
      await keys.prepare();
      const good = await batch(compression, keyed);
      const bad = await batch(compression, [...keyed, { value: 'x' }, { key: null, value: 'y' }]);

      expect(() => keys.check(good, readBatchHeader(good), 'orders')).not.toThrow();
      expect(() => keys.check(bad, readBatchHeader(bad), 'orders')).toThrow(
        invalid('record 2 of the 4 in a batch has no key, and orders is compacted by key'),
      );
    },
  );

  it('takes an empty key for a key and a tombstone for a record', async () => {
    const keys = new KeyCheck();
    const good = await batch('none', [{ key: '', value: null }]);

    expect(() => keys.check(good, readBatchHeader(good), 'orders')).not.toThrow();
  });

  it('refuses what it has no codec for, since nobody could tell the keys', async () => {
    const withoutCodecs = new KeyCheck();
    const packed = await batch('snappy', keyed);

    expect(withoutCodecs.isPrepared).toBe(false);
    expect(() => withoutCodecs.check(packed, readBatchHeader(packed), 'orders')).toThrow(
      invalid('the keys of a batch compressed with snappy cannot be read here'),
    );
  });
});
