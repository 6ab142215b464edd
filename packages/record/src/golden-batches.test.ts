import { BatchBuilder } from './batch-builder.ts';
import { verifyBatch } from './batch-header.ts';
import { recordsIn } from './batch-iterator.ts';
import type { Compression } from './compression.ts';
import { loadCompression } from './load-compression.ts';

/** One batch, field by field, put down from the specification; the checksum and the whole from Kafka's Java client 3.9.0. */
const fromSpecification = Buffer.from(
  [
    '0000000000000000', // base offset 0
    '0000005e', // length 94
    'ffffffff', // leader epoch -1
    '02', // magic
    '98261d9b', // checksum
    '0000', // attributes
    '00000002', // last offset delta
    '0000018bcfe56800', // base timestamp 1,700,000,000,000
    '0000018bcfe5692c', // max timestamp, 300 ms later
    '0000000000000fa1', // producer id 4001
    '0005', // producer epoch
    '00000011', // base sequence 17
    '00000003', // three records
    // 14 bytes · attributes · timestamp Δ 0 · offset Δ 0 · key · value · no headers
    ['1c', '00', '00', '00', '066b6579', '0a76616c7565', '00'].join(''),
    // 18 bytes · attributes · timestamp Δ 300 · offset Δ 1 · null · "für" · headers h: v and n: null
    ['24', '00', 'd804', '02', '01', '0866c3bc72', '04', '0268', '0276', '026e', '01'].join(''),
    // 10 bytes · attributes · timestamp Δ -1 · offset Δ 2 · "gone" · null, a tombstone · no headers
    ['14', '00', '01', '04', '08676f6e65', '01', '00'].join(''),
  ].join(''),
  'hex',
);

/** The same records as Kafka's Java client 3.9.0 wrote them with each compression. */
const fromJava: readonly [Compression, string][] = [
  [
    'gzip',
    '000000000000000000000072ffffffff02b5fb225e0001000000020000018bcfe568000000018bcfe5692c0000000000000fa1000500000011000000031f8b08000000000000ff9361606060cb4eade42a4bcc294d655061b8c1c2c4c89176784f110b53065319531ea30803230b477a7e5e2a23030029482e8a2d000000',
  ],
  [
    'snappy',
    '000000000000000000000074ffffffff02f00004e50002000000020000018bcfe568000000018bcfe5692c0000000000000fa10005000000110000000382534e415050590000000001000000010000002f2db01c000000066b65790a76616c7565002400d80402010866c3bc720402680276026e011400010408676f6e650100',
  ],
  [
    'lz4',
    '00000000000000000000006dffffffff02c36f87bb0003000000020000018bcfe568000000018bcfe5692c0000000000000fa10005000000110000000304224d186040822d0000801c000000066b65790a76616c7565002400d80402010866c3bc720402680276026e011400010408676f6e65010000000000',
  ],
  [
    'zstd',
    '00000000000000000000006affffffff02678ef8cb0004000000020000018bcfe568000000018bcfe5692c0000000000000fa10005000000110000000328b52ffd00586801001c000000066b65790a76616c7565002400d80402010866c3bc720402680276026e011400010408676f6e650100010000',
  ],
];

const records = [
  { timestamp: 1_700_000_000_000, key: 'key', value: 'value' },
  {
    timestamp: 1_700_000_000_300,
    value: 'für',
    headers: [
      { key: 'h', value: Buffer.from('v') },
      { key: 'n', value: null },
    ],
  },
  { timestamp: 1_699_999_999_999, key: 'gone', value: null },
];

const producer = { producerId: 4001, producerEpoch: 5, baseSequence: 17 };

const read = [
  { offset: 0, timestamp: 1_700_000_000_000, key: 'key', value: 'value', headers: [] },
  {
    offset: 1,
    timestamp: 1_700_000_000_300,
    key: undefined,
    value: 'für',
    headers: [
      { key: 'h', value: Buffer.from('v') },
      { key: 'n', value: null },
    ],
  },
  { offset: 2, timestamp: 1_699_999_999_999, key: 'gone', value: undefined, headers: [] },
];

function readable(batch: Buffer, codecs = new Map()) {
  return [...recordsIn(batch, { codecs })].map((record) => ({
    ...record,
    key: record.key?.toString(),
    value: record.value?.toString(),
  }));
}

describe('a batch known byte for byte', () => {
  it('is what the builder writes', () => {
    const builder = new BatchBuilder({ maxBytes: 1000 });

    for (const record of records) builder.tryAppend(record, 0);

    expect(builder.build(producer).toString('hex')).toBe(fromSpecification.toString('hex'));
  });

  it('is sound, and its header says what was written', () => {
    expect(verifyBatch(fromSpecification)).toEqual({
      baseOffset: 0,
      lastOffset: 2,
      sizeInBytes: 106,
      leaderEpoch: -1,
      recordCount: 3,
      compression: 'none',
      baseTimestamp: 1_700_000_000_000,
      maxTimestamp: 1_700_000_000_300,
      timestampType: 'create',
      ...producer,
      isTransactional: false,
      isControl: false,
    });
  });

  it('gives its records', () => {
    expect(readable(fromSpecification)).toEqual(read);
  });

  it.each(fromJava)('compressed by Java with %s gives the same records', async (compression, hex) => {
    const codec = await loadCompression(compression);
    const batch = Buffer.from(hex, 'hex');

    expect(verifyBatch(batch)).toMatchObject({ compression, recordCount: 3, ...producer });
    expect(readable(batch, new Map([[compression, codec]]))).toEqual(read);
  });
});
