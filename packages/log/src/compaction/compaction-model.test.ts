import fc from 'fast-check';
import { arbitraryCompactionStory, CompactionModel } from './compaction-model.fixture.ts';

/** More in the long run: MILLRACE_RUNS=10000. */
const numRuns = Number(process.env['MILLRACE_RUNS'] ?? 500);

describe('a compacted log', () => {
  it('agrees with a map under appends, tombstones, rolls, compactions, readers, reopenings, faults and crashes', async () => {
    const agrees = fc.asyncProperty(arbitraryCompactionStory, async ({ options, steps }) => {
      const model = new CompactionModel(options);
      await model.open();
      for (const step of steps) await model.run(step);
      await model.checkReads();
      await model.close();
    });

    await expect(fc.assert(agrees, { numRuns, includeErrorInReport: true })).resolves.toBeUndefined();
  }, 600_000);
});
