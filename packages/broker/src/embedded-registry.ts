import { type MemoryRegistry, memoryRegistry } from '@millrace/coordination';
import type { Log, LogDirectory } from '@millrace/log';
import type { World } from '@millrace/runtime';
import { brokerError } from './errors.ts';
import { LogJournal } from './registry-journal.ts';

/** The registry's own logs lie beside those of the partitions; theirs end in `-<partition>`, so the names never meet. */
const logName = /^__registry\.(\d+)$/;
/** A snapshot of a large cluster is one record. */
const logOptions = { maxBatchBytes: 256 * 1024 * 1024 };
/** When the history is longer than this at start, a snapshot takes its place. */
const maxHistoryBytes = 1024 * 1024;

export interface EmbeddedRegistry extends MemoryRegistry {
  /** Before the broker stops: changes that wait for room on a full disk fail, and nothing waits any more. */
  stopWaiting(): void;
}

/**
 * A registry in this process, made durable through our own log: each change is a record, flushed before anyone sees it
 * (changes that arrive while a flush runs share the next). What lies in the log at start is the history. When that has
 * grown, a fresh log begins with a snapshot as its first record, which stands for all before; the old log goes once the
 * new one is durable, so a crash at any point leaves one that is complete.
 */
export async function openEmbeddedRegistry(logs: LogDirectory, world: World): Promise<EmbeddedRegistry> {
  const { generation, log, history } = await newestLog(logs);
  if (log.sizeInBytes <= maxHistoryBytes || history.length <= 1) return registryOver(log, history, world);

  const snapshot = replay(world, history).snapshot();
  const fresh = await logs.open(nameOf(generation + 1), logOptions);
  await fresh.append({ value: snapshot });
  await fresh.flush();
  await logs.delete(nameOf(generation));
  return registryOver(fresh, [snapshot], world);
}

function registryOver(log: Log, history: readonly Uint8Array[], world: World): EmbeddedRegistry {
  const journal = new LogJournal(log, world);
  return { ...replay(world, history, journal), stopWaiting: () => journal.stopWaiting() };
}

/** The log of the greatest generation that holds anything; what a crash left of others is deleted. */
async function newestLog(
  logs: LogDirectory,
): Promise<{ generation: number; log: Log; history: Uint8Array[] }> {
  const generations = (await logs.names())
    .flatMap((name) => logName.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => right - left);
  for (const [place, generation] of generations.entries()) {
    const log = await logs.open(nameOf(generation), logOptions);
    const isLast = place === generations.length - 1;
    if (log.endOffset === 0 && !isLast) {
      await logs.delete(nameOf(generation));
      continue;
    }
    for (const older of generations.slice(place + 1)) await logs.delete(nameOf(older));
    return { generation, log, history: await readAll(log) };
  }
  return { generation: 1, log: await logs.open(nameOf(1), logOptions), history: [] };
}

async function readAll(log: Log): Promise<Uint8Array[]> {
  const history: Uint8Array[] = [];
  try {
    for await (const { value } of log.records()) history.push(new Uint8Array(value ?? []));
  } catch (error) {
    throw damaged(error);
  }
  return history;
}

function replay(world: World, history: readonly Uint8Array[], journal?: LogJournal): MemoryRegistry {
  try {
    return memoryRegistry(world, journal === undefined ? { history } : { history, journal });
  } catch (error) {
    throw damaged(error);
  }
}

function damaged(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return brokerError('REGISTRY_DAMAGED', `the embedded registry cannot be read: ${message}`, {
    cause,
    hint: 'nothing was changed; the logs of the partitions are not affected',
  });
}

function nameOf(generation: number): string {
  return `__registry.${generation}`;
}
