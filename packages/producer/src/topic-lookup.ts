import { type Cluster, isRetriable, retryDelayMs } from '@millrace/client';
import { codeOf, type World } from '@millrace/runtime';
import type { ProducerConfig } from './config.ts';
import { deliveryTimedOut, refused } from './errors.ts';

/** A topic that is not there, and that nobody makes, is waited for so long: another may be making it just now. */
const unknownTopicMs = 2_000;

/**
 * How many partitions a topic has, asked until somebody answers or the delivery timeout has passed; a topic that is not
 * there is created where brokers allow it; where not, that is an error two seconds later. Rejects with the last error, or DELIVERY_TIMED_OUT when there was no answer.
 */
export async function lookUpTopic(
  topic: string,
  context: { readonly cluster: Cluster; readonly config: ProducerConfig; readonly world: World },
  signal: AbortSignal,
): Promise<number> {
  const { cluster, config, world } = context;
  const { deliveryTimeoutMs, retryBackoffMs } = config;
  const deadline = world.clock.timeout(deliveryTimeoutMs);
  const either = AbortSignal.any([signal, deadline]);
  const knownBy = world.clock.monotonic() + unknownTopicMs;
  let last: unknown;
  for (let failures = 1; ; failures += 1) {
    try {
      return await cluster.partitionsOf(topic, { create: true, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) last = error;
      const isMissing = codeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' && world.clock.monotonic() >= knownBy;
      if (!deadline.aborted && isRetriable(error) && !isMissing)
        await world.clock
          .sleep(retryDelayMs(failures, retryBackoffMs, world.random), either)
          .catch(() => signal.throwIfAborted());
      else if (last !== undefined) throw refused(last, false, { topic });
    }
    if (!deadline.aborted) continue;
    if (last !== undefined) throw refused(last, false, { topic });
    throw deliveryTimedOut(`nobody described ${topic} within ${deliveryTimeoutMs} ms`, false, { topic });
  }
}
