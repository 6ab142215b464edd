import { type BatchHeader, batchHeaderBytes, readBatchHeader, stampBatch } from '@millrace/record';
import { largestPosition } from './config.ts';
import { logError } from './errors.ts';
import type { LeaderEpoch, LeaderEpochs } from './leader-epochs.ts';
import type { Appended } from './log.ts';
import { isIdempotent, type ProducerState, type ProducerUndo } from './producer-state.ts';
import type { BatchMark } from './segment.ts';

const nothing: readonly never[] = [];

/** An append whose offsets are settled and whose bytes are not yet written. */
export class PendingAppend {
  readonly appended: Appended;
  /** Empty for a repetition of batches that are themselves still to be written. */
  readonly batches: readonly BatchMark[];
  readonly producers: readonly ProducerUndo[];
  /** The epochs as they were before, when this append began a new one. */
  readonly epochs: readonly LeaderEpoch[] | undefined;
  /** Settles as the append does. Two functions and no object besides: there are hundreds of thousands a second. */
  readonly promise: Promise<Appended>;
  #resolve!: (appended: Appended) => void;
  #reject!: (error: Error) => void;

  constructor(
    appended: Appended,
    batches: readonly BatchMark[] = nothing,
    producers: readonly ProducerUndo[] = nothing,
    epochs?: readonly LeaderEpoch[],
  ) {
    this.appended = appended;
    this.batches = batches;
    this.producers = producers;
    this.epochs = epochs;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(): void {
    this.#resolve(this.appended);
  }

  reject(error: Error): void {
    this.#reject(error);
  }
}

/** The headers of one or more whole batches. CORRUPT_MESSAGE, RECORD_TOO_LARGE. */
export function headersOf(batches: Buffer, maxBatchBytes: number): BatchHeader[] {
  if (batches.length > largestPosition) {
    throw logError(
      'RECORD_TOO_LARGE',
      `${batches.length} bytes at once are more than a segment can hold (${largestPosition})`,
    );
  }
  const headers: BatchHeader[] = [];
  let position = 0;
  do {
    if (batches.length - position < batchHeaderBytes) {
      throw logError(
        'CORRUPT_MESSAGE',
        `${batches.length - position} bytes at ${position} are too few for a batch`,
      );
    }
    const header = readBatchHeader(batches, position);
    if (header.sizeInBytes > maxBatchBytes) throw tooLarge(header.sizeInBytes, maxBatchBytes);
    headers.push(header);
    position += header.sizeInBytes;
  } while (position < batches.length);
  if (position !== batches.length) {
    throw logError(
      'CORRUPT_MESSAGE',
      `the last batch ends at ${position}, but there are ${batches.length} bytes`,
    );
  }
  return headers;
}

export function tooLarge(sizeInBytes: number, maxBatchBytes: number): Error {
  return logError(
    'RECORD_TOO_LARGE',
    `a batch of ${sizeInBytes} bytes is above the limit of ${maxBatchBytes}`,
    {
      hint: 'raise maxBatchBytes, or write smaller records',
      details: { sizeInBytes, maxBatchBytes },
    },
  );
}

/**
 * What was written before, if all of these batches were; undefined when they may be written now.
 * OUT_OF_ORDER_SEQUENCE, INVALID_PRODUCER_EPOCH.
 */
export function findRepetition(
  headers: readonly BatchHeader[],
  producers: ProducerState,
): { readonly baseOffset: number; readonly lastOffset: number } | undefined {
  const first = headers[0];
  if (first === undefined || !headers.some(isIdempotent)) return undefined;
  if (headers.length === 1) return producers.check(first);
  return repetitionOfMany(headers, producers);
}

/** Batches of one append follow each other, so each is checked as if those before it were written. */
function repetitionOfMany(
  headers: readonly BatchHeader[],
  producers: ProducerState,
): { readonly baseOffset: number; readonly lastOffset: number } | undefined {
  const undos: ProducerUndo[] = [];
  const repeated: { baseOffset: number; lastOffset: number }[] = [];
  try {
    for (const header of headers) {
      if (!isIdempotent(header)) continue;
      const before = producers.check(header);
      if (before === undefined) undos.push(producers.record(header, 0, 0, 0));
      else repeated.push(before);
    }
  } finally {
    for (const undo of undos.reverse()) producers.undo(undo);
  }
  const first = repeated[0];
  const last = repeated.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (repeated.length === headers.length) {
    return { baseOffset: first.baseOffset, lastOffset: last.lastOffset };
  }
  throw logError(
    'OUT_OF_ORDER_SEQUENCE',
    `${repeated.length} of ${headers.length} batches were written before, the others were not`,
  );
}

/** Where an append goes. */
export interface Assignment {
  readonly baseOffset: number;
  /** In the segment. */
  readonly position: number;
  readonly leaderEpoch: number;
  /** ms since the epoch. */
  readonly now: number;
}

/** Gives batches their offsets, stamps these into the bytes, and lets producers and epochs know. */
export function assign(
  batches: Buffer,
  headers: readonly BatchHeader[],
  assignment: Assignment,
  producers: ProducerState,
  epochs: LeaderEpochs,
): PendingAppend {
  const { leaderEpoch, now } = assignment;
  const marks: BatchMark[] = [];
  let undos: ProducerUndo[] | undefined;
  let baseOffset = assignment.baseOffset;
  let at = 0;
  for (const header of headers) {
    const lastOffset = baseOffset + header.lastOffset - header.baseOffset;
    stampBatch(batches, at, { baseOffset, leaderEpoch });
    marks.push({
      baseOffset,
      lastOffset,
      position: assignment.position + at,
      sizeInBytes: header.sizeInBytes,
      maxTimestamp: header.maxTimestamp,
    });
    if (isIdempotent(header)) {
      undos ??= [];
      undos.push(producers.record(header, baseOffset, lastOffset, now));
    }
    at += header.sizeInBytes;
    baseOffset = lastOffset + 1;
  }
  const before = leaderEpoch > epochs.latest ? epochs.entries : undefined;
  if (before !== undefined) epochs.start(leaderEpoch, assignment.baseOffset);
  const appended = {
    baseOffset: assignment.baseOffset,
    lastOffset: baseOffset - 1,
    appendTime: now,
    duplicate: false,
  };
  return new PendingAppend(appended, marks, undos, before);
}
