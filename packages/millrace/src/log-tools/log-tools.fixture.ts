import { join } from 'node:path';
import { type LogOptions, openLogDirectory } from '@millrace/log';
import { batchOf } from '@millrace/log/testing';
import type { World } from '@millrace/runtime';

/** Each record's value names its log and offset. */
export async function writeLogs(
  directory: string,
  logs: { readonly [name: string]: number },
  world: World,
  options: LogOptions = { segmentBytes: 2000 },
): Promise<void> {
  const opened = await openLogDirectory(directory, options, world);
  for (const [name, records] of Object.entries(logs)) {
    const log = await opened.open(name, { identity: `id of ${name}` });
    for (let n = 0; n < records; n++) {
      const producer = { producerId: 9, producerEpoch: 0, baseSequence: n };
      const batch = batchOf([`${name} ${n}`.padEnd(40, '.')], { producer, timestamp: 1000 + n });
      await log.appendBatches(batch, { leaderEpoch: n >> 4 });
    }
  }
  await opened.close();
}

/** All values of all logs. */
export async function readLogs(directory: string, world: World): Promise<Record<string, string[]>> {
  const opened = await openLogDirectory(directory, {}, world);
  const found: Record<string, string[]> = {};
  for (const name of await opened.names()) {
    const log = await opened.open(name, { identity: `id of ${name}` });
    const values: string[] = [];
    for await (const { value } of log.records()) values.push(String(value));
    found[name] = values;
  }
  await opened.close();
  return found;
}

export async function readFile(path: string, { files }: World): Promise<Buffer> {
  const file = await files.open(path, 'read');
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

export async function writeFile(path: string, bytes: Buffer, { files }: World): Promise<void> {
  const file = await files.open(path, 'create');
  await file.append([bytes]);
  await file.close();
}

/** Every file below a directory, by path, without locks. */
export async function treeOf(directory: string, world: World): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await world.files.list(directory)) {
    const path = join(directory, name);
    if (name === '.lock') continue;
    try {
      for (const [below, bytes] of await treeOf(path, world)) found.set(below, bytes);
    } catch {
      found.set(path, await readFile(path, world));
    }
  }
  return found;
}
