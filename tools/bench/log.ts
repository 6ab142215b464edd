// `npx tsx --conditions=@millrace/source tools/bench/log.ts [part…]`: the log against plain calls for the same bytes, and
// against another embedded store. Parts: writing, reading, random, index, flushing, opening, recovery, memory, store.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '@millrace/log';
import { fill, makeBatch, recordsPerBatch } from './log-batches.ts';
import { residentWith } from './log-memory.ts';
import { openLogs, openSegments, readAmongFlushes, recover } from './log-opening.ts';
import { lookUp, readLog, readPlainly, readRandomBatches, readRandomPages } from './log-reading.ts';
import { levelWork, loadPeer, logWork, peer, type StoreWork } from './log-store.ts';
import { appendPlainly, appendSingly, appendToLog } from './log-writing.ts';
import { alternate, human } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const mebibyte = 1024 * 1024;
const segment = '00000000000000000000.log';

function line(what: string, figure: string, aim = ''): void {
  console.log(`${what.padEnd(66)} ${figure.padStart(12)}${aim === '' ? '' : `   aim ${aim}`}`);
}

function share(of: number | undefined, whole: number | undefined): string {
  return `${(((of ?? 0) / (whole ?? 0)) * 100).toFixed(0)} %`;
}

async function writing(directory: string): Promise<void> {
  const { log, plain, flushed, single } = await alternate(rounds, {
    log: appendToLog(directory),
    plain: appendPlainly(directory, false),
    flushed: appendPlainly(directory, true),
    single: appendSingly(directory),
  });
  const batchBytes = makeBatch(recordsPerBatch).length;
  line('append, batches of 10 KiB, flush behind, bytes/s', human(log ?? 0));
  line('  records/s', human(((log ?? 0) / batchBytes) * recordsPerBatch));
  line('plain writev of the same bytes, bytes/s', human(plain ?? 0));
  line('  the log reaches of it', share(log, plain), '50 %');
  line('the same with a flush always behind, bytes/s', human(flushed ?? 0));
  line('  the log reaches of it', share(log, flushed));
  line('append, single records, 64 in flight, appends/s', human(single ?? 0));
}

async function reading(directory: string): Promise<void> {
  const path = join(directory, 'read');
  const log = await openLog(path);
  await fill(log, 512 * mebibyte);
  const { ours, plain } = await alternate(rounds, {
    ours: readLog(log),
    plain: readPlainly(join(path, segment)),
  });
  await log.close();
  line('read in order, 1 MiB at a time, bytes/s', human(ours ?? 0));
  line('plain reads of the same bytes, bytes/s', human(plain ?? 0));
  line('  the log reaches of it', share(ours, plain), '50 %');
}

async function random(directory: string): Promise<void> {
  const path = join(directory, 'random');
  const log = await openLog(path);
  await fill(log, 256 * mebibyte, 19);
  await log.close();
  // Opened again: the index comes from its file.
  const again = await openLog(path);
  const { ours, plain } = await alternate(rounds, {
    ours: readRandomBatches(again),
    plain: readRandomPages(join(path, segment)),
  });
  await again.close();
  line(`one batch of ${makeBatch(19).length} B at a random offset, reads/s`, human(ours ?? 0));
  line('plain read of 4 KiB at a random place, reads/s', human(plain ?? 0));
  line('  the log reaches of it', share(ours, plain), '60 %');
}

async function index(): Promise<void> {
  const { found } = await alternate(rounds, { found: lookUp() });
  line('offset to position, index of 262,144 entries, look-ups/s', human(found ?? 0), '1 M');
}

async function flushing(directory: string): Promise<void> {
  const { median, p99, flushes } = await readAmongFlushes(directory);
  line('hot read of 4 KiB while 1,000 logs flush, median ms', median.toFixed(3), '< 1');
  line('  99th percentile, ms', p99.toFixed(3), '< 1');
  line('  times that one of them advanced, a second', human(flushes / 5));
}

async function opening(directory: string): Promise<void> {
  const { segments, logs } = await alternate(rounds, {
    segments: await openSegments(directory),
    logs: await openLogs(directory),
  });
  line('opening a log of 1,000 clean segments, s', (segments ?? 0).toFixed(2), '< 1');
  line('opening 1,000 clean logs of one directory, s', (logs ?? 0).toFixed(2));
}

async function recovery(directory: string): Promise<void> {
  const { bytes } = await alternate(rounds, { bytes: await recover(directory) });
  line('recovery of 1 GiB that nothing vouches for, bytes/s', human(bytes ?? 0), '1 G');
}

async function memory(directory: string): Promise<void> {
  const [small, large] = [64 * mebibyte, 1000 * mebibyte];
  const [withSmall, withLarge] = [await residentWith(directory, small), await residentWith(directory, large)];
  line('peak resident with a log of 64 MiB, opened and read, MB', (withSmall / 1e6).toFixed(0));
  line(
    'peak resident with a log of 1,000 MiB, opened and read, MB',
    (withLarge / 1e6).toFixed(0),
    'the same',
  );
}

async function store(directory: string): Promise<void> {
  const level = levelWork(loadPeer(directory), directory);
  const log = logWork(directory);
  const rows: [keyof StoreWork, string][] = [
    ['appendSynced', 'append batches of 50, on disk, 32 in flight, records/s'],
    ['append', 'append batches of 50, one at a time, records/s'],
    ['readAll', 'read 500,000 records in order, records/s'],
    ['readRandom', 'read the record at a random offset, records/s'],
  ];
  for (const [name, what] of rows) {
    const { ours, theirs } = await alternate(rounds, { ours: log[name], theirs: level[name] });
    line(what, human(ours ?? 0));
    line(`  ${peer}`, human(theirs ?? 0));
    line('  the log is faster by', `${((ours ?? 0) / (theirs ?? 0)).toFixed(1)} ×`);
  }
}

const parts = { writing, reading, random, index, flushing, opening, recovery, memory, store };
const only = process.argv.slice(2);

console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}; medians of ${rounds} alternating rounds\n`,
);
for (const [name, measure] of Object.entries(parts)) {
  if (only.length > 0 && !only.includes(name)) continue;
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-log-'));
  try {
    await measure(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
