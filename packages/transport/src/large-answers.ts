import type { Clock } from '@millrace/runtime';

/** A question that is held back: it begins, or the connection ends before. */
export interface HeldBack {
  readonly begin: () => void;
  readonly abandon: () => void;
}

/** Of answers as large as the largest so far, this much may be in the making. */
const makingBytes = 256 * 1024;
const mostInHand = 4;

/**
 * Questions of one connection whose answers grow with the cluster: few are in hand, one where answers are large. The next
 * begin in another turn of the event loop, so that others have theirs, and not before enough of what was answered has left.
 */
export class LargeAnswers {
  readonly #hasRoom: () => boolean;
  readonly #clock: Clock;
  readonly #waiting: HeldBack[] = [];
  #inHand = 0;
  #largestBytes = 1;
  #scheduled = false;

  /** `hasRoom`: whether another large answer may be made now. */
  constructor(hasRoom: () => boolean, clock: Clock) {
    this.#hasRoom = hasRoom;
    this.#clock = clock;
  }

  /** Begins at once or in its turn. */
  add(question: HeldBack): void {
    if (this.#waiting.length > 0 || this.#inHand >= this.#limit) this.#waiting.push(question);
    else this.#begin(question);
  }

  /** One in hand has its answer, of so many bytes. */
  settled(bytes: number): void {
    this.#inHand -= 1;
    this.#largestBytes = Math.max(this.#largestBytes, bytes);
    this.look();
  }

  /** There may be room for the next. */
  look(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      while (this.#inHand < this.#limit && this.#hasRoom()) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#begin(next);
      }
    });
  }

  /** Nobody waits any more. */
  end(): void {
    for (const { abandon } of this.#waiting.splice(0)) abandon();
  }

  get #limit(): number {
    return Math.min(mostInHand, Math.max(1, Math.floor(makingBytes / this.#largestBytes)));
  }

  #begin({ begin }: HeldBack): void {
    this.#inHand += 1;
    begin();
  }
}
