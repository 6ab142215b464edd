import { abandonable } from './abandon.ts';

interface Question<Answer> {
  readonly answer: Promise<Answer>;
  /** Who waits for it at this moment. */
  askers: number;
}

/**
 * Questions that are put once for all who ask at the same time. One that everybody has given up is not waited for by
 * whoever asks next: it may never be answered.
 */
export class SharedQuestions<Answer> {
  readonly #open = new Map<string, Question<Answer>>();

  /**
   * The answer to the question of this name, or the signal's reason when it aborts first. `put` is told how to find out
   * whether anybody still wants what it brings.
   */
  async ask(
    name: string,
    put: (isWanted: () => boolean) => Promise<Answer>,
    signal: AbortSignal,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const question = this.#open.get(name) ?? this.#put(name, put);
    question.askers += 1;
    try {
      return await abandonable(question.answer, signal);
    } finally {
      question.askers -= 1;
      if (question.askers === 0) this.#drop(name, question);
    }
  }

  #put(name: string, put: (isWanted: () => boolean) => Promise<Answer>): Question<Answer> {
    const answer = put(() => question.askers > 0).finally(() => this.#drop(name, question));
    const question: Question<Answer> = { answer, askers: 0 };
    this.#open.set(name, question);
    return question;
  }

  #drop(name: string, question: Question<Answer>): void {
    if (this.#open.get(name) === question) this.#open.delete(name);
  }
}
