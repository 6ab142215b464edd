import type { Cluster } from '@millrace/client';
import { createProducer } from '@millrace/producer';
import { bytes, type Compression } from '@millrace/record';
import { type CodedError, hasCode } from '@millrace/runtime';
import { exitCodes } from './exit-code.ts';
import { byteSize, counted, perSecond, seconds } from './figures.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import { splitKey } from './keyed-line.ts';
import { LineSplitter } from './line-splitter.ts';
import type { VerbContext } from './program.ts';
import { showProgress } from './progress.ts';
import { SendWindow } from './send-window.ts';
import { type BrokerOptions, withCluster } from './session.ts';

export interface ProduceOptions extends BrokerOptions {
  readonly keySeparator?: string;
  readonly partition?: number;
  readonly acks: 'none' | 'leader' | 'all';
  readonly compression: Compression;
}

/** Of records handed to the producer and not settled. */
const maxBytesInFlight = 16 * 1024 * 1024;
/** Longer than what brokers take, short enough to hold: a file without newlines is refused, not gathered. */
const maxLineBytes = 16 * 1024 * 1024;
/** How long Ctrl-C waits for the answers to what was sent. */
const lastAnswersMs = 5_000;

/**
 * Writes the values, or else each line of stdin. What was read is sent and waited for, also when it ends early; the
 * summary says how much of it was acknowledged.
 */
export async function produce(
  topic: string,
  values: readonly string[],
  options: ProduceOptions,
  context: VerbContext,
): Promise<number> {
  const interruption = listenForInterruption(context.io);
  try {
    return await withCluster(options, context, async (cluster) => {
      // Also makes the topic where the broker allows it, and tells at once when no broker is there.
      await cluster.partitionsOf(topic, { create: true, signal: interruption.signal });
      return await produceTo(cluster, topic, values, options, context, interruption);
    });
  } finally {
    interruption.ignore();
  }
}
