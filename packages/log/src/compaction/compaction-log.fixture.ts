import { crc32c } from '@millrace/record';
import type { TestWorld } from '@millrace/runtime/testing';
import type { Log, LogOptions } from '../log.ts';

export const directory = '/data/log';
export const compacted: LogOptions = { cleanupPolicy: 'compact', segmentBytes: 300, indexIntervalBytes: 0 };

/** `a=1 b=2` appends two records one by one; `a=` is a tombstone. */
export async function append(log: Log, records: string): Promise<void> {
  for (const [key, value] of records.split(' ').map((record) => record.split('='))) {
    await log.append({ key: key ?? '', value: value === '' || value === undefined ? null : value });
  }
}

/** Fills the active segment up, so that all before it may be compacted. */
export async function roll(log: Log): Promise<void> {
  await append(log, `roll=${'.'.repeat(280)} active=1`);
  await log.flush();
}

/** `offset:key=value` of each record. */
export async function contentOf(log: Log, from = 0): Promise<string[]> {
  const content: string[] = [];
  for await (const { offset, key, value } of log.records({ from })) {
    if (String(key) !== 'roll' && String(key) !== 'active')
      content.push(`${offset}:${key?.toString() ?? 'null'}=${value?.toString() ?? ''}`);
  }
  return content;
}

export async function damage(world: TestWorld, name: string, at: number): Promise<void> {
  const path = `${directory}/${name}`;
  const file = await world.files.open(path, 'append');
  const bytes = await file.read(0, await file.size());
  bytes[at] = (bytes[at] as number) ^ 1;
  await file.truncate(0);
  await file.append([bytes]);
  await file.sync();
  await file.close();
}

export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21, batch.length), 17);
  return batch;
}

export function segmentFiles(world: TestWorld): Promise<string[]> {
  return world.files.list(directory).then((names) => names.filter((name) => name.endsWith('.log')));
}
