import { type Cluster, isRetriable } from '@millrace/client';
import type { Assignor, JoinOptions, TopicPartition } from '@millrace/coordination';
import { apiError, type ErrorCode, errorCodes, type RequestOf, type ResponseOf } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { readAssignment, writeSubscription } from './consumer-protocol.ts';
import type { CoordinatorLink } from './coordinator-link.ts';
import type { Share } from './generation.ts';
import { partitionCounts, type TopicView, wantedTopics } from './group-topics.ts';
import type { Identity } from './heartbeat.ts';
import { assignmentsOf, readMembers, topicsOfAll } from './leadership.ts';

type Joined = ResponseOf<'joinGroup'>;
type Assignments = RequestOf<'syncGroup'>['assignments'];

export interface AdmissionOptions extends Pick<JoinOptions, 'group' | 'topics'> {
  readonly revokeTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** By the names under which they are offered. */
  readonly assignors: ReadonlyMap<string, Assignor>;
}

/** A member's part in one generation of its group. */
export interface Entered {
  readonly identity: Identity;
  readonly assigned: readonly TopicPartition[];
  /** What the leader shared out. */
  readonly view: TopicView;
  readonly leads: boolean;
  /** When the question was sent whose answer made it a member, on the monotonic clock. */
  readonly askedAt: number;
}

const protocolType = 'consumer';
/** The group goes on: who joins again is part of it. */
const joinAgain: ReadonlySet<ErrorCode> = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

/** How a member comes into its group: joins, says who gets what if it leads, learns what it is given itself. */
export class Admission {
  /** Before it was given back: assignors that spare moves want to know. */
  had: readonly TopicPartition[] = [];
  readonly #cluster: Cluster;
  readonly #link: CoordinatorLink;
  readonly #options: AdmissionOptions;
  readonly #world: World;
  readonly #leaving: AbortSignal;
  #memberId = '';
  /** What the coordinator was told last. */
  #wanted: readonly string[] = [];
  /** In a row. */
  #failures = 0;

  /** Tries until `leaving` aborts. */
  constructor(
    cluster: Cluster,
    link: CoordinatorLink,
    options: AdmissionOptions,
    world: World,
    leaving: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#link = link;
    this.#options = options;
    this.#world = world;
    this.#leaving = leaving;
  }

  /** Empty while the coordinator has given none, or has forgotten it. */
  get memberId(): string {
    return this.#memberId;
  }

  /** The next `enter` comes as a new member. */
  forgotten(): void {
    this.#memberId = '';
  }

  /** Asks once, so that the caller hears what is wrong. All brokers since 2.2 answer with an id to join with (KIP-394). */
  async knock(): Promise<void> {
    const answer = await this.#askToJoin();
    if (answer.error !== 'MEMBER_ID_REQUIRED') throw this.#refusal(answer.error);
    this.#memberId = answer.memberId;
  }

