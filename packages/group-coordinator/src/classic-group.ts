import type { CallContext, ErrorCode, RequestOf, ResponseOf } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import type { Failure } from './failure.ts';
import { joinAnswer, notJoined, shareAnswer } from './group-answers.ts';
import type { GroupLimits } from './limits.ts';
import { factsOf, keptProtocols, Member, type MemberFacts } from './member.ts';
import { type Asker, Members } from './members.ts';
import { PromisedIds } from './promised-ids.ts';
import { chosenProtocol } from './protocol-choice.ts';
import { refusalOfJoin, refusalOfSync } from './refusals.ts';

type Join = RequestOf<'joinGroup'>;
type JoinAnswer = ResponseOf<'joinGroup'>;
type Sync = RequestOf<'syncGroup'>;
type SyncAnswer = ResponseOf<'syncGroup'>;

export type GroupState = 'empty' | 'preparingRebalance' | 'completingRebalance' | 'stable';

/** What outlives the coordinator of a group: who was in it when everybody had a share. */
export interface GroupFacts {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocolName: string | undefined;
  readonly leader: string | undefined;
  readonly members: readonly MemberFacts[];
}

export interface GroupHost {
  readonly world: World;
  readonly limits: GroupLimits;
  /** Resolves when what the group is now is safe. */
  save(group: ClassicGroup): Promise<void>;
  /** Its last member has gone. */
  emptied(group: ClassicGroup): void;
}

const nothing = Buffer.alloc(0);

/**
 * A classic group (Kafka 0.9 to 4): its members join, one of them assigns, all learn their share, and every change begins
 * anew with the next generation. Who acts under an older one is refused. Empty → preparing (members join) → completing (the
 * leader assigns) → stable, and back to preparing with each change.
 */
export class ClassicGroup {
  readonly groupId: string;
  readonly #host: GroupHost;
  readonly #members: Members;
  readonly #promised: PromisedIds;
  #state: GroupState = 'empty';
  #generation = 0;
  #protocolType: string | undefined;
  #protocolName: string | undefined;
  #leader: string | undefined;
  /** Ends the gathering of members, or the wait for shares to be asked for. */
  #phaseTimer: Timer | undefined;
  /** The first members are given a moment to gather. */
  #isGathering = false;

