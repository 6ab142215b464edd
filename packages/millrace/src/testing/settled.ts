import type { Cluster } from '@millrace/client';
import type { GroupOptions, PartitionsOptions } from '@millrace/consumer';
import { describeGroup, type GroupPartition, listGroups, type Registry } from '@millrace/coordination';
import { type Clock, CodedError } from '@millrace/runtime';
import type { AnyConsumer, HandedOut } from '../handed-out.ts';
import { offsetsAt, type TopicPartition } from '../offsets.ts';

/** What can be in flight. */
export interface Watched {
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly handedOut: HandedOut<GroupOptions | PartitionsOptions>;
  readonly clock: Clock;
  /** Lets time pass between two looks. */
  readonly pause: (ms: number) => Promise<void>;
}

/** What there is to read, and what of it is not done, in words. */
interface Look {
  readonly ends: string;
  readonly left: readonly string[];
}

type Ends = ReadonlyMap<string, number>;

const lookEveryMs = 2;

/** Resolves at the second look in a row that finds nothing left to do and nothing new. NOT_SETTLED says what is left. */
export async function settled(watched: Watched, timeoutMs: number): Promise<void> {
  const { clock, handedOut, pause } = watched;
  const deadline = clock.monotonic() + timeoutMs;
  for (let before: Look | undefined; ; ) {
    await handedOut.flush();
    const now = await look(watched);
    if (now.left.length === 0 && before?.left.length === 0 && before.ends === now.ends) return;
    if (clock.monotonic() > deadline) throw notSettled(now.left, timeoutMs);
    before = now;
    await pause(now.left.length === 0 ? 0 : lookEveryMs);
  }
}

function notSettled(left: readonly string[], timeoutMs: number): Error {
  const what = left.length === 0 ? 'records keep coming' : left.join('; ');
  return new CodedError('NOT_SETTLED', `not settled after ${timeoutMs} ms: ${what}`, {
    retriable: true,
    hint: 'a record is done when its reader asks for the next one; close consumers that nobody reads any more',
  });
}

async function look({ cluster, registry, handedOut }: Watched): Promise<Look> {
  const ends = await endsOf(cluster);
  const consumers = [...handedOut.consumers];
  const ofPartitions = consumers.flatMap(([consumer, options]) =>
    'partitions' in options ? leftOfPartitions(consumer, options, ends) : [],
  );
  const own = new Map<string, AnyConsumer[]>();
  for (const [consumer, options] of consumers)
    if ('group' in options) own.set(options.group, [...(own.get(options.group) ?? []), consumer]);
  const groups = new Set([...own.keys(), ...(await listGroups(registry))]);
  const ofGroups = await Promise.all(
    [...groups].map((group) => leftOfGroup(registry, group, own.get(group) ?? [], ends)),
  );
  return { ends: JSON.stringify([...ends]), left: [...ofPartitions, ...ofGroups.flat()] };
}

async function endsOf(cluster: Cluster): Promise<Ends> {
  const topics = [...(await cluster.topics())].sort();
  const counts = await Promise.all(topics.map((topic) => cluster.partitionsOf(topic)));
  const partitions = topics.flatMap((topic, index) =>
    Array.from({ length: counts[index] ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  const found = await offsetsAt(cluster, partitions, 'latest');
  return new Map(found.map((one) => [nameOf(one), one.offset ?? 0]));
}

function leftOfPartitions(
  consumer: AnyConsumer,
  { partitions }: PartitionsOptions,
  ends: Ends,
): readonly string[] {
  const positions = new Map(consumer.positions().map((position) => [nameOf(position), position.offset]));
  return partitions.flatMap((partition) => {
    const left = leftOf(partition, positions.get(nameOf(partition)), ends);
    return left === undefined ? [] : [`a consumer has ${left}`];
  });
}

async function leftOfGroup(
  registry: Registry,
  group: string,
  own: readonly AnyConsumer[],
  ends: Ends,
): Promise<readonly string[]> {
  const { members, isAssigned, partitions } = await describeGroup(registry, group);
  if (members.length === 0 && own.length === 0) return [];
  if (members.length < own.length) return [`${own.length - members.length} of group ${group} not read yet`];
  if (!isAssigned) return [`group ${group} is being assigned`];
  const positions = new Map(
    own.flatMap((consumer) => consumer.positions().map((at) => [nameOf(at), at.offset])),
  );
  return partitions.flatMap((partition) => {
    const left = leftOf(partition, done(partition, positions.get(nameOf(partition))), ends);
    return left === undefined ? [] : [`group ${group} has ${left}`];
  });
}

/** Our own consumers say what is done; of others we know what they committed. */
function done({ committed }: GroupPartition, position: number | undefined): number | undefined {
  return position === undefined ? committed : Math.max(position, committed ?? 0);
}

/** `2 of orders-0 left (3 of 5 done)`. */
function leftOf(partition: TopicPartition, position: number | undefined, ends: Ends): string | undefined {
  const end = ends.get(nameOf(partition)) ?? 0;
  if (position === undefined) return end === 0 ? undefined : `all ${end} of ${nameOf(partition)} left`;
  return position >= end
    ? undefined
    : `${end - position} of ${nameOf(partition)} left (at ${position}, end ${end})`;
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
