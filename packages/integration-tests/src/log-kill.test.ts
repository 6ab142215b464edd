import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killCycles } from '../../../tools/crash/kill-cycles.ts';

const cycles = Number(process.env['MILLRACE_KILLS'] ?? 20);
const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000);

describe('a log whose writer is killed', () => {
  it(`has lost nothing that was acknowledged, after ${cycles} kills at random moments (seed ${seed})`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-kill-'));

    const result = await killCycles({ tools: join(__dirname, '../../../tools'), directory, cycles, seed });

    expect(result.cycles).toBe(cycles);
    expect(result.telling).toBeGreaterThan(cycles / 4);
    expect(result.read).toBeGreaterThanOrEqual(result.telling);
    await rm(directory, { recursive: true });
  }, 300_000);
});
