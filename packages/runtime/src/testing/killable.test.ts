import { memoryFileSystem } from '../memory-file-system.ts';
import type { World } from '../world.ts';
import { killable, seededRandom, testWorld } from './index.ts';

/** Touches all of its world, and writes down how far it came. */
async function program(world: World, progress: string[]): Promise<void> {
  const lock = await world.files.lock('/lock');
  await world.files.ensureDirectory('/d');
  const file = await world.files.open('/d/f', 'create');
  progress.push('opened');
  for (let round = 0; round < 3; round++) {
    await file.append([Buffer.from(String(world.random.int(10)))]);
    await file.sync();
    progress.push(`round ${round}`);
    await world.clock.sleep(10);
  }
  await world.host.freeBytes('/');
  await file.close();
  await lock.release();
  progress.push('done');
}

/** Runs the program, killed at this call, to where it came. */
async function runUntil(call: number) {
  const real = testWorld();
  const life = killable(real);
  const progress: string[] = [];
  life.killAt(call);
  let end = 'hangs';
  program(life.world, progress).then(
    () => {
      end = 'returned';
    },
    (error: unknown) => {
      end = String(error);
    },
  );
  await real.clock.advance(100);
  return { real, life, progress, end };
}

describe('a killable world', () => {
  it('changes nothing while the program lives', async () => {
    const { real, life, progress, end } = await runUntil(Number.POSITIVE_INFINITY);

    expect(end).toBe('returned');
    expect(progress).toEqual(['opened', 'round 0', 'round 1', 'round 2', 'done']);
    expect(life.calls).toBe(18);
    expect(life.killed).toBe(false);
    expect(await real.files.list('/')).toEqual(['d']);
  });

  it('stops the program at any call, which has no effect any more', async () => {
    const bytesWritten: number[] = [];
    for (let call = 1; call <= 18; call++) {
      const { real, life, progress, end } = await runUntil(call);

      expect(end).toBe('hangs');
      expect(progress).not.toContain('done');
      expect([life.killed, life.calls]).toEqual([true, call]);
      expect(real.clock.pending).toBe(0);
      // Its lock died with it.
      await (await real.files.lock('/lock')).release();
      const written = (await real.files.exists('/d/f')) ? await real.files.open('/d/f', 'read') : undefined;
      bytesWritten.push((await written?.size()) ?? -1);
    }

    expect(bytesWritten).toEqual([-1, -1, -1, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
  });

  it('answers nobody who waits when it is killed', async () => {
    const real = testWorld();
    real.files.failNext('read', new Error('not to be heard'));
    const life = killable(real);
    const heard: unknown[] = [];
    const file = await life.world.files.open('/f', 'create');
    const signal = life.world.clock.timeout(5);
    for (const call of [file.read(0, 1), life.world.files.list('/'), life.world.clock.sleep(5)])
      call.then(
        (answer) => heard.push(answer),
        (error: unknown) => heard.push(error),
      );
    life.world.clock.after(5, () => heard.push('timer'));
    life.world.clock.endOfTurn(() => heard.push('end of turn'));

    life.kill();
    life.world.clock.after(5, () => heard.push('timer after'));
    life.world.clock.endOfTurn(() => heard.push('end of turn after'));
    await real.clock.advance(10);

    expect(heard).toEqual([]);
    expect(signal.aborted).toBe(false);
    expect(real.clock.pending).toBe(0);
  });

  it('drops writes of the dead, also those under way on a slow disk', async () => {
    const clock = testWorld().clock;
    const files = memoryFileSystem({ clock, random: seededRandom(1) });
    const life = killable({ ...testWorld(), clock, files });
    const opened = life.world.files.open('/f', 'create');
    await clock.advance(5);
    const file = await opened;

    life.kill();
    void file.append([Buffer.from('dead')]);
    void life.world.files.remove('/f');
    await clock.advance(5);

    const size = files.open('/f', 'read').then((found) => found.size());
    await clock.advance(5);
    expect(await size).toBe(0);
  });

  it('is quiet after death and tells those who cut the rest', () => {
    const said: string[] = [];
    const say = (_: object, message: string): void => void said.push(message);
    const life = killable({ ...testWorld(), logger: { debug: say, info: say, warn: say, error: say } });
    let cuts = 0;
    life.onKill(() => cuts++);

    life.world.logger.info({}, 'alive');
    life.kill();
    life.kill();
    life.world.logger.error({}, 'dead');
    life.onKill(() => cuts++);

    expect(said).toEqual(['alive']);
    expect(cuts).toBe(2);
  });

  it('hands out no descriptor that would pass by', async () => {
    const { world } = killable(testWorld());

    const file = await world.files.open('/f', 'create');

    expect(file.descriptor).toBeUndefined();
  });
});