  /** Resolves with what the member is given. Rejects with what no other attempt changes, and when the member leaves. */
  async enter(): Promise<Entered> {
    for (;;) {
      this.#leaving.throwIfAborted();
      try {
        const joined = await this.#askToJoin();
        const entered = joined.error === 'NONE' ? await this.#sync(joined) : joined;
        if ('assigned' in entered) {
          this.#failures = 0;
          return entered;
        }
        if (this.#mayAskAtOnce(entered)) continue;
      } catch (error) {
        if (!isRetriable(error)) throw error;
      }
      this.#failures += 1;
      await this.#link.pause(this.#failures, this.#leaving);
    }
  }

  /** What the group has committed of these; undefined when `ends` aborts before anybody could say. */
  async committed(assigned: readonly TopicPartition[], ends: AbortSignal): Promise<Share[] | undefined> {
    if (assigned.length === 0) return [];
    const groups = [{ groupId: this.#options.group, partitions: [...assigned] }];
    for (let failures = 1; !ends.aborted; failures += 1) {
      try {
        const { groups: answers } = await this.#link.call('offsetFetch', { groups, requireStable: true });
        const answered = answers[0]?.partitions ?? [];
        const error = [answers[0], ...answered].find((one) => one?.error !== 'NONE')?.error;
        if (error === undefined) return sharesOf(assigned, answered);
        if (!errorCodes[error].retriable) throw this.#refusal(error);
      } catch (error) {
        if (!isRetriable(error)) throw error;
      }
      await this.#link.pause(failures, ends).catch(() => {});
    }
    return undefined;
  }

  /** What this member wants now, and how many partitions these topics have. */
  async look(topics: readonly string[], signal: AbortSignal): Promise<TopicView> {
    const wanted = await wantedTopics(this.#cluster, this.#options.topics, signal);
    return { wanted, counts: await partitionCounts(this.#cluster, topics, signal) };
  }

  async #askToJoin(): Promise<Joined> {
    const { group, sessionTimeoutMs, revokeTimeoutMs, assignors, topics } = this.#options;
    this.#wanted = await wantedTopics(this.#cluster, topics, this.#leaving);
    const metadata = writeSubscription({ topics: this.#wanted, owned: this.had });
    return this.#link.call('joinGroup', {
      groupId: group,
      memberId: this.#memberId,
      protocolType,
      protocols: [...assignors.keys()].map((name) => ({ name, metadata })),
      sessionTimeoutMs,
      // What is in hand has its time, and its commit has some, too.
      rebalanceTimeoutMs: revokeTimeoutMs + sessionTimeoutMs,
      takesMemberId: true,
    });
  }

  async #sync(joined: Joined): Promise<Entered | { readonly error: ErrorCode }> {
    this.#memberId = joined.memberId;
    const { group: groupId } = this.#options;
    const identity = { groupId, memberId: joined.memberId, generation: joined.generation ?? 0 };
    const leads = joined.leader === joined.memberId;
    const nothing = { assignments: [], view: { wanted: this.#wanted, counts: new Map<string, number>() } };
    const { assignments, view } = leads ? await this.#assignAll(joined) : nothing;
    const { protocolName } = joined;
    const askedAt = this.#world.clock.monotonic();
    const answer = await this.#link.call('syncGroup', {
      ...identity,
      protocolType,
      ...(protocolName === undefined ? {} : { protocolName }),
      assignments,
    });
    if (answer.error !== 'NONE') return answer;
    return { identity, assigned: readAssignment(answer.assignment), view, leads, askedAt };
  }

  /** The leader's part. */
  async #assignAll(joined: Joined): Promise<{ assignments: Assignments; view: TopicView }> {
    const members = readMembers(joined, this.#world);
    const counts = await partitionCounts(this.#cluster, topicsOfAll(members), this.#leaving);
    const assignor = this.#options.assignors.get(joined.protocolName ?? '');
    if (assignor === undefined) throw this.#refusal('INCONSISTENT_GROUP_PROTOCOL');
    return {
      assignments: assignmentsOf(members, counts, assignor),
      view: { wanted: this.#wanted, counts },
    };
  }

  /** Whether there is no need to wait before the next attempt. Throws what none changes. */
  #mayAskAtOnce({ error, memberId }: { readonly error: ErrorCode; readonly memberId?: string }): boolean {
    if (error === 'MEMBER_ID_REQUIRED') this.#memberId = memberId ?? '';
    else if (error === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
    else if (!errorCodes[error].retriable && !joinAgain.has(error)) throw this.#refusal(error);
    return error === 'MEMBER_ID_REQUIRED';
  }

  #refusal(error: ErrorCode): Error {
    const { group, assignors } = this.#options;
    const code = error === 'NONE' ? 'UNKNOWN_SERVER_ERROR' : error;
    const message = `the group ${group} does not take this member: ${errorCodes[code].meaning}`;
    if (error !== 'INCONSISTENT_GROUP_PROTOCOL') return apiError(code, message);
    const offered = [...assignors.keys()].join(', ');
    return apiError(code, message, {
      hint: `it offers the assignors ${offered}, and its group knows none of them; or the name belongs to a group of another kind`,
    });
  }
}

function sharesOf(
  assigned: readonly TopicPartition[],
  answered: ResponseOf<'offsetFetch'>['groups'][number]['partitions'],
): Share[] {
  const offsets = new Map(answered.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
  return assigned.map(({ topic, partition }) => ({
    topic,
    partition,
    offset: offsets.get(`${topic}-${partition}`),
  }));
}
