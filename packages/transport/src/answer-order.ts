/** What is to be done with an answer once it is its turn. */
type Deliver = () => void;

interface Turn {
  deliver: Deliver | undefined;
}

/**
 * Lets answers leave in the order of their questions, whichever is ready first. What waits for its turn is a function, so
 * that nothing is encoded before.
 */
export class AnswerOrder {
  /** The oldest question first. */
  readonly #turns: Turn[] = [];
  #ended = false;

  /** A question came. What is returned is called once, with what to do when its turn has come. */
  next(): (deliver: Deliver) => void {
    const turn: Turn = { deliver: undefined };
    this.#turns.push(turn);
    return (deliver) => {
      if (this.#ended) {
        deliver();
        return;
      }
      turn.deliver = deliver;
      this.#advance();
    };
  }

  /** Nobody reads answers any more: all that wait are delivered, those to come at once. Idempotent. */
  end(): void {
    this.#ended = true;
    for (const { deliver } of this.#turns.splice(0)) deliver?.();
  }

  #advance(): void {
    for (let first = this.#turns[0]; first?.deliver !== undefined; first = this.#turns[0]) {
      this.#turns.shift();
      first.deliver();
    }
  }
}
