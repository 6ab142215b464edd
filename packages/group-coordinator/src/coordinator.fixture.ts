import type { CallContext, RequestOf, ResponseOf } from '@millrace/protocol';
import { apiError } from '@millrace/protocol';
import { type TestWorld, testWorld } from '@millrace/runtime/testing';
import { type GroupCoordinator, groupCoordinator } from './group-coordinator.ts';
import type { GroupNames } from './group-names.ts';
import type { GroupLimits } from './limits.ts';
import { memoryOffsetStore } from './memory-offset-store.ts';
import type { GroupPlace, OffsetStore } from './offset-store.ts';

type Join = RequestOf<'joinGroup'>;
export type Joined = ResponseOf<'joinGroup'>;

/** A coordinator on a manual clock, over a store that outlives it and can fail. */
export class Coordinated {
  readonly world: TestWorld = testWorld();
  readonly store = new UnsteadyStore();
  /** What was claimed and not released: names that are shared with nobody in these tests. */
  readonly names = new Set<string>();
  readonly #limits: Partial<GroupLimits>;
  coordinator: GroupCoordinator;

  constructor(limits: Partial<GroupLimits> = {}) {
    this.#limits = limits;
    this.coordinator = this.#make();
  }

  get api(): GroupCoordinator['api'] {
    return this.coordinator.api;
  }

  /** Another process over the same log. */
  restart(): void {
    this.coordinator.close();
    this.store.place = { ...this.store.place, leaderEpoch: this.store.place.leaderEpoch + 1 };
    this.coordinator = this.#make();
  }

  /** Asks to join; the answer comes when the group says so. */
  join(request: Partial<Join> = {}, context = contextOf()): Promise<Joined> {
    return this.api.joinGroup(
      {
        groupId: 'g',
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 30_000,
        ...request,
      },
      context,
    );
  }

  sync(
    { memberId, generation = 0 }: Pick<Joined, 'memberId' | 'generation'>,
    shares: { readonly [memberId: string]: string } = {},
    more: Partial<RequestOf<'syncGroup'>> = {},
  ): Promise<ResponseOf<'syncGroup'>> {
    const assignments = Object.entries(shares).map(([id, share]) => ({
      memberId: id,
      assignment: Buffer.from(share),
    }));
    return this.api.syncGroup({ groupId: 'g', memberId, generation, assignments, ...more }, contextOf());
  }

  heartbeat(
    { memberId, generation = 0 }: Pick<Joined, 'memberId' | 'generation'>,
    groupInstanceId?: string,
  ): Promise<ResponseOf<'heartbeat'>> {
    const instance = groupInstanceId === undefined ? {} : { groupInstanceId };
    return this.api.heartbeat({ groupId: 'g', memberId, generation, ...instance }, contextOf());
  }

  leave(memberId: string, groupInstanceId?: string): Promise<ResponseOf<'leaveGroup'>> {
    const instance = groupInstanceId === undefined ? {} : { groupInstanceId };
    return this.api.leaveGroup({ groupId: 'g', members: [{ memberId, ...instance }] }, contextOf());
  }

  commit(
    who: { memberId?: string; generation?: number | undefined },
    offset: number,
    more: Partial<RequestOf<'offsetCommit'>['partitions'][number]> = {},
  ): Promise<string | undefined> {
    const { memberId = '', generation } = who;
    return this.api
      .offsetCommit(
        {
          groupId: 'g',
          memberId,
          ...(generation === undefined ? {} : { generation }),
          partitions: [{ topic: 't', partition: 0, offset, ...more }],
        },
        contextOf(),
      )
      .then(({ partitions }) => partitions[0]?.error);
  }

  async committed(): Promise<number | undefined> {
    const partitions = [{ topic: 't', partition: 0 }];
    const { groups } = await this.api.offsetFetch({ groups: [{ groupId: 'g', partitions }] }, contextOf());
    return groups[0]?.partitions[0]?.offset;
  }

  async state(): Promise<string | undefined> {
    const { groups } = await this.api.describeGroups({ groups: ['g'] }, contextOf());
    return groups[0]?.state;
  }

  /** The first members of a group, all joined and with a share of their own: `share-0`, `share-1`, … */
  async stable(count: number, request: Partial<Join> = {}): Promise<Joined[]> {
    const joining = Array.from({ length: count }, () => this.join(request));
    await this.world.clock.advance(100);
    const joined = await Promise.all(joining);
    const shares = Object.fromEntries(joined.map(({ memberId }, at) => [memberId, `share-${at}`]));
    await Promise.all(joined.map((one) => this.sync(one, one.memberId === one.leader ? shares : {})));
    return joined;
  }

  #make(): GroupCoordinator {
    const metadata = async () => ({
      clusterId: 'c',
      brokers: [{ nodeId: 1, host: 'one', port: 9092 }],
      topics: [],
    });
    return groupCoordinator(
      { nodeId: 1, store: this.store, metadata, names: namesIn(this.names), limits: this.#limits },
      this.world,
    );
  }
}

function namesIn(claimed: Set<string>): GroupNames {
  return {
    claim: async (groupId) => void claimed.add(groupId),
    release: async (groupId) => void claimed.delete(groupId),
    others: async () => [],
  };
}

/** A log of offsets that may be led elsewhere, or fail. */
class UnsteadyStore implements OffsetStore {
  readonly #store = memoryOffsetStore();
  place: GroupPlace = { partition: 0, nodeId: 1, logId: 'a', leaderEpoch: 0 };
  isLed = true;
  failsToAppend = false;
  /** What is appended waits for it. */
  held: Promise<void> | undefined;
  appends = 0;

  async placeOf(groupId: string): Promise<GroupPlace> {
    if (!this.isLed) throw apiError('COORDINATOR_NOT_AVAILABLE', `nobody leads the log of '${groupId}'`);
    return this.place;
  }

  async led(): Promise<readonly GroupPlace[]> {
    return this.isLed && this.place.nodeId === 1 ? [this.place] : [];
  }

  read(place: GroupPlace): ReturnType<OffsetStore['read']> {
    return this.#store.read(place);
  }

  async append(place: GroupPlace, entries: Parameters<OffsetStore['append']>[1]): Promise<void> {
    this.appends += 1;
    await this.held;
    if (this.failsToAppend) throw apiError('STORAGE_ERROR', 'the disk is full');
    await this.#store.append(place, entries);
  }
}

/** A connection's. */
export function contextOf(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal, clientId: 'tests', connectionId: 1, listener: 'kafka', remoteHost: '10.0.0.1' };
}
