/** Work that syncs files. `run` never rejects: failures are the job's own business. */
export interface FlushJob {
  run(): Promise<void>;
}

/** The thread pool has four threads: two for flushes leave two for reads and writes. */
const atOnce = 2;

/**
 * Decides which log flushes next: at most two at once, those somebody waits for first, then in turn. One for all logs
 * of a directory, since a thousand logs that flush freely starve every read.
 */
export class FlushScheduler {
  readonly #urgent = new Set<FlushJob>();
  readonly #patient = new Set<FlushJob>();
  #running = 0;

  /** Queues the job, or moves it forward; a job that is queued twice runs once. It must not be running. */
  request(job: FlushJob, urgent: boolean): void {
    if (urgent) {
      this.#patient.delete(job);
      this.#urgent.add(job);
    } else if (!this.#urgent.has(job)) {
      this.#patient.add(job);
    }
    this.#start();
  }

  #start(): void {
    while (this.#running < atOnce) {
      const job = first(this.#urgent) ?? first(this.#patient);
      if (job === undefined) return;
      this.#urgent.delete(job);
      this.#patient.delete(job);
      this.#running++;
      const finish = (): void => {
        this.#running--;
        this.#start();
      };
      job.run().then(finish, finish);
    }
  }
}

function first(jobs: Set<FlushJob>): FlushJob | undefined {
  for (const job of jobs) return job;
  return undefined;
}
