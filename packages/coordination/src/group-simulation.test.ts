import { simulateGroup } from './testing/simulation/group-simulation.ts';
import { mutations } from './testing/simulation/mutations.ts';

/** `GROUP_SEED=17 npx jest group-simulation` replays one schedule; `GROUP_SCHEDULES=5000` tries more of them. */
const { GROUP_SEED: onlySeed, GROUP_SCHEDULES: schedules = '200' } = process.env;
const firstSeed = Number(onlySeed ?? 1);
const lastSeed = onlySeed === undefined ? Number(schedules) : firstSeed;

describe('members of a group', () => {
  it('keep the rules in any schedule of joins, stops, expiries, lost answers and seeks', async () => {
    for (let seed = firstSeed; seed <= lastSeed; seed++) {
      const { violation, history } = await simulateGroup(seed);

      if (violation === undefined) continue;
      throw new Error(`${violation}\nreplay with GROUP_SEED=${seed}\n${history.join('\n')}`);
    }

    expect(lastSeed).toBeGreaterThanOrEqual(firstSeed);
  }, 600_000);

  it('do the same again for the same seed', async () => {
    const [first, second] = [await simulateGroup(7), await simulateGroup(7)];

    expect(second.history).toEqual(first.history);
    expect(first.history.length).toBeGreaterThan(10);
  });

  it.each(mutations)('are caught when they break $rule', async ({ mutation, finding }) => {
    let caught: string | undefined;

    for (let seed = 1; seed <= 100 && caught === undefined; seed++) {
      caught = (await simulateGroup(seed, mutation)).violation;
    }

    expect(caught).toMatch(finding);
  });
});
