import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, Random } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { seededRandom } from '@millrace/runtime/testing';
import { Acknowledged } from './acknowledged.ts';
import { look } from './look.ts';
import type { LoopDisk, MountOptions } from './loop-disk.ts';
import { logNames } from './record-names.ts';
import { type Acknowledgement, startWriter } from './writer-process.ts';

export interface CutOptions {
  readonly disk: LoopDisk;
  /** The folder `tools` of this repository. */
  readonly tools: string;
  readonly cycles: number;
  readonly seed: number;
  readonly acknowledges: 'appended' | 'flushed';
}

export interface CutResult {
  cuts: number;
  /** Appends. */
  acknowledged: number;
  /** Acknowledged records that were gone afterwards. */
  lost: number;
  /** Records read afterwards. */
  read: number;
  /** Appends acknowledged after the cut had begun, which a real one would have prevented, and how many of them were gone. */
  late: number;
  lateLost: number;
  /** Where something acknowledged was gone, and what the log said when it was opened. */
  readonly losses: string[];
  readonly unopenable: string[];
  readonly wrong: string[];
}

const diskBytes = 1024 * 1024 * 1024;
const cyclesPerDisk = 8;
/** A cut before anything was acknowledged would prove nothing. */
const fewestAcknowledgements = 10;
const longestLifeMs = 400;

/** Lets a process write to the disk, cuts its power at a random moment, starts again, and looks at what is there. */
export async function powerCutCycles(options: CutOptions): Promise<CutResult> {
  const { disk, seed, cycles } = options;
  const random = seededRandom(seed);
  const result: CutResult = {
    cuts: 0,
    acknowledged: 0,
    lost: 0,
    read: 0,
    late: 0,
    lateLost: 0,
    losses: [],
    unopenable: [],
    wrong: [],
  };
  let acknowledged = new Map<string, Acknowledged>();
  let mountOptions: MountOptions = 'data=ordered';
  for (let cycle = 0; cycle < cycles; cycle++) {
    if (cycle % cyclesPerDisk === 0) {
      disk.format(diskBytes);
      acknowledged = new Map(logNames.map((name) => [name, new Acknowledged()]));
      mountOptions = random.int(3) === 0 ? 'data=writeback,nodelalloc' : 'data=ordered';
    }
    const where = `cut ${cycle} (seed ${seed}, ${mountOptions})`;
    disk.mount(mountOptions);
    let late: readonly Acknowledgement[];
    try {
      const said = await writeUntilCut(options, cycle, random);
      for (const acknowledgement of said.inTime) acknowledged.get(acknowledgement.log)?.note(acknowledgement);
      result.acknowledged += said.inTime.length;
      late = said.late;
      result.cuts++;
    } finally {
      disk.unmount();
    }
    disk.mount(mountOptions);
    try {
      // The kernel's boot id stays the same here; after a real cut it would not.
      const host = { ...nodeWorld.host, bootId: `look ${cycle}` };
      const said: string[] = [];
      const found = await look(disk.mountPoint, acknowledged, { ...nodeWorld, host, logger: heardBy(said) });
      if (found.lostCount > 0) result.losses.push(`${where}: ${[...found.lost, ...said].join('; ')}`);
      result.lost += found.lostCount;
      result.late += late.length;
      result.lateLost += late.filter(
        ({ log, baseOffset }) => baseOffset >= (found.endOffsets.get(log) ?? 0),
      ).length;
      result.read += found.read;
      result.wrong.push(...found.wrong.map((what) => `${where}: ${what}`));
    } catch (error) {
      result.unopenable.push(`${where}: ${String(error)}`);
      cycle += cyclesPerDisk - 1 - (cycle % cyclesPerDisk);
    } finally {
      disk.unmount();
    }
  }
  return result;
}

async function writeUntilCut(
  { disk, tools, seed, acknowledges }: CutOptions,
  cycle: number,
  random: Random,
): Promise<{ inTime: readonly Acknowledgement[]; late: readonly Acknowledgement[] }> {
  const writer = startWriter(tools, {
    directory: disk.mountPoint,
    cycle,
    seed: seed * 1000 + cycle,
    acknowledges,
    bootId: `write ${cycle}`,
  });
  let cutAt = 0n;
  try {
    await writer.reaches(fewestAcknowledgements);
    await pause(random.int(longestLifeMs));
    const pages = random.int(2) === 0 ? [] : somePages(disk.mountPoint, random);
    cutAt = disk.cut(random.int(4) === 0 ? 1 : 2, pages);
  } finally {
    await writer.kill();
  }
  // A real cut takes the processor, too. This one does not, and a sync under way may still succeed on a disk that is
  // dead: ext4 finds the transaction it waits for ended and does not look how.
  return {
    inTime: writer.acknowledged.filter(({ time }) => time < cutAt),
    late: writer.acknowledged.filter(({ time }) => time >= cutAt),
  };
}

/** Pages of the newest files, any of them: what the kernel may have written of its own accord. */
function somePages(directory: string, random: Random): { file: string; from: number; count: number }[] {
  const files = logNames.flatMap((name) =>
    readdirSync(join(directory, name))
      .filter((file) => /\.(log|index|tmp|snapshot)$/.test(file))
      .sort()
      .slice(-4)
      .map((file) => join(directory, name, file)),
  );
  return files
    .filter(() => random.int(2) === 0)
    .map((file) => {
      const pages = Math.ceil((statSync(file, { throwIfNoEntry: false })?.size ?? 0) / 4096) + 1;
      return { file, from: Math.max(0, pages - 1 - random.int(6)), count: 1 + random.int(3) };
    });
}

/** Warnings and errors, as lines. */
function heardBy(lines: string[]): Logger {
  const note = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { debug: () => {}, info: () => {}, warn: note, error: note };
}
