import fc from 'fast-check';
import { arbitraryLogStory, LogModel } from './testing/log-model.ts';

/** More in the long run: MILLRACE_RUNS=10000. */
const numRuns = Number(process.env['MILLRACE_RUNS'] ?? 300);

describe('a log', () => {
  it('agrees with an array under append, read, roll, flush, truncate, delete, retain, reopen, crash and full disks', async () => {
    const agrees = fc.asyncProperty(arbitraryLogStory, async ({ steps, ...options }) => {
      const model = new LogModel(options);
      await model.open();
      for (const step of steps) await model.run(step);
      await model.close();
    });

    await expect(fc.assert(agrees, { numRuns, includeErrorInReport: true })).resolves.toBeUndefined();
  }, 600_000);
});
