import { type Cluster, isRetriable, retryDelayMs } from '@millrace/client';
import type { World } from '@millrace/runtime';
import type { ProducerConfig } from './config.ts';
import { deliveryTimedOut, refused } from './errors.ts';

/**
 * How many partitions a topic has, asked until somebody answers or the delivery timeout has passed; a topic that is not
 * there is created where brokers allow it. Rejects with the last error, or DELIVERY_TIMED_OUT when there was no answer.
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
  let last: unknown;
  for (let failures = 1; ; failures += 1) {
    try {
      return await cluster.partitionsOf(topic, { create: true, signal: either });
    } catch (error) {
      signal.throwIfAborted();
      if (!deadline.aborted) last = error;
      if (!deadline.aborted && isRetriable(error))
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
