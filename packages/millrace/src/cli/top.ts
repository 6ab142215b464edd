import { codeOf } from '@millrace/runtime';
import { brokerAddresses } from './broker-addresses.ts';
import { exitCodes } from './exit-code.ts';
import { listenForInterruption } from './interruption.ts';
import { localTime } from './local-time.ts';
import { print } from './print.ts';
import { type BrokerOptions, withCluster } from './session.ts';
import { changeBetween } from './top-change.ts';
import { type Look, look } from './top-look.ts';
import { topScreen } from './top-screen.ts';
import type { VerbContext } from './verb-context.ts';

export interface TopOptions extends BrokerOptions {
  readonly json?: boolean;
  /** Where a broker tells its metrics, `host:port`. */
  readonly metrics: string;
  /** Seconds. */
  readonly every: number;
  readonly count?: number;
}

/** To the upper left, and away with what was there. */
const clearScreen = '\u001B[H\u001B[J';

/** What happens in a broker, again and again until it is interrupted or has said it `count` times. NO_BROKER at the start. */
export function top(options: TopOptions, context: VerbContext): Promise<number> {
  const { io } = context;
  const { clock } = io.world;
  const inPictures = options.json !== true && io.stdout.isTTY === true;
  const interruption = listenForInterruption(io);
  const where = brokerAddresses(options.broker, io).join(',');
  return withCluster(options, context, async (cluster) => {
    const show = async (before: Look, now: Look): Promise<void> => {
      const change = changeBetween(before, now);
      const heading = `millrace top · ${where} · ${localTime(clock.now())} · every ${options.every} s, ctrl-c ends`;
      const text = inPictures
        ? clearScreen + topScreen(change, heading, options.metrics)
        : JSON.stringify({ at: clock.now(), ...change });
      await print(text, io);
    };
    let before = await look(cluster, options.metrics, io.world);
    for (let shown = 0; shown < (options.count ?? Number.POSITIVE_INFINITY); ) {
      await clock.sleep(options.every * 1000, interruption.signal).catch(() => {});
      if (interruption.signal.aborted) break;
      try {
        const now = await look(cluster, options.metrics, io.world);
        await show(before, now);
        before = now;
        shown += 1;
      } catch (error) {
        // It may be back at the next look.
        io.stderr.write(
          `${inPictures ? clearScreen : ''}no look at ${where}: ${codeOf(error) ?? String(error)}\n`,
        );
      }
    }
    return interruption.by === undefined ? exitCodes.fine : exitCodes.interrupted;
  }).finally(() => interruption.ignore());
}
