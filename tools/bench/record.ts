// `npx tsx --conditions=@millrace/source tools/bench/record.ts [--json]`: how fast records become bytes and bytes records.
import { BatchBuilder, crc32c, prepareChecksums, recordsIn, verifyBatch } from '@millrace/record';
import { alternate, human } from './rounds.ts';

const rounds = Number(process.env['ROUNDS'] ?? 7);
const seconds = Number(process.env['SECONDS'] ?? 0.4);
const timestamp = 1_700_000_000_000;
const value = Buffer.alloc(200, 'x');
const recordsPerSmallBatch = 50;
const largeBatchBytes = 16 * 1024;

/** Calls `work` until the time is up; it answers how much it did. How much a second. */
function perSecond(work: () => number): number {
  const started = performance.now();
  const end = started + seconds * 1000;
  let done = 0;
  let now = started;
  while (now < end) {
    for (let i = 0; i < 20; i += 1) done += work();
    now = performance.now();
  }
  return done / ((now - started) / 1000);
}

function encode(builder: BatchBuilder, most: number): number {
  let count = 0;
  while (count < most && builder.tryAppend({ key: null, value }, timestamp + count)) count += 1;
  builder.build();
  return count;
}

function decode(batch: Buffer): number {
  let count = 0;
  let bytes = 0;
  for (const record of recordsIn(batch)) {
    count += 1;
    bytes += record.value?.length ?? 0;
  }
  if (bytes !== count * value.length) throw new Error(`${bytes} bytes in ${count} records`);
  return count;
}

function batchOf(most: number, maxBytes: number): Buffer {
  const builder = new BatchBuilder({ maxBytes });
  for (let i = 0; i < most && builder.tryAppend({ key: null, value }, timestamp + i); ) i += 1;
  return builder.build();
}

const small = batchOf(recordsPerSmallBatch, 1024 * 1024);
const large = batchOf(Number.POSITIVE_INFINITY, largeBatchBytes);
const smallBuilder = new BatchBuilder({ maxBytes: 1024 * 1024 });
const largeBuilder = new BatchBuilder({ maxBytes: largeBatchBytes });
const mebibyte = Buffer.alloc(1024 * 1024, 'millrace');

function checksum(size: number): () => number {
  return () =>
    perSecond(() => {
      crc32c(mebibyte, 0, size);
      return size;
    });
}

const checksums = { crc200: checksum(200), crc10k: checksum(10_240), crc1M: checksum(1024 * 1024) };
const tables = await alternate(rounds, checksums);
const { native } = await prepareChecksums();
const figures = await alternate(rounds, {
  encodeSmall: () => perSecond(() => encode(smallBuilder, recordsPerSmallBatch)),
  decodeSmall: () => perSecond(() => decode(small)),
  encodeLarge: () => perSecond(() => encode(largeBuilder, Number.POSITIVE_INFINITY)),
  decodeLarge: () => perSecond(() => decode(large)),
  verifySmall: () => perSecond(() => verifyBatch(small).sizeInBytes),
  ...checksums,
});

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ rounds, seconds, native, tables, ...figures }));
} else {
  const line = (what: string, figure: number | undefined, unit: string, aim = '') =>
    console.log(`${what.padEnd(52)} ${human(figure ?? Number.NaN).padStart(9)}${unit.padEnd(10)} ${aim}`);
  line('encode, 200 bytes, batches of 50', figures['encodeSmall'], ' records/s', 'aim 4 M');
  line('encode, 200 bytes, batches of 16 KiB', figures['encodeLarge'], ' records/s', 'aim 4 M');
  line('decode, 200 bytes, batches of 50', figures['decodeSmall'], ' records/s', 'aim 6 M');
  line('decode, 200 bytes, batches of 16 KiB', figures['decodeLarge'], ' records/s', 'aim 6 M');
  line('verify, batches of 50 × 200 bytes', figures['verifySmall'], 'B/s');
  for (const [name, what] of [
    ['crc200', '200 bytes'],
    ['crc10k', '10 KiB'],
    ['crc1M', '1 MiB'],
  ] as const) {
    line(`crc32c, ${what}, tables`, tables[name], 'B/s');
    line(`crc32c, ${what}, ${native ? 'native' : 'native missing'}`, figures[name], 'B/s');
  }
}
