import type { Consumer } from '@millrace/consumer';
import type { Producer } from '@millrace/producer';

/** What keeps a producer or a consumer apart from its types of keys and values. */
type AnyProducer = Pick<Producer, 'flush' | 'close'>;
export type AnyConsumer = Pick<Consumer, 'positions' | 'close'>;

/** What a client handed out and nobody has closed yet. */
export class HandedOut<Options> {
  readonly #producers = new Set<AnyProducer>();
  readonly #consumers = new Map<AnyConsumer, Options>();

  get consumers(): ReadonlyMap<AnyConsumer, Options> {
    return this.#consumers;
  }

  addProducer(producer: AnyProducer): void {
    this.#producers.add(producer);
    whenClosed(producer, () => this.#producers.delete(producer));
  }

  addConsumer(consumer: AnyConsumer, options: Options): void {
    this.#consumers.set(consumer, options);
    whenClosed(consumer, () => this.#consumers.delete(consumer));
  }

  /** Resolves once what producers were given is acknowledged or has failed. */
  async flush(): Promise<void> {
    await Promise.all([...this.#producers].map((producer) => producer.flush()));
  }

  /** Consumers first: what their handlers still send goes out with the producers. Rejects with the first failure once all were closed. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const some of [[...this.#consumers.keys()], [...this.#producers]]) {
      const results = await Promise.allSettled(some.map((one) => one.close()));
      for (const result of results) if (result.status === 'rejected') failures.push(result.reason);
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** A client may live for years and hand out many: it forgets those that were closed by whoever asked for them. */
function whenClosed(one: { close(): Promise<void> }, forget: () => void): void {
  const close = one.close.bind(one);
  one.close = async () => {
    try {
      await close();
    } finally {
      forget();
    }
  };
}
