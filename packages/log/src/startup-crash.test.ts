import { killable, seededRandom, type TestWorld, testWorld } from '@millrace/runtime/testing';
import { openLog } from './index.ts';
import { valuesOf } from './testing/log-fixtures.ts';

const directory = '/data/log';
const options = { segmentBytes: 150, indexIntervalBytes: 0 };

/** A disk after a power cut, with a log whose first ten records were flushed and which has more to recover. */
async function cutDisk(seed: number): Promise<TestWorld> {
  const world = testWorld(seed);
  const log = await openLog(directory, options, world);
  for (let n = 0; n < 20; n++) {
    await log.append({ value: `value ${n}` });
    if (n === 9) await log.flush();
  }
  return afterCut(world, seed);
}

function afterCut(world: TestWorld, seed: number): TestWorld {
  return {
    ...world,
    files: world.files.crash(seededRandom(seed)),
    host: { ...world.host, bootId: `boot ${seed}` },
  };
}

/** Lets what is under way come to rest. */
async function rest(world: TestWorld): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await world.clock.advance(0);
}

describe('a crash while a log is being opened', () => {
  it('takes nothing that was flushed, at whichever call it comes', async () => {
    for (let call = 1; call < 90; call++) {
      const cut = await cutDisk(call);
      const mortal = killable(cut);
      mortal.killAt(call);
      const opening = openLog(directory, options, mortal.world).then(async (log) => {
        await log.append({ value: 'new' });
        await log.close();
      });
      await Promise.race([opening, rest(cut)]);

      const world = afterCut(cut, call + 1000);
      const log = await openLog(directory, options, world);
      const values = await valuesOf(log);
      await log.close();
      const again = await openLog(directory, options, world);

      expect(values.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, n) => `value ${n}`));
      expect(await valuesOf(again)).toEqual(values);
      await again.close();
    }
  });
});
