// `npx tsx --conditions=@millrace/source tools/bench/log-compaction.ts [MiB] [keys]`: one run of compaction, measured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, openLog } from '@millrace/log';
import { BatchBuilder, prepareChecksums } from '@millrace/record';
import { human } from './rounds.ts';

const mebibyte = 1024 * 1024;
const bytes = Number(process.argv[2] ?? 1024) * mebibyte;
const keys = Number(process.argv[3] ?? 100_000);
const recordsPerBatch = 50;
const batchesAtOnce = 64;
const segmentBytes = 128 * mebibyte;

/** Every key again and again, in an order that looks random and is the same each time. */
async function fill(log: Log): Promise<number> {
  const value = Buffer.alloc(180, 'the newest of its key ');
  let records = 0;
  while (log.sizeInBytes < bytes) {
    const appends: Promise<unknown>[] = [];
    for (let batch = 0; batch < batchesAtOnce; batch += 1) {
      const builder = new BatchBuilder({ maxBytes: mebibyte });
      for (let n = 0; n < recordsPerBatch; n += 1, records += 1) {
        builder.tryAppend({ key: `key-${(records * 7919) % keys}`, value }, records);
      }
      appends.push(log.appendBatches(builder.build(), { leaderEpoch: 0 }));
    }
    await Promise.all(appends);
  }
  await log.flush();
  return records;
}

async function main(): Promise<void> {
  await prepareChecksums();
  const directory = mkdtempSync(join(tmpdir(), 'millrace-compaction-'));
  const log = await openLog(directory, { cleanupPolicy: 'compact', segmentBytes });
  try {
    const records = await fill(log);
    console.log(`filled: ${human(log.sizeInBytes)}B, ${records} records of ${keys} keys`);
    let longestPauseMs = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
      last = performance.now();
    }, 1);
    const started = performance.now();
    const cpu = process.cpuUsage();
    const result = await log.compact();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    clearInterval(beat);
    console.log(`compacted in ${seconds.toFixed(2)} s: ${human(result.bytesBefore / seconds)}B/s`);
    console.log(
      `processor ${((user + system) / 1e6).toFixed(2)} s, longest pause ${longestPauseMs.toFixed(0)} ms`,
    );
    console.log(`${human(result.bytesBefore)}B became ${human(result.bytesAfter)}B`);
    console.log(`${result.recordsRemoved} records removed, ${result.recordsKept} kept`);
    console.log(`most memory of the process: ${human(process.resourceUsage().maxRSS * 1024)}B`);
  } finally {
    await log.close();
    rmSync(directory, { recursive: true });
  }
}

await main();
