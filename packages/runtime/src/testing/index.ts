// Time, chance and a disk that obey a test.
export { damagedBytes } from './damaged-bytes.ts';

// For those who implement a file system, or an interface of their own with a suite like it.
export { type ConformanceSuite, fileSystemConformance } from './file-system-conformance.ts';
export { type Killable, killable } from './killable.ts';
export { type ManualClock, manualClock } from './manual-clock.ts';
export { seededRandom } from './seeded-random.ts';
export { type TestWorld, testWorld } from './test-world.ts';
