import { simulateGroup } from './testing/simulation/group-simulation.ts';

describe('the rules of groups', () => {
  it('hold', async () => {
    const t = Date.now();
    const only = process.env['SEED'];
    let total = 0;
    for (let seed = Number(only ?? 1); seed <= Number(only ?? 200); seed++) {
      const o = await simulateGroup(seed);
      total += o.changes;
      if (o.violation) {
        console.log(seed, o.violation, o.history.slice(-40).join('\n'));
        break;
      }
    }
    console.log(Date.now() - t, total);
  }, 60000);
});
