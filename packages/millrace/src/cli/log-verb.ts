import { exitCodes } from './exit-code.ts';
import { byteSize } from './figures.ts';
import { listenForInterruption } from './interruption.ts';
import { showLine } from './progress.ts';
import type { VerbContext } from './verb-context.ts';

/** How far a verb has come. */
export interface Passed {
  bytes: number;
  /** As far as it is known. */
  total: number | undefined;
}

/**
 * Runs a verb that may take long: with progress (`verifying 1.2 GB of 5.0 GB · 800.0 MB/s`), and until it is
 * interrupted, which is told by the exit code alone.
 */
export async function runLong(
  doing: string,
  { io }: VerbContext,
  work: (passed: Passed, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interruption = listenForInterruption(io);
  const passed: Passed = { bytes: 0, total: undefined };
  const progress = showLine(io, (ms) => {
    const of = passed.total === undefined ? '' : ` of ${byteSize(passed.total)}`;
    return `${doing} ${byteSize(passed.bytes)}${of} · ${byteSize(Math.round((passed.bytes * 1000) / ms))}/s`;
  });
  try {
    return await work(passed, interruption.signal);
  } catch (error) {
    if (interruption.by === undefined) throw error;
    return exitCodes.interrupted;
  } finally {
    progress.end();
    interruption.ignore();
  }
}

/** Whether a person reads, or a program. */
export function wantsJson({ json }: { readonly json?: boolean }, { io }: VerbContext): boolean {
  return json === true || io.stdout.isTTY !== true;
}
