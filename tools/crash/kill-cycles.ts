import { mkdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeWorld } from '@millrace/runtime/node';
import { seededRandom } from '@millrace/runtime/testing';
import { Acknowledged } from './acknowledged.ts';
import { look } from './look.ts';
import { logNames } from './record-names.ts';
import { startWriter } from './writer-process.ts';

export interface KillOptions {
  /** The folder `tools` of this repository. */
  readonly tools: string;
  /** New or empty. */
  readonly directory: string;
  readonly cycles: number;
  readonly seed: number;
  /** Called after each cycle. */
  readonly report?: (cycle: number, acknowledged: number) => void;
}

export interface KillResult {
  readonly cycles: number;
  /** Cycles in which at least one append was acknowledged. */
  readonly telling: number;
  readonly acknowledged: number;
  readonly read: number;
}

const longestLifeMs = 150;
/** Behind so many cycles a new directory: what is read after each would grow without end. */
const cyclesPerDirectory = 20;

/**
 * Lets a process write, kills it at a random moment (in one of four cycles perhaps while it recovers), and looks at
 * what it left: everything acknowledged, nothing else than what was written, no gap, no repetition. Throws otherwise.
 */
export async function killCycles(options: KillOptions): Promise<KillResult> {
  const random = seededRandom(options.seed);
  const result = { cycles: 0, telling: 0, acknowledged: 0, read: 0 };
  for (let first = 0; first < options.cycles; first += cyclesPerDirectory) {
    const directory = `${options.directory}/${first}`;
    mkdirSync(directory, { recursive: true });
    const acknowledged = new Map(logNames.map((name) => [name, new Acknowledged()]));
    for (let cycle = first; cycle < Math.min(first + cyclesPerDirectory, options.cycles); cycle++) {
      const count = await liveAndDie(options, directory, cycle, random, acknowledged);
      result.cycles++;
      result.acknowledged += count;
      if (count > 0) result.telling++;
      // Else the next writer finds what the kill left, and this is looked at later.
      const isLast = (cycle + 1) % cyclesPerDirectory === 0 || cycle + 1 === options.cycles;
      if (isLast || random.int(2) === 0) result.read += await lookAt(directory, cycle, acknowledged);
      options.report?.(cycle, count);
    }
  }
  return result;
}

async function liveAndDie(
  { tools, seed }: KillOptions,
  directory: string,
  cycle: number,
  random: ReturnType<typeof seededRandom>,
  acknowledged: ReadonlyMap<string, Acknowledged>,
): Promise<number> {
  const writer = startWriter(tools, {
    directory,
    cycle,
    seed: seed * 1000 + cycle,
    acknowledges: 'appended',
    bootId: nodeWorld.host.bootId,
  });
  const early = random.int(4) === 0;
  const lifeMs = random.int(early ? 30 : longestLifeMs);
  try {
    await (early ? writer.opening : writer.reaches(1));
    await pause(lifeMs);
  } finally {
    await writer.kill();
  }
  for (const acknowledgement of writer.acknowledged)
    acknowledged.get(acknowledgement.log)?.note(acknowledgement);
  return writer.acknowledged.length;
}

async function lookAt(
  directory: string,
  cycle: number,
  acknowledged: ReadonlyMap<string, Acknowledged>,
): Promise<number> {
  const { read, lostCount, lost, wrong } = await look(directory, acknowledged, nodeWorld);
  if (lostCount > 0) wrong.push(`${lostCount} acknowledged records are gone: ${lost.join(', ')}`);
  if (wrong.length > 0) throw new Error(`cycle ${cycle} in ${directory}: ${wrong.join('; ')}`);
  return read;
}
