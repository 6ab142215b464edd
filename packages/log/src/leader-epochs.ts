import type { Offset } from '@millrace/record';

export interface LeaderEpoch {
  readonly epoch: number;
  /** The offset of the first record that was or will be written under it. */
  readonly startOffset: Offset;
}

/**
 * Which leader epoch begins at which offset, ascending in both. Lists are replaced, never changed, so that undoing is
 * putting the old one back.
 */
export class LeaderEpochs {
  #entries: readonly LeaderEpoch[];

  constructor(entries: readonly LeaderEpoch[] = []) {
    this.#entries = entries;
  }

  get entries(): readonly LeaderEpoch[] {
    return this.#entries;
  }

  /** -1 when there was none. */
  get latest(): number {
    return this.#entries.at(-1)?.epoch ?? -1;
  }

  /** Lets an epoch begin, unless it is not above the latest. What began at or after that offset had no record and goes. */
  start(epoch: number, startOffset: Offset): void {
    if (epoch <= this.latest) return;
    this.#entries = [
      ...this.#entries.filter((entry) => entry.startOffset < startOffset),
      { epoch, startOffset },
    ];
  }

  restore(entries: readonly LeaderEpoch[]): void {
    this.#entries = entries;
  }

  /** Drops what begins behind the end of the log; an epoch may begin exactly there. */
  truncate(endOffset: Offset): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset <= endOffset);
  }

  /** The tail from `endOffset` on was cut: epochs that began there or behind go with it. */
  endAt(endOffset: Offset): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < endOffset);
  }

  /** Epochs whose records are all gone go; the one that holds `startOffset` begins there. */
  startAt(startOffset: Offset): void {
    const behind = this.#entries.filter((entry) => entry.startOffset > startOffset);
    const holder = this.#entries[this.#entries.length - behind.length - 1];
    if (holder === undefined || (holder.startOffset === startOffset && this.#entries[0] === holder)) return;
    this.#entries = [{ epoch: holder.epoch, startOffset }, ...behind];
  }

  /**
   * KIP-279's answer: the largest epoch at or below the asked one, and where the next begins; below the first epoch
   * the asked one and where the first begins; undefined above the latest.
   */
  endOffsetFor(
    leaderEpoch: number,
    logEndOffset: Offset,
  ): { leaderEpoch: number; endOffset: Offset } | undefined {
    if (leaderEpoch < 0 || leaderEpoch > this.latest) return undefined;
    if (leaderEpoch === this.latest) return { leaderEpoch, endOffset: logEndOffset };
    const next = this.#entries.findIndex((entry) => entry.epoch > leaderEpoch);
    const endOffset = this.#entries[next]?.startOffset ?? logEndOffset;
    return { leaderEpoch: this.#entries[next - 1]?.epoch ?? leaderEpoch, endOffset };
  }
}

/** Kafka's `leader-epoch-checkpoint`: a version, how many, then `epoch startOffset` lines. */
export function encodeLeaderEpochs(entries: readonly LeaderEpoch[]): string {
  const lines = entries.map((entry) => `${entry.epoch} ${entry.startOffset}\n`);
  return `0\n${entries.length}\n${lines.join('')}`;
}

/** undefined when the text is damaged: the caller rebuilds the epochs from the batches. */
export function decodeLeaderEpochs(text: string): LeaderEpoch[] | undefined {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines[0] !== '0' || Number(lines[1]) !== lines.length - 2) return undefined;
  const entries: LeaderEpoch[] = [];
  for (const line of lines.slice(2)) {
    const parts = /^(\d+) (\d+)$/.exec(line);
    if (parts === null) return undefined;
    const entry = { epoch: Number(parts[1]), startOffset: Number(parts[2]) };
    const last = entries.at(-1);
    if (last !== undefined && (entry.epoch <= last.epoch || entry.startOffset <= last.startOffset))
      return undefined;
    entries.push(entry);
  }
  return entries;
}
