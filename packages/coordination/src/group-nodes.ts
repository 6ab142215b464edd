import {
  aCount,
  aList,
  aMap,
  anObject,
  aText,
  type Json,
  jsonFormat,
  type NodeFormat,
  optional,
} from './node-format.ts';

/** What lies below `/groups/<group>`: protocols §A, rule 1. */

/** What a member wants: topics by name, or those that match a pattern. */
export type Subscription =
  | { readonly topics: readonly string[] }
  | { readonly pattern: string; readonly flags: string };

/** `members/<memberId>`, ephemeral. It never changes: another subscription is another member. */
export interface MemberNode {
  readonly subscription: Subscription;
  /** How long the member may take to release a partition before another claims it regardless (rule 10). */
  readonly revokeTimeoutMs: number;
}

/** `assignment`: who is to own what. */
export interface AssignmentNode {
  readonly generation: number;
  /** The ids of the topics below, so that a topic made anew under an old name is another. */
  readonly topics: { readonly [name: string]: string };
  /** Member → topic → partitions; every member that was there is named, also one that gets nothing. */
  readonly members: { readonly [memberId: string]: { readonly [topic: string]: readonly number[] } };
  /** Why there is this generation, for people. */
  readonly cause: string;
  /** The member that wrote it. */
  readonly by: string;
  /** When, by the clock of that member, ms since the epoch. */
  readonly at?: number;
  /** The assignments before, the newest last. */
  readonly history?: readonly PastAssignment[];
}

/** What is kept of an assignment, for people. */
export interface PastAssignment {
  readonly generation: number;
  readonly cause: string;
  readonly by: string;
  readonly at?: number;
}

/** `offsets/<topicId>-<partition>`: who owns the partition, and where its next owner starts. */
export interface OffsetNode {
  /** undefined: none. */
  readonly owner?: string;
  readonly generation: number;
  readonly claim: number;
  /** The next record to read; undefined: nothing was ever committed. */
  readonly offset?: number;
  readonly writer: string;
}

export const memberNode: NodeFormat<MemberNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    subscription: aSubscription(json['subscription']),
    revokeTimeoutMs: aCount(json['revokeTimeoutMs'], 'revokeTimeoutMs'),
  };
});

export const assignmentNode: NodeFormat<AssignmentNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    topics: aMap(json['topics'], 'topics', aText),
    members: aMap(json['members'], 'members', (shares, of) =>
      aMap(shares, of, (partitions, what) => aList(partitions, what, aCount)),
    ),
    ...pastAssignment(json, ''),
    ...optional(json, 'history', (history, what) =>
      aList(history, what, (past, place) => pastAssignment(anObject(past, place), `${place}.`)),
    ),
  };
});

export const offsetNode: NodeFormat<OffsetNode> = jsonFormat((value) => {
  const json = anObject(value, 'the value');
  return {
    ...optional(json, 'owner', aText),
    generation: aCount(json['generation'], 'generation'),
    claim: aCount(json['claim'], 'claim'),
    ...optional(json, 'offset', aCount),
    writer: aText(json['writer'], 'writer'),
  };
});

function pastAssignment(json: Json, place: string): PastAssignment {
  return {
    generation: aCount(json['generation'], `${place}generation`),
    cause: aText(json['cause'], `${place}cause`),
    by: aText(json['by'], `${place}by`),
    ...optional(json, 'at', aCount),
  };
}

function aSubscription(value: unknown): Subscription {
  const json: Json = anObject(value, 'subscription');
  if (json['topics'] !== undefined) return { topics: aList(json['topics'], 'subscription.topics', aText) };
  const pattern = aText(json['pattern'], 'subscription.pattern');
  const flags = aText(json['flags'], 'subscription.flags');
  try {
    new RegExp(pattern, flags);
  } catch (cause) {
    throw new TypeError(`subscription.pattern is no pattern: ${String(cause)}`, { cause });
  }
  return { pattern, flags };
}

/** `g` and `y` make a pattern remember where it was, which has no meaning here. */
export function subscriptionTo(topics: readonly string[] | RegExp): Subscription {
  if (topics instanceof RegExp) return { pattern: topics.source, flags: topics.flags.replace(/[gy]/g, '') };
  return { topics: [...new Set(topics)] };
}
