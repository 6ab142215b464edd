import { PassThrough, Readable, Writable } from 'node:stream';
import { type Io, run, type StopSignal } from '../cli/index.ts';

/** One run of the command line in this process, for our own tests. */
export interface CommandRun {
  /** Resolves with the exit code. */
  readonly ended: Promise<number>;
  readonly stdin: PassThrough;
  /** What was written so far. */
  stdout(): string;
  stdoutBytes(): Buffer;
  stderr(): string;
  /** Resolves once stdout or stderr holds the text. */
  says(text: string): Promise<void>;
  interrupt(signal: StopSignal): void;
  /** The codes with which it wanted to end the process at once. */
  readonly exits: readonly number[];
}

/** `millrace …argv`; stdin is `input`, or what the test writes to it. */
export function runCommand(
  argv: readonly string[],
  io: Partial<Io> & { input?: string | Buffer } = {},
): CommandRun {
  const { input, ...given } = io;
  const stdin = new PassThrough();
  if (input !== undefined) Readable.from([Buffer.from(input)]).pipe(stdin);
  const [stdout, stderr] = [new Gathered(), new Gathered()];
  const listeners = new Set<(signal: StopSignal) => void>();
  const exits: number[] = [];
  const ended = run(argv, {
    stdin,
    stdout,
    stderr,
    env: {},
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => exits.push(code),
    ...given,
  });
  return {
    ended,
    stdin,
    stdout: () => stdout.bytes().toString(),
    stdoutBytes: () => stdout.bytes(),
    stderr: () => stderr.bytes().toString(),
    says: (text) => Promise.race([stdout.holds(text), stderr.holds(text)]),
    interrupt: (signal) => {
      for (const listener of [...listeners]) listener(signal);
    },
    exits,
  };
}

class Gathered extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #onWrite: (() => void)[] = [];

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  async holds(text: string): Promise<void> {
    while (!this.bytes().includes(text)) await new Promise<void>((resolve) => this.#onWrite.push(resolve));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    for (const wake of this.#onWrite.splice(0)) wake();
    done();
  }
}
