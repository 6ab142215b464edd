import { silentLogger } from '../logger.ts';
import { type MemoryFileSystem, memoryFileSystem } from '../memory-file-system.ts';
import type { World } from '../world.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { seededRandom } from './seeded-random.ts';

export interface TestWorld extends World {
  readonly clock: ManualClock;
  readonly files: MemoryFileSystem;
}

/**
 * A manual clock, files in memory, seeded chance, no log. The files answer without the clock, so that only what waits
 * for time needs `clock.advance`; for slow files that answer out of order, spread in
 * `files: memoryFileSystem({ clock, random })`.
 */
export function testWorld(seed = 1, files: MemoryFileSystem = memoryFileSystem()): TestWorld {
  const pid = 4711;
  return {
    clock: manualClock(),
    files,
    random: seededRandom(seed),
    host: {
      name: 'test-host',
      pid,
      bootId: `boot-${seed}`,
      processAlive: (other) => other === pid,
      freeBytes: async () => 2 ** 40,
    },
    logger: silentLogger,
  };
}
