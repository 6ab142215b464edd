import type { Clock } from '../clock.ts';
import type { FileSystem } from '../file-system.ts';
import type { MemoryFileSystem } from '../memory-file-system.ts';
import type { Random } from '../random.ts';
import type { World } from '../world.ts';

export interface ManualClock extends Clock {
  /** Moves time on, firing due timers one by one in order and letting promises settle in between; drains end-of-turn calls. */
  advance(ms: number): Promise<void>;
  /** Timers that are set. */
  readonly pending: number;
}
export declare function manualClock(startMs?: number): ManualClock;
export declare function seededRandom(seed: number): Random;
export interface TestWorld extends World {
  readonly clock: ManualClock;
  readonly files: MemoryFileSystem;
}
/** A manual clock, files in memory, seeded chance. */
export declare function testWorld(seed?: number, files?: MemoryFileSystem): TestWorld;
/** Cuts a broker off from its world at its N-th call: a crash at any await (protocols §I). */
export declare function killable(world: World): {
  readonly world: World;
  readonly calls: number;
  killAt(call: number): void;
  kill(): void;
};
export interface ConformanceSuite<Subject> {
  /** jest's, vitest's or node:test's. */
  test(name: string, run: () => Promise<void>): void;
  create(): Promise<Subject>;
}
export declare function fileSystemConformance(suite: ConformanceSuite<FileSystem>): void;
