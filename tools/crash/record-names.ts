import { BatchBuilder, stampProducer } from '@millrace/record';

/** The record that a lane of a writer writes in one append: who reads it back knows from its name what it must hold. */
export interface RecordName {
  /** Which life of the writer. */
  readonly cycle: number;
  readonly lane: number;
  /** Which append of that lane. */
  readonly number: number;
  /** Which record of that append. */
  readonly index: number;
}

export const logNames = ['a', 'b', 'c'];

/** The lane whose batches carry a producer id and sequences. */
export const idempotentLane = 0;
const maxPaddingBytes = 1500;

export function nameText({ cycle, lane, number, index }: RecordName): string {
  return `${cycle}.${lane}.${number}.${index}`;
}

/** The name and a padding that follows from it. */
function recordText(name: RecordName): string {
  const { cycle, lane, number, index } = name;
  const mixed = Math.imul(cycle * 31 + lane * 7 + number * 131 + index, 0x9e3779b1) >>> 0;
  return `${nameText(name)} `.padEnd(8 + (mixed % maxPaddingBytes), String(mixed % 10));
}

/** undefined when no writer wrote this. */
export function readName(value: string): RecordName | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+) /.exec(value);
  if (parts === null) return undefined;
  const [cycle = 0, lane = 0, number = 0, index = 0] = parts.slice(1).map(Number);
  const name = { cycle, lane, number, index };
  return recordText(name) === value ? name : undefined;
}

/** How many records an append has. */
export function recordsIn(number: number): number {
  return 1 + (number % 3);
}

export function valuesOf(cycle: number, lane: number, number: number): string[] {
  return Array.from({ length: recordsIn(number) }, (_, index) => recordText({ cycle, lane, number, index }));
}

/** The append of the idempotent lane, as a producer sends it, and sends it again. */
export function idempotentBatch(cycle: number, number: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 64 * 1024 });
  for (const value of valuesOf(cycle, idempotentLane, number)) builder.tryAppend({ value }, 0);
  const batch = builder.build();
  let baseSequence = 0;
  for (let before = 0; before < number; before++) baseSequence += recordsIn(before);
  stampProducer(batch, 0, { producerId: cycle, producerEpoch: 0, baseSequence });
  return batch;
}
