import type { Timer } from '@millrace/runtime';
import { byteSize, counted, perSecond } from './figures.ts';
import type { Io } from './io.ts';

const quietMs = 500;
const everyMs = 200;
const eraseLine = '\r\u001b[K';

export interface Amounts {
  readonly records: number;
  readonly bytes: number;
}

/** A line that keeps itself up to date. */
export interface Progress {
  /** Takes the line away. Idempotent. */
  end(): void;
}

/** Shows how far a verb has come, on a terminal's stderr once it takes longer than half a second. */
export function showProgress(io: Pick<Io, 'stderr' | 'world'>, amounts: () => Amounts): Progress {
  return showLine(io, (ms) => {
    const { records, bytes } = amounts();
    return `${counted(records, 'record')} · ${byteSize(bytes)} · ${perSecond(records, ms)} records/s`;
  });
}

/** The same with a line of one's own; it is told for how long the verb has run. */
export function showLine(io: Pick<Io, 'stderr' | 'world'>, line: (ms: number) => string): Progress {
  const { clock } = io.world;
  if (io.stderr.isTTY !== true) return { end: () => {} };
  const started = clock.monotonic();
  let shown = false;
  let timer: Timer | undefined;
  const draw = (): void => {
    io.stderr.write(`${eraseLine}${line(clock.monotonic() - started)}`);
    shown = true;
    timer = clock.after(everyMs, draw);
  };
  timer = clock.after(quietMs, draw);
  return {
    end: () => {
      timer?.cancel();
      if (shown) io.stderr.write(eraseLine);
      shown = false;
    },
  };
}
