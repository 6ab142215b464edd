import type { Cluster } from '@millrace/client';
import { createProducer } from '@millrace/producer';
import type { Compression } from '@millrace/record';
import { cliError } from './errors.ts';
import { exitCodes } from './exit-code.ts';
import { byteSize, counted, perSecond, seconds } from './figures.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import type { Io } from './io.ts';
import { splitKey } from './keyed-line.ts';
import { LineSplitter } from './line-splitter.ts';
import { showProgress } from './progress.ts';
import { type ByteRecord, SendWindow } from './send-window.ts';
import { type BrokerOptions, withCluster } from './session.ts';
import type { VerbContext } from './verb-context.ts';

export interface ProduceOptions extends BrokerOptions {
  readonly keySeparator?: string;
  readonly partition?: number;
  readonly acks: 'none' | 'leader' | 'all';
  readonly compression: Compression;
}

/** Of records handed to the producer and not settled. */
const maxBytesInFlight = 4 * 1024 * 1024;
/** Longer than what brokers take, short enough to hold: a file without newlines is refused, not gathered. */
const maxLineBytes = 16 * 1024 * 1024;
/** How long Ctrl-C waits for the answers to what was sent. */
const lastAnswersMs = 5_000;

/**
 * Writes the values, or else each line of stdin. What was read is sent and waited for, also when it ends early; the
 * summary on stderr says how much of it was acknowledged.
 */
export async function produce(
  topic: string,
  values: readonly string[],
  options: ProduceOptions,
  context: VerbContext,
): Promise<number> {
  const { io } = context;
  const interruption = listenForInterruption(io);
  // Whoever still writes to it learns that nobody reads; neither must it keep the process.
  const leaveInput = (): void => {
    if (values.length === 0) io.stdin.destroy();
  };
  interruption.signal.addEventListener('abort', leaveInput, { once: true });
  try {
    const work = { topic, values, options, io, interruption, leaveInput };
    await withCluster(options, context, (cluster) => produceTo(cluster, work));
  } catch (error) {
    if (interruption.by === undefined) throw error;
  } finally {
    interruption.ignore();
    leaveInput();
  }
  return interruption.by === undefined ? exitCodes.fine : exitCodes.interrupted;
}

interface Work {
  readonly topic: string;
  readonly values: readonly string[];
  readonly options: ProduceOptions;
  readonly io: Io;
  readonly interruption: Interruption;
  readonly leaveInput: () => void;
}

async function produceTo(cluster: Cluster, work: Work): Promise<void> {
  const { options, io, interruption } = work;
  await checkTarget(cluster, work);
  const { acks, compression } = options;
  const producer = createProducer(cluster, { acks, compression }, io.world);
  const window = new SendWindow((record) => producer.send(record), {
    maxBytes: maxBytesInFlight,
    onFailure: work.leaveInput,
  });
  const started = io.world.clock.monotonic();
  const progress = showProgress(io, () => window.sent);
  const inputFailure = await sendInput(window, work).then(
    () => undefined,
    (error: Error) => error,
  );
  await lastAnswers(window, interruption, io);
  progress.end();
  io.stderr.write(summary(window, acks, io.world.clock.monotonic() - started));
  if (interruption.by !== undefined) return;
  const failure = (await window.failure()) ?? inputFailure;
  if (failure !== undefined) throw failure;
  await producer.close();
}

/** Makes the topic where the broker allows it; tells before anything is read when no broker is there. PARTITION_NOT_FOUND. */
async function checkTarget(cluster: Cluster, { topic, options, interruption }: Work): Promise<void> {
  const { partition } = options;
  const count = await cluster.partitionsOf(topic, { create: true, signal: interruption.signal });
  if (partition === undefined || partition < count) return;
  throw cliError('PARTITION_NOT_FOUND', `topic '${topic}' has no partition ${partition}`, {
    hint: `it has ${counted(count, 'partition')}, counted from 0`,
  });
}

/** Ends with the input, with the first failure, or when interrupted; what was read by then is on its way. */
async function sendInput(window: SendWindow, work: Work): Promise<void> {
  const { topic, values, options, io, interruption } = work;
  const { partition, keySeparator } = options;
  const separator = keySeparator === undefined ? undefined : Buffer.from(keySeparator);
  const toRecord = (line: Buffer): ByteRecord => ({
    topic,
    ...splitKey(line, separator),
    ...(partition === undefined ? {} : { partition }),
  });
  if (values.length > 0) {
    window.send(values.map((value) => toRecord(Buffer.from(value))));
    return;
  }
  const isOver = (): boolean => interruption.signal.aborted || window.hasFailed;
  const splitter = new LineSplitter({ maxLineBytes });
  try {
    for await (const chunk of io.stdin as AsyncIterable<Buffer | string>) {
      window.send(splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)).map(toRecord));
      await window.room();
      if (isOver()) return;
    }
  } catch (error) {
    // An input that we left ends with an error of its own.
    if (isOver()) return;
    throw error;
  }
  const last = splitter.end();
  if (last !== undefined && !isOver()) window.send([toRecord(last)]);
}

/** All of them, as long as it takes; after Ctrl-C no longer than a few seconds. */
async function lastAnswers(window: SendWindow, interruption: Interruption, io: Io): Promise<void> {
  const settled = window.settled();
  await Promise.race([settled, aborted(interruption.signal)]);
  if (!interruption.signal.aborted) return;
  const patience = new AbortController();
  const timeUp = io.world.clock.sleep(lastAnswersMs, patience.signal).catch(() => {});
  await Promise.race([settled, timeUp]);
  patience.abort();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function summary(window: SendWindow, acks: ProduceOptions['acks'], ms: number): string {
  const { records, bytes } = window.sent;
  const rate = `${perSecond(records, ms)} records/s`;
  const fate =
    acks === 'none'
      ? 'none acknowledged (acks none)'
      : window.acknowledged === records
        ? 'all acknowledged'
        : `${window.acknowledged} acknowledged`;
  return `${counted(records, 'record')} (${byteSize(bytes)}) in ${seconds(ms)}, ${rate}, ${fate}\n`;
}
