import type { Log } from '@millrace/log';
import { idempotentBatch, idempotentLane, nameText, readName, recordsIn } from './record-names.ts';
import type { Acknowledgement } from './writer-process.ts';

export interface Finding {
  /** Records that were acknowledged and are not there, first ones. */
  readonly lost: readonly string[];
  readonly lostCount: number;
  /** What must never be: a wrong record, a gap, one record twice. */
  readonly wrong: readonly string[];
  readonly read: number;
}

const examples = 5;

/** What writers were told of one log, over all their lives; kept outside of the disk that is being tested. */
export class Acknowledged {
  readonly #names = new Map<number, string>();
  #last: Acknowledgement | undefined;
  /** Of the life that ended last, the newest append of the idempotent lane. */
  get count(): number {
    return this.#names.size;
  }

  note(acknowledgement: Acknowledgement): void {
    const { baseOffset, lane, number } = acknowledgement;
    for (let index = 0; index < recordsIn(number); index++)
      this.#names.set(baseOffset + index, nameText({ ...acknowledgement, index }));
    if (lane === idempotentLane) this.#last = acknowledgement;
  }

  /** Forgets what is known to be lost, so that it is not found again. */
  forget(endOffset: number): void {
    for (const offset of this.#names.keys()) if (offset >= endOffset) this.#names.delete(offset);
    this.#last = undefined;
  }

  /** Reads all of the log. */
  async check(log: Log): Promise<Finding> {
    const lost: string[] = [];
    const wrong: string[] = [];
    const seen = new Set<string>();
    let next = log.startOffset;
    let found = 0;
    for await (const { offset, value } of log.records()) {
      const text = value === null ? 'nothing' : Buffer.from(value).toString();
      const name = readName(text);
      const said = this.#names.get(offset);
      const is = name === undefined ? `${text.slice(0, 40)}…` : nameText(name);
      if (offset !== next) wrong.push(`offset ${offset} follows ${next - 1}`);
      if (name === undefined) wrong.push(`offset ${offset} holds what nobody wrote: ${is}`);
      if (seen.has(is)) wrong.push(`${is} is there twice, the second time at ${offset}`);
      if (said !== undefined && said !== is)
        wrong.push(`offset ${offset} holds ${is}, but ${said} was acknowledged`);
      if (said !== undefined) found++;
      seen.add(is);
      next = offset + 1;
    }
    if (next !== log.endOffset) wrong.push(`the log ends at ${log.endOffset}, its records at ${next}`);
    for (const [offset, name] of this.#names)
      if (lost.length < examples && offset >= next) lost.push(`${name} at ${offset}`);
    return {
      lost,
      lostCount: this.#names.size - found,
      wrong: wrong.slice(0, examples),
      read: seen.size,
    };
  }

  /** A producer that repeats its last acknowledged batch is told the old offset; undefined: as it should be. */
  async repeat(log: Log): Promise<string | undefined> {
    if (this.#last === undefined) return undefined;
    const { cycle, number, baseOffset } = this.#last;
    const appended = await log.appendBatches(idempotentBatch(cycle, number), {
      leaderEpoch: log.latestLeaderEpoch,
    });
    if (appended.duplicate && appended.baseOffset === baseOffset) return undefined;
    return `batch ${number} of cycle ${cycle} was acknowledged at ${baseOffset}; repeated, it was written to ${appended.baseOffset}`;
  }
}
