// `npx tsx --conditions=@millrace/source tools/crash/power-cut.ts [cycles] [seed]`: cuts the power of a disk to which a
// process writes logs, again and again. Linux, root, ext4, cc.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoopDisk, whyNoLoopDisk } from './loop-disk.ts';
import { type CutResult, powerCutCycles } from './power-cut-cycles.ts';

const cycles = Number(process.argv[2] ?? 50);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const here = import.meta.dirname;
/** Set in the process that has a mount namespace of its own. */
const isInside = 'MILLRACE_POWER_CUT' in process.env;

function describe(what: string, result: CutResult, isExpectedToLose = false): void {
  const { cuts, acknowledged, lost, read, unopenable, wrong } = result;
  console.log(
    `${what}: ${cuts} cuts, ${acknowledged} appends acknowledged, ${lost} records of them lost, ` +
      `${unopenable.length} times not to be opened, ${wrong.length} times something wrong; ${read} records read; ` +
      `said after the cut had begun: ${result.late}, of these gone: ${result.lateLost}`,
  );
  const losses = isExpectedToLose ? [] : result.losses;
  for (const line of [...losses, ...unopenable, ...wrong]) console.log(`  ${line}`);
}

async function cutAndLook(): Promise<boolean> {
  const workshop = mkdtempSync(join(tmpdir(), 'millrace-power-cut-'));
  const disk = new LoopDisk(workshop, here);
  try {
    const run = { disk, tools: join(here, '..'), seed };
    const started = performance.now();
    const kept = await powerCutCycles({ ...run, cycles, acknowledges: 'flushed' });
    describe('flushed before it was acknowledged', kept);
    console.log(`  ${((performance.now() - started) / 1000 / cycles).toFixed(2)} s a cut`);
    // Whether the cuts are real: without a flush they must cost something.
    const unflushed = await powerCutCycles({
      ...run,
      cycles: Math.ceil(cycles / 10),
      acknowledges: 'appended',
    });
    describe('for comparison, acknowledged without a flush', unflushed, true);
    if (unflushed.lost === 0) console.log('  nothing was lost there either: these cuts prove nothing');
    const isFine = kept.lost === 0 && kept.unopenable.length === 0 && kept.wrong.length === 0;
    return isFine && unflushed.unopenable.length === 0 && unflushed.wrong.length === 0 && unflushed.lost > 0;
  } finally {
    disk.unmount();
    rmSync(workshop, { recursive: true, force: true });
  }
}

const obstacle = whyNoLoopDisk();
if (obstacle !== undefined) {
  console.log(`skipped: no power can be cut here: ${obstacle}`);
} else if (isInside) {
  console.log(`${cycles} cuts, seed ${seed}, Linux ${execFileSync('uname', ['-r']).toString().trim()}`);
  process.exitCode = (await cutAndLook()) ? 0 : 1;
} else {
  const { status } = spawnSync(
    'unshare',
    ['-m', '--propagation', 'private', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, MILLRACE_POWER_CUT: '1' } },
  );
  process.exitCode = status ?? 1;
}
