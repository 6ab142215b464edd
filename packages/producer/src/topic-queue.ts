import type { ByteBudget } from './byte-budget.ts';
import type { TopicSender } from './topic-sender.ts';

/** What is done with the topic as soon as it may be, or that it never will. */
interface Step {
  run(sender: TopicSender): void;
  fail(error: Error): void;
}

/** What is sent to one topic while it is looked up, and while the buffer is full, in the order of the calls. */
export class TopicQueue {
  readonly #budget: ByteBudget;
  readonly #full: () => void;
  readonly #steps: Step[] = [];
  #sender: TopicSender | undefined;

  /** `full` hears that records wait for room. */
  constructor(budget: ByteBudget, full: () => void) {
    this.#budget = budget;
    this.#full = full;
  }

  /** Once the topic was looked up. */
  get sender(): TopicSender | undefined {
    return this.#sender;
  }

  /** The sender, for one who need not queue. */
  get free(): TopicSender | undefined {
    return this.#steps.length === 0 && this.#budget.hasRoom ? this.#sender : undefined;
  }

  /** The topic was looked up: what waits may go. */
  open(sender: TopicSender): void {
    this.#sender = sender;
    this.#letIn(sender);
  }

  /** There is no such topic. */
  fail(error: Error): void {
    for (const step of this.#steps.splice(0)) step.fail(error);
  }

  push(step: Step): void {
    this.#steps.push(step);
    if (this.#sender !== undefined && this.#steps.length === 1) this.#letIn(this.#sender);
  }

  /** Resolves once all that waits now has been let in or has failed. */
  async passed(): Promise<void> {
    if (this.#steps.length === 0) return;
    await new Promise<void>((resolve) => {
      this.push({ run: () => resolve(), fail: () => resolve() });
    });
  }

  /** The first in line waits in the budget's queue; when it is let in, the next one does. */
  #letIn(sender: TopicSender): void {
    while (this.#budget.hasRoom && this.#steps.length > 0) this.#steps.shift()?.run(sender);
    if (this.#steps.length === 0) return;
    this.#budget.queue(() => {
      this.#steps.shift()?.run(sender);
      this.#letIn(sender);
    });
    this.#full();
  }
}
