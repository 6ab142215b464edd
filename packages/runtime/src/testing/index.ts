// Time, chance and a disk that obey a test.
export { type ManualClock, manualClock } from './manual-clock.ts';
export { seededRandom } from './seeded-random.ts';
export { type TestWorld, testWorld } from './test-world.ts';
