import type { World } from '@millrace/runtime';
import { seededRandom, testWorld } from '@millrace/runtime/testing';

/** Counts in a file, once a minute. It takes time and files from its world, so that a test can hold both. */
async function countMinutes(times: number, { clock, files }: World): Promise<void> {
  const file = await files.open('/minutes', 'create');
  await files.syncDirectory('/');
  for (let minute = 1; minute <= times; minute++) {
    await clock.sleep(60_000);
    await file.append([Buffer.from(`${minute} `)]);
    if (minute <= 3) await file.sync(); // the later minutes could be lost
  }
  await file.close();
}

const world = testWorld(); // in production: nodeWorld from '@millrace/runtime/node'
const counted = countMinutes(6, world);
await world.clock.advance(6 * 60_000); // six minutes, at once
await counted;

const file = await world.files.open('/minutes', 'read');
console.log((await file.read(0, 100)).toString().trim()); // → 1 2 3 4 5 6

// The same disk after a power cut: what was synced is there, the rest is up to the seed.
const disk = world.files.crash(seededRandom(1));
const found = await (await disk.open('/minutes', 'read')).read(0, 100);
console.log(found.toString('utf8', 0, 5)); // → 1 2 3
