/**
 * A record batch, version 2 (KIP-98). Integers are big-endian two's complement.
 *
 * ```
 *  0               8           12          16  17          21    23          27
 *  ├───────────────┼───────────┼───────────┼───┼───────────┼─────┼───────────┤
 *  │ base offset   │ length    │ leader    │ 2 │ CRC-32C   │attr.│ last      │
 *  │               │           │ epoch     │   │ of 21…end │     │ offset Δ  │
 *  └───────────────┴───────────┴───────────┴───┴───────────┴─────┴───────────┘
 *  27              35              43              51    53          57          61
 *  ├───────────────┼───────────────┼───────────────┼─────┼───────────┼───────────┼─ ─ ─
 *  │ base          │ max           │ producer id   │prod.│ base      │ record    │ records
 *  │ timestamp     │ timestamp     │               │epoch│ sequence  │ count     │
 *  └───────────────┴───────────────┴───────────────┴─────┴───────────┴───────────┴─ ─ ─
 *
 *  length: of what follows it, so that a batch has 12 + length bytes
 *  attr.:  bits 0…2 compression · 3 timestamps are the broker's · 4 transactional · 5 control · 6 delete horizon
 * ```
 *
 * What a broker decides (base offset, leader epoch) lies before the checksum and outside it.
 */
export const layout = Object.freeze({
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  checksum: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
});

/** Of everything before the records. */
export const batchHeaderBytes = 61;
/** Base offset and length: what the length itself does not count. */
export const lengthOverheadBytes = 12;
export const batchMagic = 2;
/** Seven one-byte fields, all empty. */
export const smallestRecordBytes = 7;
export const largestInt16 = 0x7fff;
export const largestInt32 = 0x7fffffff;

export const attributeBits = Object.freeze({
  compression: 0b111,
  appendTime: 1 << 3,
  transactional: 1 << 4,
  control: 1 << 5,
  /** KIP-534: the base timestamp is when tombstones may go; deltas count from it all the same. */
  deleteHorizon: 1 << 6,
  known: 0b111_1111,
});
