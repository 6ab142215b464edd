import { exitCodes } from './exit-code.ts';
import type { Io, StopSignal } from './io.ts';

/** Ctrl-C and SIGTERM while a verb works: the first asks it to end, the second ends the process. */
export interface Interruption {
  /** Aborts with the first signal. */
  readonly signal: AbortSignal;
  /** What came first; undefined: nothing yet. */
  readonly by: StopSignal | undefined;
  /** Leaves signals to the process again. Idempotent. */
  ignore(): void;
}

export function listenForInterruption(io: Pick<Io, 'onSignal' | 'exit'>): Interruption {
  const controller = new AbortController();
  let by: StopSignal | undefined;
  const ignore = io.onSignal((signal) => {
    if (by !== undefined) {
      io.exit(exitCodes.interrupted);
      return;
    }
    by = signal;
    controller.abort();
  });
  return {
    signal: controller.signal,
    get by() {
      return by;
    },
    ignore,
  };
}
