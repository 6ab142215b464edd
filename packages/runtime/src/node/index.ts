// The real machine.
export { nodeFileSystem } from './node-file-system.ts';
export { nodeWorld } from './node-world.ts';
