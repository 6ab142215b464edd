import type { Member, TopicPartition } from '../groups.ts';

/** What one member has while an assignment is made. */
interface Holder {
  readonly id: string;
  readonly topics: ReadonlySet<string>;
  /** Topic → numbers of its partitions: those it had before, and those it got just now, which can move for nothing. */
  readonly kept: Map<string, number[]>;
  readonly fresh: Map<string, number[]>;
  count: number;
}

/** One step of a way over which partitions move: `from` gives one of `topic`. */
interface Step {
  readonly from: Holder;
  readonly topic: string;
}

/** Who has what while a sticky assignment is made. */
export class Shares {
  readonly #holders: readonly Holder[];
  readonly #byId: ReadonlyMap<string, Holder>;
  /** By topic, in the order of their ids. */
  readonly #subscribers = new Map<string, Holder[]>();
  readonly #existing: ReadonlyMap<string, ReadonlySet<number>>;

  constructor(members: readonly Member[], topics: readonly (readonly [string, readonly TopicPartition[]])[]) {
    this.#holders = members
      .map(({ id, topics: wanted }) => ({
        id,
        topics: new Set(wanted),
        kept: new Map<string, number[]>(),
        fresh: new Map<string, number[]>(),
        count: 0,
      }))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    this.#byId = new Map(this.#holders.map((holder) => [holder.id, holder]));
    this.#existing = new Map(
      topics.map(([topic, ofTopic]) => [topic, new Set(ofTopic.map(({ partition }) => partition))]),
    );
    for (const [topic] of topics)
      this.#subscribers.set(
        topic,
        this.#holders.filter((holder) => holder.topics.has(topic)),
      );
  }

  subscribersOf(topic: string): number {
    return this.#subscribers.get(topic)?.length ?? 0;
  }

  /** A member goes on having a partition; false when it is gone, or the partition is, or it wants it no more. */
  keep(id: string, topic: string, partition: number): boolean {
    const holder = this.#byId.get(id);
    if (holder?.topics.has(topic) !== true || this.#existing.get(topic)?.has(partition) !== true)
      return false;
    add(holder.kept, topic, partition);
    holder.count += 1;
    return true;
  }

  /** To the subscriber that has least; to nobody when there is none. */
  give(topic: string, partition: number): void {
    let least: Holder | undefined;
    for (const holder of this.#subscribers.get(topic) ?? [])
      if (least === undefined || holder.count < least.count) least = holder;
    if (least === undefined) return;
    add(least.fresh, topic, partition);
    least.count += 1;
  }

  /** Moves partitions until nobody could have more by way of others and one from whom it comes fewer. */
  balance(): void {
    while (this.#improve()) {
      // Once more, from the start: who has most is another now.
    }
  }

  assignment(): Map<string, TopicPartition[]> {
    return new Map(
      this.#holders.map(({ id, kept, fresh }) => [
        id,
        [...kept, ...fresh].flatMap(([topic, numbers]) => numbers.map((partition) => ({ topic, partition }))),
      ]),
    );
  }

  /** Whether something was moved. */
  #improve(): boolean {
    const most = this.#holders.toSorted((one, other) => other.count - one.count);
    const least = most.at(-1)?.count ?? 0;
    // Of whom nothing more than this can be had: whoever can be reached from them has as much, or one less.
    const settled = new Set<Holder>();
    for (const holder of most) {
      if (holder.count < least + 2) return false;
      if (settled.has(holder)) continue;
      const found = this.#wayDown(holder, settled);
      if (found === undefined) continue;
      for (const { from, topic, to } of found) move(from, to, topic);
      return true;
    }
    return false;
  }

  /** The shortest way over which a partition can be passed on from `start` to one that has two fewer. */
  #wayDown(start: Holder, settled: Set<Holder>): (Step & { readonly to: Holder })[] | undefined {
    const reachedBy = new Map<Holder, Step | undefined>([[start, undefined]]);
    const looked = new Set<string>();
    // A map goes on with what is added while it is gone over.
    for (const from of reachedBy.keys()) {
      let best: Holder | undefined;
      for (const topic of topicsOf(from)) {
        if (looked.has(topic)) continue;
        looked.add(topic);
        for (const to of this.#subscribers.get(topic) ?? []) {
          if (reachedBy.has(to)) continue;
          reachedBy.set(to, { from, topic });
          if (to.count <= start.count - 2 && (best === undefined || to.count < best.count)) best = to;
        }
      }
      if (best !== undefined) return wayTo(best, reachedBy);
    }
    for (const holder of reachedBy.keys()) settled.add(holder);
    return undefined;
  }
}

function wayTo(
  end: Holder,
  reachedBy: ReadonlyMap<Holder, Step | undefined>,
): (Step & { readonly to: Holder })[] {
  const way: (Step & { readonly to: Holder })[] = [];
  let to = end;
  for (let step = reachedBy.get(to); step !== undefined; step = reachedBy.get(to)) {
    way.push({ ...step, to });
    to = step.from;
  }
  return way;
}

/** Topics of which it has some, those first that it got just now, then those of which it has most. */
function topicsOf({ kept, fresh }: Holder): string[] {
  const names = [...new Set([...fresh.keys(), ...kept.keys()])];
  const had = (topic: string): number => kept.get(topic)?.length ?? 0;
  return names.sort(
    (one, other) =>
      Number(fresh.has(other)) - Number(fresh.has(one)) || had(other) - had(one) || (one < other ? -1 : 1),
  );
}

/** The last of its partitions, of those it got just now if there is one. */
function move(from: Holder, to: Holder, topic: string): void {
  const source = from.fresh.has(topic) ? from.fresh : from.kept;
  const numbers = source.get(topic) ?? [];
  numbers.sort((a, b) => a - b);
  const partition = numbers.pop();
  if (numbers.length === 0) source.delete(topic);
  if (partition === undefined) return;
  add(to.fresh, topic, partition);
  from.count -= 1;
  to.count += 1;
}

function add(shares: Map<string, number[]>, topic: string, partition: number): void {
  const numbers = shares.get(topic);
  if (numbers === undefined) shares.set(topic, [partition]);
  else numbers.push(partition);
}
