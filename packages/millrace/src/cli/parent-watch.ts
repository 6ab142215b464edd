import type { Timer } from '@millrace/runtime';
import type { Io } from './io.ts';

const everyMs = 250;

/** Calls `gone` once when a process that led to this one has ended; returns how to stop looking. */
export function watchParent(io: Pick<Io, 'ancestors' | 'world'>, gone: () => void): () => void {
  const first = io.ancestors().join();
  let timer: Timer;
  const look = (): void => {
    if (io.ancestors().join() === first) timer = io.world.clock.after(everyMs, look);
    else gone();
  };
  timer = io.world.clock.after(everyMs, look);
  return () => timer.cancel();
}
