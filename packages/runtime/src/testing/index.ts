// Time, chance and a disk that obey a test; the suite is for those who implement a file system, or one like it for an
// interface of their own.
export { damagedBytes } from './damaged-bytes.ts';
export { type ConformanceSuite, fileSystemConformance } from './file-system-conformance.ts';
export { type Killable, killable } from './killable.ts';
export { type ManualClock, manualClock } from './manual-clock.ts';
export { seededRandom } from './seeded-random.ts';
export { type TestWorld, testWorld } from './test-world.ts';
