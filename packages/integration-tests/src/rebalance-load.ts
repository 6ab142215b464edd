import { connect, type Producer } from 'millrace';
import { pause } from './millrace-process.ts';
import type { Acknowledged } from './rebalance-events.ts';

/** Between two records of a partition. */
const everyMs = 15;

/** Writes `partition:number` into every partition, one after the other, until told to stop. */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  readonly #client: ReturnType<typeof connect>;
  readonly #topic: string;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(brokers: string, topic: string, partitions: number) {
    this.#client = connect(brokers);
    this.#topic = topic;
    const producer = this.#client.producer();
    const writers = Array.from({ length: partitions }, (_, partition) => this.#write(producer, partition));
    this.#running = Promise.all(writers).then(() => {});
    // Whoever stops it hears of it.
    this.#running.catch(() => {});
  }

  /** How many were acknowledged of each partition. */
  counts(partitions: number): number[] {
    const counts = new Array<number>(partitions).fill(0);
    for (const { partition } of this.acknowledged) counts[partition] = (counts[partition] ?? 0) + 1;
    return counts;
  }

  /** What is under way is acknowledged first. Throws what a record failed with. */
  async stop(): Promise<void> {
    this.#stopped = true;
    try {
      await this.#running;
    } finally {
      await this.#client.close();
    }
  }

  async #write(producer: Producer, partition: number): Promise<void> {
    for (let number = 0; !this.#stopped; number += 1) {
      const value = `${partition}:${number}`;
      const { offset } = await producer.send({ topic: this.#topic, partition, value });
      this.acknowledged.push({ partition, offset, value });
      await pause(everyMs);
    }
  }
}
