import fc from 'fast-check';
import { arbitraryCompactionStory, CompactionModel } from './compaction-model.fixture.ts';

/** More in the long run: MILLRACE_RUNS=10000. */
const numRuns = Number(process.env['MILLRACE_RUNS'] ?? 300);
/** A failure prints its seed and path; MILLRACE_SEED runs the same sequences again. */
const seed = process.env['MILLRACE_SEED'];

describe('a compacted log', () => {
  it('agrees with a map under appends, tombstones, rolls, compactions, readers, reopenings, faults and crashes', async () => {
    const agrees = fc.asyncProperty(arbitraryCompactionStory, async ({ options, steps }) => {
      const model = new CompactionModel(options);
      await model.open();
      for (const step of steps) await model.run(step);
      await model.checkReads();
      await model.close();
    });

    const parameters = {
      numRuns,
      includeErrorInReport: true,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
    };
    await expect(fc.assert(agrees, parameters)).resolves.toBeUndefined();
  }, 600_000);
});
