import { silentLogger } from '../logger.ts';
import { systemRandom } from '../random.ts';
import { systemClock } from '../system-clock.ts';
import type { World } from '../world.ts';
import { nodeFileSystem } from './node-file-system.ts';
import { nodeHost } from './node-host.ts';

/** The real world, saying nothing. */
export const nodeWorld: World = {
  clock: systemClock,
  files: nodeFileSystem,
  random: systemRandom,
  host: nodeHost,
  logger: silentLogger,
};
