import type { Look } from './top-look.ts';

/** What happened between two looks, by the second. */
export interface Change {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: number;
    readonly records: number | undefined;
    readonly inPerSecond: number | undefined;
  }[];
  readonly groups: readonly {
    readonly group: string;
    readonly kind: string;
    readonly members: number;
    readonly donePerSecond: number;
    readonly lag: number | undefined;
  }[];
  readonly process:
    | {
        /** Of one core: 1 is all of it. */
        readonly cpu: number;
        readonly residentBytes: number;
        readonly eventLoopDelayMs: number;
        readonly diskFreeBytes: number | undefined;
        readonly connections: number;
        readonly inFlight: { readonly [api: string]: number };
        readonly requestsPerSecond: number;
        readonly bytesInPerSecond: number;
        readonly bytesOutPerSecond: number;
      }
    | undefined;
}

/** Those that do most come first. What was made anew between the looks counts from nothing. */
export function changeBetween(before: Look, now: Look): Change {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000);
  const rate = (from: number | undefined, to: number): number =>
    Math.round(Math.max(0, to - (from ?? 0)) / seconds);
  const topics = now.topics.map(({ topic, partitions, end, records }) => {
    const known = before.topics.find((one) => one.topic === topic);
    return {
      topic,
      partitions,
      records,
      inPerSecond:
        end === undefined || (known !== undefined && known.end === undefined)
          ? undefined
          : rate(known?.end, end),
    };
  });
  const groups = now.groups.map(({ group, kind, members, done, lag }) => {
    const known = before.groups.find((one) => one.group === group && one.kind === kind);
    return { group, kind, members, lag, donePerSecond: known === undefined ? 0 : rate(known.done, done) };
  });
  return {
    topics: topics.sort(
      (one, other) => (other.inPerSecond ?? 0) - (one.inPerSecond ?? 0) || (one.topic < other.topic ? -1 : 1),
    ),
    groups: groups.sort(
      (one, other) => (other.lag ?? 0) - (one.lag ?? 0) || (one.group < other.group ? -1 : 1),
    ),
    process: processChange(before, now, seconds, rate),
  };
}

function processChange(
  before: Look,
  now: Look,
  seconds: number,
  rate: (from: number | undefined, to: number) => number,
): Change['process'] {
  if (now.process === undefined) return undefined;
  const { cpuSeconds, requests, bytesIn, bytesOut, ...asItIs } = now.process;
  // A broker that was started again counts from nothing.
  const known =
    before.process !== undefined && before.process.cpuSeconds <= cpuSeconds ? before.process : undefined;
  return {
    ...asItIs,
    cpu: known === undefined ? 0 : (cpuSeconds - known.cpuSeconds) / seconds,
    requestsPerSecond: known === undefined ? 0 : rate(known.requests, requests),
    bytesInPerSecond: known === undefined ? 0 : rate(known.bytesIn, bytesIn),
    bytesOutPerSecond: known === undefined ? 0 : rate(known.bytesOut, bytesOut),
  };
}
