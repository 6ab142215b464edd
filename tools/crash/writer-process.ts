import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WriterOptions } from './log-writer.ts';

/** A writer that runs, as its parent sees it. */
export interface WriterProcess {
  /** What it acknowledged so far. */
  readonly acknowledged: readonly Acknowledgement[];
  /** Resolves once it has acknowledged so many appends; rejects when it ends by itself. */
  reaches(acknowledgements: number): Promise<void>;
  /** Resolves once it begins to open the logs. */
  readonly opening: Promise<void>;
  /** `kill -9`; resolves once it is gone and everything it said has been heard. */
  kill(): Promise<void>;
}

export interface Acknowledgement {
  readonly log: string;
  readonly baseOffset: number;
  readonly cycle: number;
  readonly lane: number;
  readonly number: number;
  /** When it was said, ns of the machine's monotonic clock. */
  readonly time: bigint;
}

/** `tools`: the folder in which this file's folder lies. */
export function startWriter(tools: string, options: WriterOptions): WriterProcess {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@millrace/source',
      '--import',
      'tsx',
      join(tools, 'crash/log-writer.ts'),
      JSON.stringify(options),
    ],
    { cwd: join(tools, '..'), stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  return new RunningWriter(child, options.cycle);
}

class RunningWriter implements WriterProcess {
  readonly acknowledged: Acknowledgement[] = [];
  readonly opening: Promise<void>;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #errors = '';
  #killed = false;
  #waiting: {
    readonly count: number;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor(child: ChildProcess, cycle: number) {
    this.#child = child;
    let isOpening = (): void => undefined;
    this.opening = new Promise((resolve) => {
      isOpening = resolve;
    });
    this.#gone = new Promise((resolve) => child.once('close', () => resolve()));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    if (child.stdout === null) throw new Error('a writer without a voice');
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'opening') isOpening();
      const parts = /^ack (\w+) (\d+) (\d+) (\d+) (\d+)$/.exec(line);
      if (parts !== null) this.#note(parts, cycle);
    });
    void this.#gone.then(() => this.#end(isOpening));
  }

  reaches(count: number): Promise<void> {
    if (this.acknowledged.length >= count) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count, resolve, reject });
    });
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #note([, log = '', baseOffset, lane, number, time = '']: readonly string[], cycle: number): void {
    this.acknowledged.push({
      log,
      baseOffset: Number(baseOffset),
      cycle,
      lane: Number(lane),
      number: Number(number),
      time: BigInt(time),
    });
    for (const waiter of this.#waiting) if (this.acknowledged.length >= waiter.count) waiter.resolve();
    this.#waiting = this.#waiting.filter(({ count }) => this.acknowledged.length < count);
  }

  #end(isOpening: () => void): void {
    isOpening();
    const error = new Error(`the writer ended by itself${this.#killed ? ' (killed)' : ''}: ${this.#errors}`);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
