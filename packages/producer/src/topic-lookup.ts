import { type Cluster, isRetriable, retryDelayMs } from '@millrace/client';
import type { World } from '@millrace/runtime';
import type { ProducerConfig } from './config.ts';

/**
 * How many partitions a topic has, asked until somebody answers or the delivery timeout has passed; a topic that is not
 * there is created where brokers allow it. Rejects with the last error.
 */
export async function lookUpTopic(
  topic: string,
  context: { readonly cluster: Cluster; readonly config: ProducerConfig; readonly world: World },
  signal: AbortSignal,
): Promise<number> {
  const { cluster, config, world } = context;
  const deadline = world.clock.monotonic() + config.deliveryTimeoutMs;
  for (let failures = 0; ; failures += 1) {
    try {
      return await cluster.partitionsOf(topic, { create: true, signal });
    } catch (error) {
      if (signal.aborted || !isRetriable(error) || world.clock.monotonic() >= deadline) throw error;
      await world.clock.sleep(retryDelayMs(failures + 1, config.retryBackoffMs, world.random), signal);
    }
  }
}
