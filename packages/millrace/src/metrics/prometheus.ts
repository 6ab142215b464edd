import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Broker,
  type RequestEvent,
  type RequestStart,
  requestChannelName,
  requestStartChannelName,
} from '@millrace/broker';
import type { Cluster } from '@millrace/client';
import { describeGroup, listGroups, type Registry } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import type { Registry as PrometheusRegistry } from 'prom-client';
import { classicGroups } from '../cli/classic-groups.ts';
import { openClusterTo } from '../open-cluster-to.ts';
import { recordsBehind } from '../records-behind.ts';
import { metrics } from './definitions.ts';
import { RequestCounts } from './request-counts.ts';

type Prometheus = typeof import('prom-client');
type Names<Kind> = {
  [Name in keyof typeof metrics]: (typeof metrics)[Name]['kind'] extends Kind ? Name : never;
}[keyof typeof metrics];

/** What a broker does, for Prometheus to fetch. */
export interface Metrics {
  readonly contentType: string;
  /** As `text`, for programs that would have to take it apart again. */
  json(): Promise<object[]>;
  /** All metrics as they are now: what changes by itself is looked at for this. */
  text(): Promise<string>;
  close(): Promise<void>;
}

export interface MetricsOptions {
  /** Whose disk is told of. */
  readonly directory?: string;
  /** Where the metrics are put, beside those of the program. Default: one of their own, with the metrics of the process. */
  readonly register?: PrometheusRegistry;
}

/** How long the ends of a group's partitions may take to be known. */
const lookMs = 2_000;

/** Counts from when it is called on; loads prom-client. Before the broker stops, the caller closes it. */
export async function prometheusMetrics(
  broker: Broker,
  { directory, register: given }: MetricsOptions = {},
  world: World = nodeWorld,
): Promise<Metrics> {
  const prometheus = await import('prom-client');
  const register = given ?? new prometheus.Registry();
  if (given === undefined) prometheus.collectDefaultMetrics({ register });
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
  const inFlight = made.gauge('millrace_requests_in_flight');
  const asked = new Set<object>();
  const hearStart = (event: unknown): void => {
    const { nodeId, api, request } = event as RequestStart;
    if (nodeId !== broker.nodeId) return;
    asked.add(request);
    inFlight.inc({ api });
  };
  const hear = (event: unknown): void => {
    const { nodeId, api, request } = event as RequestEvent;
    if (nodeId !== broker.nodeId) return;
    counts.add(event as RequestEvent);
    // One that had come before anybody counted was never added.
    if (asked.delete(request)) inFlight.dec({ api });
  };
  subscribe(requestStartChannelName, hearStart);
  subscribe(requestChannelName, hear);
  const cluster = openClusterTo(broker, {}, world);
  const registry = await broker.registry();
  /** What cannot be looked at is missing; what was counted is told all the same. */
  const look = async (): Promise<void> => {
    const connections = made.gauge('millrace_connections');
    for (const [listener, count] of Object.entries(broker.connections()))
      connections.set({ listener }, count);
    const memory = made.gauge('millrace_connection_memory_bytes');
    for (const [kind, bytes] of Object.entries(broker.connectionMemory())) memory.set({ kind }, bytes);
    const looks = [
      lookAt(broker, cluster, registry, made, world),
      ...(directory === undefined ? [] : [lookAtDisk(directory, made, world)]),
    ];
    for (const looked of await Promise.allSettled(looks))
      if (looked.status === 'rejected')
        world.logger.warn({ error: looked.reason }, 'a part of the metrics could not be looked at');
  };
  return {
    contentType: register.contentType,
    json: async () => {
      await look();
      return register.getMetricsAsJSON();
    },
    text: async () => {
      await look();
      return register.metrics();
    },
    close: async () => {
      unsubscribe(requestStartChannelName, hearStart);
      unsubscribe(requestChannelName, hear);
      if (given === undefined) register.clear();
      else for (const name of Object.keys(metrics)) register.removeSingleMetric(name);
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
      // A group of which it cannot be told is left out, and the others are told.
      const behind = await recordsBehind(cluster, partitions, signal);
      if (behind !== undefined) lag.set({ group, kind }, behind);
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
