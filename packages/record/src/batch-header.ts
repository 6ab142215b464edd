import type { Compression } from './compression.ts';
import type { Offset } from './record.ts';

/** The 61 bytes before the records of a batch, read. */
export interface BatchHeader {
  readonly baseOffset: Offset;
  /** Inclusive. */
  readonly lastOffset: Offset;
  /** Of the whole batch, header included. */
  readonly sizeInBytes: number;
  readonly leaderEpoch: number;
  readonly recordCount: number;
  readonly compression: Compression;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly timestampType: 'create' | 'append';
  /** -1: none; likewise epoch and sequence. */
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
  readonly isControl: boolean;
}
