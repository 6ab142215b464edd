// `npx tsx --conditions=@millrace/source tools/crash/kill.ts [cycles] [seed]`: kill -9 of a process that writes logs, again and again.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killCycles } from './kill-cycles.ts';

const cycles = Number(process.argv[2] ?? 300);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const directory = mkdtempSync(join(tmpdir(), 'millrace-kill-'));

console.log(`${cycles} cycles, seed ${seed}, in ${directory}`);
const started = performance.now();
const { telling, acknowledged, read } = await killCycles({
  tools: join(import.meta.dirname, '..'),
  directory,
  cycles,
  seed,
  report: (cycle) => {
    if ((cycle + 1) % 20 === 0) console.log(`${cycle + 1} cycles`);
  },
});
rmSync(directory, { recursive: true });
console.log(
  `${cycles} kills in ${((performance.now() - started) / 1000).toFixed(0)} s (${telling} after an acknowledgement): ` +
    `${acknowledged} appends acknowledged, 0 lost; ${read} records read, offsets without a gap, none wrong, none twice`,
);
