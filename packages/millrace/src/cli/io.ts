import type { Readable, Writable } from 'node:stream';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';

/** All that the command line takes from outside. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Data goes here, and nothing else. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Talk: errors, hints, progress, summaries. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: { readonly [name: string]: string | undefined };
  readonly world: World;
  /** Calls back for every SIGINT and SIGTERM until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Ends the process at once, whatever is still open. */
  exit(code: number): void;
  /** When this process began, ms since the epoch. */
  readonly startedAt: number;
  /** Stop a broker cleanly when the process that started this one is gone (npm does not pass SIGTERM on). */
  readonly stopWhenParentGoes: boolean;
  /** The process that started this one, the one that started that, and so on as far as they can be told. */
  ancestors(): readonly number[];
}

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** This process. */
export function processIo(): Omit<Io, 'ancestors'> {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    world: nodeWorld,
    onSignal: (listener) => {
      const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    exit: (code) => process.exit(code),
    startedAt: performance.timeOrigin,
    stopWhenParentGoes: false,
  };
}
