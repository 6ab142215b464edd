import type { Acknowledged, ClaimTold, MemberEvent, RecordTold } from './rebalance-events.ts';

interface Owner extends ClaimTold {
  readonly member: string;
  readonly at: number;
}

export interface Verdict {
  /** What must never be; empty: all is well. */
  readonly wrong: readonly string[];
  readonly delivered: number;
  /** Delivered again, to whoever took over. */
  readonly repeated: number;
  /** Handed out by an owner after another had claimed: by a member that was stopped, before it learnt of that. */
  readonly late: number;
}

const examples = 10;
/** So long a process that was stopped may take to learn that its session is over. */
const zombieMs = 2_000;

/**
 * What the members of a group told, against the rules of a group: at least once, in order and without a gap for each
 * claim, one owner in a generation, and no claim that begins before the one that it follows. `resumedAt`: when members
 * that had been stopped went on; for a moment from then on they may hand out what another has claimed.
 */
export function check(
  acknowledged: readonly Acknowledged[],
  members: readonly (readonly MemberEvent[])[],
  resumedAt: readonly number[],
): Verdict {
  const events = members.flat();
  const records = events.filter((event) => event.kind === 'record');
  const owners = ownersIn(events);
  const late = handedOutLate(records, owners);
  const distinct = new Set(records.map(({ partition, offset }) => `${partition}@${offset}`));
  const wrong = [
    ...notDelivered(acknowledged, records),
    ...manyOwners(owners),
    ...backwards(owners),
    ...outOfOrder(records, owners),
    ...late.filter(({ at }) => !resumedAt.some((resumed) => at - resumed < zombieMs)).map(({ what }) => what),
  ];
  return {
    wrong: wrong.slice(0, examples),
    delivered: records.length,
    repeated: records.length - distinct.size,
    late: late.length,
  };
}

/** Each claim once, as first told, by partition and count. */
function ownersIn(events: readonly MemberEvent[]): readonly Owner[] {
  const owners = new Map<string, Owner>();
  for (const event of events) {
    if (event.kind !== 'claims') continue;
    for (const claim of event.claims) {
      const name = `${claim.partition} ${claim.claim} ${event.member}`;
      if (!owners.has(name)) owners.set(name, { ...claim, member: event.member, at: event.at });
    }
  }
  return [...owners.values()].sort((a, b) => a.partition - b.partition || a.claim - b.claim);
}

function notDelivered(acknowledged: readonly Acknowledged[], records: readonly RecordTold[]): string[] {
  const values = new Map(records.map(({ partition, offset, value }) => [`${partition}@${offset}`, value]));
  return acknowledged.flatMap(({ partition, offset, value }) => {
    const found = values.get(`${partition}@${offset}`);
    if (found === value) return [];
    return [`${value} was acknowledged at ${partition}@${offset}; delivered there: ${found ?? 'nothing'}`];
  });
}

function manyOwners(owners: readonly Owner[]): string[] {
  const wrong: string[] = [];
  const seen = new Map<string, string>();
  for (const { partition, generation, claim, member } of owners)
    for (const turn of [`generation ${generation}`, `claim ${claim}`]) {
      const other = seen.get(`${partition} ${turn}`);
      if (other !== undefined && other !== member)
        wrong.push(`partition ${partition} had two owners in ${turn}: ${other} and ${member}`);
      seen.set(`${partition} ${turn}`, member);
    }
  return wrong;
}

/** A commit that came too late would have moved the group back. */
function backwards(owners: readonly Owner[]): string[] {
  return owners.flatMap((owner, index) => {
    const before = owners[index - 1];
    if (before?.partition !== owner.partition || owner.start >= before.start) return [];
    return [
      `partition ${owner.partition}: claim ${owner.claim} begins at ${owner.start}, before ${before.start}`,
    ];
  });
}

function outOfOrder(records: readonly RecordTold[], owners: readonly Owner[]): string[] {
  const next = new Map(owners.map((owner) => [nameOf(owner), owner.start]));
  return records.flatMap((record) => {
    const { partition, offset, member } = record;
    const expected = next.get(nameOf(record));
    next.set(nameOf(record), offset + 1);
    if (expected === offset) return [];
    return [
      `${member} was handed ${partition}@${offset} where ${expected ?? 'nothing, without a claim,'} comes next`,
    ];
  });
}

function handedOutLate(
  records: readonly RecordTold[],
  owners: readonly Owner[],
): { readonly at: number; readonly what: string }[] {
  const claimed = new Map(owners.map(({ partition, claim, at }) => [`${partition} ${claim}`, at]));
  return records.flatMap(({ partition, claim, offset, member, at }) => {
    const lateMs = at - (claimed.get(`${partition} ${claim + 1}`) ?? Infinity);
    if (lateMs <= 0) return [];
    const after = `${lateMs.toFixed(1)} ms after another had claimed it`;
    return [{ at, what: `${member} was handed ${partition}@${offset} ${after}` }];
  });
}

function nameOf({ partition, claim, member }: { partition: number; claim: number; member: string }): string {
  return `${partition} ${claim} ${member}`;
}
