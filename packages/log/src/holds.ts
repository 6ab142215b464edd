import type { Offset } from '@millrace/record';
import type { LogHold } from './log.ts';

/** What callers have said they still need of a log. */
export class Holds {
  readonly #offsets = new Set<{ offset: Offset }>();

  /** The least offset that is held; Infinity when none is. */
  get from(): Offset {
    let least = Number.POSITIVE_INFINITY;
    for (const { offset } of this.#offsets) least = Math.min(least, offset);
    return least;
  }

  add(offset: Offset): LogHold {
    const held = { offset };
    this.#offsets.add(held);
    return {
      moveTo: (to) => {
        held.offset = to;
      },
      release: () => {
        this.#offsets.delete(held);
      },
    };
  }
}
