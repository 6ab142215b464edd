import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Broker, type RequestEvent, requestChannelName } from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import { describeGroup, listGroups, type Registry } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import type { Registry as PrometheusRegistry } from 'prom-client';
import { classicGroups } from '../cli/classic-groups.ts';
import { offsetsAt } from '../offsets.ts';
import { openClusterTo } from '../open-cluster-to.ts';
import { metrics } from './definitions.ts';
import { RequestCounts } from './request-counts.ts';

type Prometheus = typeof import('prom-client');
type Names<Kind> = {
  [Name in keyof typeof metrics]: (typeof metrics)[Name]['kind'] extends Kind ? Name : never;
}[keyof typeof metrics];

/** What a broker does, for Prometheus to fetch. */
export interface Metrics {
  readonly contentType: string;
  /** All metrics as they are now: what changes by itself is looked at for this. */
  text(): Promise<string>;
  close(): Promise<void>;
}

export interface MetricsOptions {
  /** Whose disk is told of. */
  readonly directory?: string;
}

/** How long the ends of a group's partitions may take to be known. */
const lookMs = 2_000;

/** From when it is called on; loads prom-client. */
export async function prometheusMetrics(
  broker: Broker,
  { directory }: MetricsOptions,
  world: World,
): Promise<Metrics> {
  const prometheus = await import('prom-client');
  const register = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register });
  const made = makeMetrics(prometheus, register);
  const counts = new RequestCounts({
    request: (api, listener, outcome, seconds) => {
      made.counter('millrace_requests_total').inc({ api, listener, outcome });
      made.histogram('millrace_request_seconds').observe({ api }, seconds);
    },
    recordsIn: (topic, records, bytes) => {
      made.counter('millrace_records_in_total').inc({ topic }, records);
      made.counter('millrace_bytes_in_total').inc({ topic }, bytes);
    },
    bytesOut: (topic, bytes) => made.counter('millrace_bytes_out_total').inc({ topic }, bytes),
    refused: (api, error) => made.counter('millrace_refused_total').inc({ api, error }),
  });
  const hear = (event: unknown): void => {
    if ((event as RequestEvent).nodeId === broker.nodeId) counts.add(event as RequestEvent);
  };
  subscribe(requestChannelName, hear);
  const cluster = openClusterTo(broker, {}, world);
  const registry = await broker.registry();
  return {
    contentType: register.contentType,
    text: async () => {
      // What cannot be looked at is missing; what was counted is told all the same.
      const looks = [
        lookAt(broker, cluster, registry, made, world),
        ...(directory === undefined ? [] : [lookAtDisk(directory, made, world)]),
      ];
      for (const look of await Promise.allSettled(looks))
        if (look.status === 'rejected')
          world.logger.warn({ error: look.reason }, 'a part of the metrics could not be looked at');
      return register.metrics();
    },
    close: async () => {
      unsubscribe(requestChannelName, hear);
      register.clear();
      await cluster.close();
      await registry.close();
    },
  };
}

async function lookAtDisk(directory: string, made: Made, { host }: World): Promise<void> {
  made.gauge('millrace_disk_free_bytes').set(await host.freeBytes(directory));
}

/** What nobody tells of when it changes. */
async function lookAt(
  broker: Broker,
  cluster: Cluster,
  registry: Registry,
  made: Made,
  { clock }: World,
): Promise<void> {
  const { brokers, controllerId, topics } = await cluster.call('metadata', {});
  const partitions = topics.flatMap((topic) => topic.partitions);
  made.gauge('millrace_brokers').set(brokers.length);
  const state = made.gauge('millrace_partitions');
  state.set({ state: 'led' }, partitions.filter(({ leader }) => leader === broker.nodeId).length);
  state.set({ state: 'offline' }, partitions.filter(({ leader }) => leader === undefined).length);
  const lag = made.gauge('millrace_group_lag_records');
  lag.reset();
  if (controllerId !== broker.nodeId) return;
  const own = await Promise.all((await listGroups(registry)).map((name) => describeGroup(registry, name)));
  const groups = [
    ...own.map((group) => ({ ...group, kind: 'millrace' })),
    ...(await classicGroups(cluster)).map((group) => ({ ...group, kind: 'classic' })),
  ];
  const signal = clock.timeout(lookMs);
  await Promise.all(
    groups.map(async ({ group, kind, partitions }) => {
      // Of a partition without a leader nobody knows the end: its group is left out, and the others are told.
      const bounds = await Promise.all([
        offsetsAt(cluster, partitions, 'earliest', signal),
        offsetsAt(cluster, partitions, 'latest', signal),
      ]).catch(() => undefined);
      if (bounds === undefined) return;
      const [starts, ends] = bounds;
      const behind = partitions.map(({ committed }, at) => {
        const start = starts[at]?.offset ?? 0;
        return Math.max(0, (ends[at]?.offset ?? 0) - Math.max(start, committed ?? start));
      });
      lag.set(
        { group, kind },
        behind.reduce((sum, one) => sum + one, 0),
      );
    }),
  );
}

type Made = ReturnType<typeof makeMetrics>;

function makeMetrics({ Counter, Gauge, Histogram }: Prometheus, register: PrometheusRegistry) {
  const made = Object.entries(metrics).map(([name, { kind, help, labels }]) => {
    const options = { name, help, labelNames: [...labels], registers: [register] };
    if (kind === 'counter') return [name, new Counter<string>(options)] as const;
    if (kind === 'gauge') return [name, new Gauge<string>(options)] as const;
    // A millisecond to ten seconds: a fetch may wait for half a second, a join for a minute.
    const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    return [name, new Histogram<string>({ ...options, buckets })] as const;
  });
  const byName = new Map<string, unknown>(made);
  return {
    counter: (name: Names<'counter'>) => byName.get(name) as InstanceType<typeof Counter<string>>,
    gauge: (name: Names<'gauge'>) => byName.get(name) as InstanceType<typeof Gauge<string>>,
    histogram: (name: Names<'histogram'>) => byName.get(name) as InstanceType<typeof Histogram<string>>,
  };
}
