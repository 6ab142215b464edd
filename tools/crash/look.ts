import { openLogDirectory } from '@millrace/log';
import type { World } from '@millrace/runtime';
import type { Acknowledged } from './acknowledged.ts';

export interface Look {
  /** Records. */
  read: number;
  /** Acknowledged records that are not there. */
  lostCount: number;
  /** Some of them. */
  readonly lost: string[];
  /** What must never be. */
  readonly wrong: string[];
  /** By log. */
  readonly endOffsets: Map<string, number>;
}

/** Opens the logs that a writer left and compares them with what it was told; closes them cleanly. */
export async function look(
  directory: string,
  acknowledged: ReadonlyMap<string, Acknowledged>,
  world: World,
): Promise<Look> {
  const result: Look = { read: 0, lostCount: 0, lost: [], wrong: [], endOffsets: new Map() };
  const logs = await openLogDirectory(directory, {}, world);
  try {
    for (const [name, said] of acknowledged) {
      const log = await logs.open(name);
      result.endOffsets.set(name, log.endOffset);
      const finding = await said.check(log);
      result.read += finding.read;
      result.lostCount += finding.lostCount;
      const repeated = finding.lostCount === 0 ? await said.repeat(log) : undefined;
      result.lost.push(...finding.lost.map((record) => `log ${name}: ${record}`));
      const wrong = [...finding.wrong, ...(repeated === undefined ? [] : [repeated])];
      result.wrong.push(...wrong.map((what) => `log ${name}: ${what}`));
      said.forget(log.endOffset);
    }
  } finally {
    await logs.close();
  }
  return result;
}
