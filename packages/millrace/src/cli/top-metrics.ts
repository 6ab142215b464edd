import type { metrics } from '../metrics/definitions.ts';

/** A broker's process, as its metrics tell. Totals grow; the rest is as it is at this moment. */
export interface ProcessFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** The slowest turn in a hundred since somebody last asked, ms. */
  readonly eventLoopDelayMs: number;
  readonly diskFreeBytes: number | undefined;
  readonly connections: number;
  /** Questions without an answer yet, by API. */
  readonly inFlight: { readonly [api: string]: number };
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface JsonMetric {
  readonly name: string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: { readonly [name: string]: string };
  }[];
}

/** What Node's histogram counts in: a loop that is never late shows this. */
const samplingMs = 10;

/** From `/metrics.json` at an address; undefined when nobody tells them there. */
export async function processFigures(
  address: string,
  signal: AbortSignal,
): Promise<ProcessFigures | undefined> {
  try {
    const answer = await fetch(`http://${address}/metrics.json`, { signal });
    return answer.ok ? figuresIn((await answer.json()) as JsonMetric[]) : undefined;
  } catch {
    return undefined;
  }
}

function figuresIn(told: readonly JsonMetric[]): ProcessFigures {
  const valuesOf = (name: string) => told.find((metric) => metric.name === name)?.values ?? [];
  const sum = (name: string): number => valuesOf(name).reduce((total, { value }) => total + value, 0);
  const own = (name: keyof typeof metrics): string => name;
  const inFlight = valuesOf(own('millrace_requests_in_flight')).filter(({ value }) => value > 0);
  return {
    cpuSeconds: sum('process_cpu_seconds_total'),
    residentBytes: sum('process_resident_memory_bytes'),
    eventLoopDelayMs: Math.max(0, sum('nodejs_eventloop_lag_p99_seconds') * 1000 - samplingMs),
    diskFreeBytes: valuesOf(own('millrace_disk_free_bytes'))[0]?.value,
    connections: sum(own('millrace_connections')),
    inFlight: Object.fromEntries(inFlight.map(({ labels, value }) => [labels['api'] ?? '', value])),
    requests: sum(own('millrace_requests_total')),
    bytesIn: sum(own('millrace_bytes_in_total')),
    bytesOut: sum(own('millrace_bytes_out_total')),
  };
}