  constructor(groupId: string, host: GroupHost) {
    this.groupId = groupId;
    this.#host = host;
    this.#members = new Members(groupId);
    this.#promised = new PromisedIds(host.world.clock, () => this.#completeIfAllJoined());
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocolType(): string {
    return this.#protocolType ?? '';
  }

  get protocolName(): string {
    return this.#protocolName ?? '';
  }

  /** undefined: nobody leads. */
  get leader(): string | undefined {
    return this.#leader;
  }

  get members(): readonly Member[] {
    return this.#members.all;
  }

  /** Ids that were given to clients which have not joined with them yet. */
  get promisedIds(): number {
    return this.#promised.size;
  }

  /** The member lives. */
  touch(memberId: string): void {
    this.#members.get(memberId)?.touch();
  }

  /** What is kept of it. */
  get facts(): GroupFacts {
    return {
      protocolType: this.protocolType,
      generation: this.#generation,
      protocolName: this.#protocolName,
      leader: this.#leader,
      members: this.#members.all,
    };
  }

  /** As it was kept: members go on as if nothing had been, if they are heard of within their sessions. */
  restore(facts: GroupFacts): void {
    this.#generation = facts.generation;
    this.#protocolType = facts.protocolType === '' ? undefined : facts.protocolType;
    if (facts.members.length === 0) return;
    this.#protocolName = facts.protocolName;
    this.#leader = facts.leader;
    for (const kept of facts.members) {
      const member = this.#add(kept);
      member.assignment = kept.assignment;
      member.hasSynced = true;
    }
    this.#state = 'stable';
  }

  join(request: Join, context: CallContext): Promise<JoinAnswer> {
    const refusal = this.#refusalOfMember(request) ?? refusalOfJoin(request, this, this.#host.limits);
    if (refusal !== undefined) return Promise.resolve(notJoined(request.memberId, refusal));
    if (request.memberId === '') return this.#joinAnew(request, context);
    if (this.#promised.take(request.memberId)) return this.#admit(request.memberId, request, context);
    const member = this.#members.get(request.memberId) as Member;
    return this.#rejoin(member, request, context);
  }

  async sync(request: Sync, context: CallContext): Promise<SyncAnswer> {
    const refusal = this.refusalOf(request) ?? refusalOfSync(request, this);
    if (refusal !== undefined) return { ...refusal, assignment: nothing };
    const member = this.#members.get(request.memberId) as Member;
    member.touch();
    if (this.#state === 'stable') {
      member.hasSynced = true;
      return shareAnswer(this, member);
    }
    const answered = member.parkSync(context);
    member.hasSynced = true;
    if (member.memberId === this.#leader) await this.#assign(request);
    return answered;
  }

  heartbeat(asker: Asker): { error: ErrorCode; message?: string } {
    const refusal = this.#promised.has(asker.memberId) ? undefined : this.refusalOf(asker);
    if (refusal !== undefined) return refusal;
    this.#members.get(asker.memberId)?.touch();
    return { error: this.#state === 'preparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE' };
  }

  /** Of one member; a static one may be named by its instance alone. */
  leave({ memberId, groupInstanceId }: Asker): { error: ErrorCode } {
    if (this.#promised.take(memberId)) {
      this.#completeIfAllJoined();
      return { error: 'NONE' };
    }
    const ofInstance = this.#members.ofInstance(groupInstanceId);
    if (ofInstance !== undefined && memberId !== '' && memberId !== ofInstance.memberId)
      return { error: 'FENCED_INSTANCE_ID' };
    const member = groupInstanceId === undefined ? this.#members.get(memberId) : ofInstance;
    if (member === undefined) return { error: 'UNKNOWN_MEMBER_ID' };
    this.#remove(member);
    return { error: 'NONE' };
  }

  /** Why the asker may not speak for the group; undefined when it may. */
  refusalOf(asker: Asker & { readonly generation?: number | undefined }): Failure | undefined {
    const refusal = this.#members.refusalOf(asker);
    if (refusal !== undefined || asker.generation === this.#generation) return refusal;
    const message = `generation ${asker.generation} is over, group '${this.groupId}' is at ${this.#generation}`;
    return { error: 'ILLEGAL_GENERATION', message };
  }

  /** Answers all that waits with `error`; whoever is in it has to find its coordinator again. */
  abandon(error: ErrorCode): void {
    this.#phaseTimer?.cancel();
    this.#promised.clear();
    for (const member of this.#members.all) this.#members.remove(member, error);
    this.#state = 'empty';
  }

  /** Who comes with an id has it from this group. */
  #refusalOfMember(request: Join): Failure | undefined {
    const isNew = request.memberId === '' || this.#promised.has(request.memberId);
    return isNew ? undefined : this.#members.refusalOf(request);
  }

  #joinAnew(request: Join, context: CallContext): Promise<JoinAnswer> {
    const { groupInstanceId, takesMemberId } = request;
    const memberId = `${groupInstanceId ?? context.clientId}-${this.#host.world.random.uuid()}`;
    if (groupInstanceId !== undefined) {
      const before = this.#members.ofInstance(groupInstanceId);
      return before === undefined
        ? this.#admit(memberId, request, context)
        : this.#replace(before, memberId, request, context);
    }
    if (takesMemberId !== true) return this.#admit(memberId, request, context);
    // Until it joins with this id nothing is kept of it but the id.
    this.#promised.promise(memberId, request.sessionTimeoutMs);
    return Promise.resolve(notJoined(memberId, { error: 'MEMBER_ID_REQUIRED' }));
  }

  #admit(memberId: string, request: Join, context: CallContext): Promise<JoinAnswer> {
    const member = this.#add(factsOf(memberId, request, context));
    this.#protocolType = request.protocolType;
    const answered = member.parkJoin(context);
    this.#prepareRebalance();
    return answered;
  }

  /** A static member is back under a new id: what it had is still its, if it wants the same. */
  #replace(before: Member, memberId: string, request: Join, context: CallContext): Promise<JoinAnswer> {
    const wasLeader = this.#leader === before.memberId;
    const [leaderBefore, { assignment, hasSynced }] = [this.#leader ?? '', before];
    const wantsTheSame = before.says(keptProtocols(request.protocols));
    this.#members.remove(before, 'FENCED_INSTANCE_ID');
    const member = this.#add(factsOf(memberId, request, context));
    member.assignment = assignment;
    member.hasSynced = hasSynced;
    if (wasLeader) this.#leader = memberId;
    if (this.#state !== 'stable' || !wantsTheSame) {
      const answered = member.parkJoin(context);
      this.#prepareRebalance();
      return answered;
    }
    // The next generation would be the same: a leader that would assign again is told of another one.
    const canSkip = request.canSkipAssignment === true;
    return this.#host.save(this).then(
      () =>
        wasLeader && !canSkip
          ? { ...joinAnswer(this, member), leader: leaderBefore, members: [] }
          : { ...joinAnswer(this, member), ...(wasLeader && canSkip ? { skipAssignment: true } : {}) },
      (error: unknown) => {
        this.#prepareRebalance();
        throw error;
      },
    );
  }

  #rejoin(member: Member, request: Join, context: CallContext): Promise<JoinAnswer> {
    const saysTheSame = member.says(request.protocols);
    const hasMissedTheAnswer = this.#state === 'completingRebalance' && saysTheSame;
    const isAFollowerAsBefore = this.#state === 'stable' && saysTheSame && member.memberId !== this.#leader;
    member.touch();
    if (hasMissedTheAnswer || isAFollowerAsBefore) return Promise.resolve(joinAnswer(this, member));
    member.update(request);
    const answered = member.parkJoin(context);
    this.#prepareRebalance();
    return answered;
  }

  #add(facts: Omit<MemberFacts, 'assignment'>): Member {
    const member = new Member(facts, this.#host.world.clock, (expired) => this.#remove(expired));
    this.#members.add(member);
    return member;
  }

  #remove(member: Member): void {
    this.#members.remove(member);
    if (this.#state === 'preparingRebalance') this.#completeIfAllJoined();
    else this.#prepareRebalance();
  }

  /** Everybody has to join again. */
  #prepareRebalance(): void {
    if (this.#state === 'preparingRebalance') {
      this.#completeIfAllJoined();
      return;
    }
    const { clock } = this.#host.world;
    this.#isGathering = this.#state === 'empty';
    this.#state = 'preparingRebalance';
    for (const member of this.#members.all)
      member.answerSync({ error: 'REBALANCE_IN_PROGRESS', assignment: nothing });
    this.#phaseTimer?.cancel();
    if (this.#isGathering) {
      this.#phaseTimer = clock.after(this.#host.limits.initialRebalanceDelayMs, () => {
        this.#isGathering = false;
        this.#phaseTimer = clock.after(this.#patienceMs(), () => this.#complete());
        this.#completeIfAllJoined();
      });
      return;
    }
    this.#phaseTimer = clock.after(this.#patienceMs(), () => this.#complete());
    this.#completeIfAllJoined();
  }

  /** The slowest member is waited for. */
  #patienceMs(): number {
    return Math.max(0, ...this.#members.all.map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'preparingRebalance' || this.#isGathering || this.#promised.size > 0) return;
    if (this.#members.all.every(({ isJoining }) => isJoining)) this.#complete();
  }

  /** The next generation begins with those who have joined; static members that are away keep their place. */
  #complete(): void {
    this.#phaseTimer?.cancel();
    this.#phaseTimer = undefined;
    for (const member of this.#members.all) {
      if (member.isJoining || member.instanceId !== undefined) continue;
      this.#members.remove(member);
    }
    const { clock } = this.#host.world;
    const joined = this.#members.all.filter(({ isJoining }) => isJoining);
    if (joined.length === 0 && this.#members.size > 0) {
      this.#phaseTimer = clock.after(this.#patienceMs(), () => this.#complete());
      return;
    }
    this.#generation += 1;
    if (joined.length === 0) {
      this.#becomeEmpty();
      return;
    }
    this.#state = 'completingRebalance';
    this.#protocolName = chosenProtocol(this.members);
    if (!joined.some(({ memberId }) => memberId === this.#leader)) this.#leader = joined[0]?.memberId;
    for (const member of this.#members.all) member.hasSynced = false;
    for (const member of joined) member.answerJoin(joinAnswer(this, member));
    const generation = this.#generation;
    this.#phaseTimer = clock.after(this.#patienceMs(), () => this.#dropSilent(generation));
  }

  #becomeEmpty(): void {
    this.#state = 'empty';
    this.#protocolName = undefined;
    this.#leader = undefined;
    this.#host.emptied(this);
  }

  /** Who has joined and never asked for its share is gone. */
  #dropSilent(generation: number): void {
    this.#phaseTimer = undefined;
    if (this.#state !== 'completingRebalance' || this.#generation !== generation) return;
    for (const member of this.#members.all) if (!member.hasSynced) this.#members.remove(member);
    this.#prepareRebalance();
  }

  /** The leader has spoken: nobody hears of its share before that is safe. */
  async #assign({ assignments }: Sync): Promise<void> {
    const generation = this.#generation;
    const shares = new Map(
      assignments.map(({ memberId, assignment }) => [memberId, Buffer.from(assignment)]),
    );
    for (const member of this.#members.all) member.assignment = shares.get(member.memberId) ?? nothing;
    const isStill = () => this.#state === 'completingRebalance' && this.#generation === generation;
    try {
      await this.#host.save(this);
    } catch (error) {
      if (!isStill()) return;
      this.#host.world.logger.warn(
        { group: this.groupId, error },
        'what a group agreed upon could not be kept',
      );
      for (const member of this.#members.all) member.assignment = nothing;
      this.#prepareRebalance();
      return;
    }
    if (!isStill()) return;
    this.#state = 'stable';
    this.#phaseTimer?.cancel();
    for (const member of this.#members.all) member.answerSync(shareAnswer(this, member));
    this.#watchSilent(generation);
  }

  /** Members that joined and have not asked for their share yet have until the slowest would have joined. */
  #watchSilent(generation: number): void {
    if (this.#members.all.every(({ hasSynced }) => hasSynced)) return;
    this.#phaseTimer = this.#host.world.clock.after(this.#patienceMs(), () => {
      if (this.#generation !== generation || this.#state !== 'stable') return;
      const silent = this.#members.all.filter(({ hasSynced }) => !hasSynced);
      for (const member of silent) this.#remove(member);
    });
  }
}
