import { testWorld } from '@millrace/runtime/testing';
import { CommitTimer } from './commit-timer.ts';

describe('the commit timer', () => {
  it('commits again and again, also after a failure, until it is stopped', async () => {
    const world = testWorld();
    let commits = 0;
    const timer = new CommitTimer(
      100,
      () => {
        commits += 1;
        return commits === 1 ? Promise.reject(new Error('no answer')) : Promise.resolve();
      },
      world,
    );

    await world.clock.advance(350);
    timer.stop();
    await world.clock.advance(1_000);

    expect(commits).toBe(3);
    expect(world.clock.pending).toBe(0);
  });

  it('never has two commits under way', async () => {
    const world = testWorld();
    let underWay = 0;
    let most = 0;
    const timer = new CommitTimer(
      10,
      async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await world.clock.sleep(55);
        underWay -= 1;
      },
      world,
    );

    await world.clock.advance(500);
    timer.stop();

    expect(most).toBe(1);
  });
});
