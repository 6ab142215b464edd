import type { FileSystem } from '../file-system.ts';
import type { World } from '../world.ts';

export declare const nodeFileSystem: FileSystem;
/** The real world, saying nothing. */
export declare const nodeWorld: World;
