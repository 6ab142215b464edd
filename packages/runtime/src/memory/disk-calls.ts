import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';

/** Calls that can be made to fail. */
export type FaultyOperation = 'append' | 'sync' | 'open' | 'read' | 'truncate' | 'rename' | 'syncDirectory';

const maxLatencyTenths = 20;

/** What all files of one disk share: how long a call takes, and which call fails. */
export class DiskCalls {
  readonly #clock: Clock | undefined;
  readonly #random: Random | undefined;
  readonly #faults = new Map<FaultyOperation, Error[]>();

  constructor(clock: Clock | undefined, random: Random | undefined) {
    this.#clock = clock;
    this.#random = random;
  }

  failNext(operation: FaultyOperation, error: Error): void {
    const waiting = this.#faults.get(operation);
    if (waiting === undefined) this.#faults.set(operation, [error]);
    else waiting.push(error);
  }

  /** The fault that this call meets, if any; a fault is met once. */
  fault(operation: FaultyOperation): Error | undefined {
    return this.#faults.get(operation)?.shift();
  }

  throwFault(operation: FaultyOperation): void {
    const error = this.fault(operation);
    if (error !== undefined) throw error;
  }

  /** The time a call takes before it has its effect; none when the disk is not asked to be slow. */
  latency(): Promise<void> | undefined {
    if (this.#clock === undefined || this.#random === undefined) return undefined;
    return this.#clock.sleep(this.#random.int(maxLatencyTenths + 1) / 10);
  }

  /** How much of an append that fails is written all the same. */
  partOf(byteLength: number): number {
    return this.#random?.int(byteLength + 1) ?? Math.floor(byteLength / 2);
  }
}
