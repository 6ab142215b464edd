import type { Clock } from '@millrace/runtime';

/** A question that is held back: it begins, or the connection ends before. */
export interface HeldBack {
  readonly begin: () => void;
  readonly abandon: () => void;
}

/**
 * Questions of one connection whose answers grow with the cluster. One is in hand at a time; the next begins in another
 * turn of the event loop, so that others have theirs, and not before enough of what was answered has left.
 */
export class LargeAnswers {
  readonly #hasRoom: () => boolean;
  readonly #clock: Clock;
  readonly #waiting: HeldBack[] = [];
  #isInHand = false;
  #scheduled = false;

  /** `hasRoom`: whether another large answer may be made now. */
  constructor(hasRoom: () => boolean, clock: Clock) {
    this.#hasRoom = hasRoom;
    this.#clock = clock;
  }

  /** Begins at once or in its turn. */
  add(question: HeldBack): void {
    if (this.#isInHand || this.#waiting.length > 0) {
      this.#waiting.push(question);
      return;
    }
    this.#isInHand = true;
    question.begin();
  }

  /** The one in hand has its answer. */
  settled(): void {
    this.#isInHand = false;
    this.look();
  }

  /** There may be room for the next. */
  look(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      if (this.#isInHand || !this.#hasRoom()) return;
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#isInHand = true;
      next.begin();
    });
  }

  /** Nobody waits any more. */
  end(): void {
    for (const { abandon } of this.#waiting.splice(0)) abandon();
  }
}
