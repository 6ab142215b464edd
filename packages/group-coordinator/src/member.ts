import { setMaxListeners } from 'node:events';
import type { CallContext, ErrorCode, RequestOf, ResponseOf } from '@millrace/protocol';
import type { Clock, Timer } from '@millrace/runtime';

type JoinAnswer = ResponseOf<'joinGroup'>;
type SyncAnswer = ResponseOf<'syncGroup'>;

/** What a member can do, what it likes best first; the bytes are its own affair. */
export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What outlives the coordinator of a member. */
export interface MemberFacts {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly Protocol[];
  readonly assignment: Buffer;
}

const nothing = Buffer.alloc(0);

/** Of one that joins for the first time. */
export function factsOf(
  memberId: string,
  request: RequestOf<'joinGroup'>,
  context: CallContext,
): Omit<MemberFacts, 'assignment'> {
  return {
    memberId,
    instanceId: request.groupInstanceId,
    clientId: context.clientId,
    clientHost: context.remoteHost ?? '',
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    protocols: keptProtocols(request.protocols),
  };
}

/** One member of a classic group: what it said of itself, what it got, and what of its questions waits for an answer. */
export class Member {
  readonly memberId: string;
  readonly instanceId: string | undefined;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly Protocol[];
  assignment: Buffer = nothing;
  /** Whether it has asked for its share since the group's last generation began. */
  hasSynced = false;
  readonly #clock: Clock;
  readonly #onExpire: (member: Member) => void;
  #join: Parked<JoinAnswer> | undefined;
  #sync: Parked<SyncAnswer> | undefined;
  #timer: Timer | undefined;
  #aliveUntil = 0;

  constructor(facts: Omit<MemberFacts, 'assignment'>, clock: Clock, onExpire: (member: Member) => void) {
    this.memberId = facts.memberId;
    this.instanceId = facts.instanceId;
    this.clientId = facts.clientId;
    this.clientHost = facts.clientHost;
    this.sessionTimeoutMs = facts.sessionTimeoutMs;
    this.rebalanceTimeoutMs = facts.rebalanceTimeoutMs;
    this.protocols = facts.protocols;
    this.#clock = clock;
    this.#onExpire = onExpire;
    this.touch();
  }

  get isJoining(): boolean {
    return this.#join !== undefined;
  }

  get isSyncing(): boolean {
    return this.#sync !== undefined;
  }

  /** Whether it says of itself what it said before. */
  says(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, at) => {
        const known = this.protocols[at];
        return known?.name === name && known.metadata.equals(metadata);
      })
    );
  }

  metadataFor(protocolName: string): Buffer {
    return this.protocols.find(({ name }) => name === protocolName)?.metadata ?? nothing;
  }

  /** What it says now. */
  update({ sessionTimeoutMs, rebalanceTimeoutMs, protocols }: RequestOf<'joinGroup'>): void {
    this.sessionTimeoutMs = sessionTimeoutMs;
    this.rebalanceTimeoutMs = rebalanceTimeoutMs;
    this.protocols = keptProtocols(protocols);
  }

  /** It lives: its session begins anew. */
  touch(): void {
    this.#aliveUntil = this.#clock.monotonic() + this.sessionTimeoutMs;
    if (this.#timer === undefined) this.#arm(this.sessionTimeoutMs);
  }

  /** Answers when the group says so. Whoever asked before is told that it asks twice. */
  parkJoin({ signal }: CallContext): Promise<JoinAnswer> {
    this.#join?.answer({ error: 'UNKNOWN_MEMBER_ID', memberId: this.memberId, members: [] });
    const gone: JoinAnswer = { error: 'NETWORK_EXCEPTION', memberId: this.memberId, members: [] };
    if (signal.aborted) return Promise.resolve(gone);
    this.#join = new Parked(signal, gone, () => {
      this.#join = undefined;
    });
    return this.#join.answered;
  }

  parkSync({ signal }: CallContext): Promise<SyncAnswer> {
    this.#sync?.answer({ error: 'REBALANCE_IN_PROGRESS', assignment: nothing });
    const gone: SyncAnswer = { error: 'NETWORK_EXCEPTION', assignment: nothing };
    if (signal.aborted) return Promise.resolve(gone);
    this.#sync = new Parked(signal, gone, () => {
      this.#sync = undefined;
    });
    return this.#sync.answered;
  }

  /** Its session begins when it knows. */
  answerJoin(answer: JoinAnswer): void {
    this.#join?.answer(answer);
    this.touch();
  }

  answerSync(answer: SyncAnswer): void {
    this.#sync?.answer(answer);
    this.touch();
  }

  /** It is no member any more: what waits is answered with `error`. */
  end(error: ErrorCode): void {
    this.#join?.answer({ error, memberId: this.memberId, members: [] });
    this.#sync?.answer({ error, assignment: nothing });
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#due());
  }

  /** One timer for all the times it is touched. Whoever waits for us lives. */
  #due(): void {
    this.#timer = undefined;
    if (this.isJoining || this.isSyncing) {
      this.touch();
      return;
    }
    const left = this.#aliveUntil - this.#clock.monotonic();
    if (left > 0) this.#arm(left);
    else this.#onExpire(this);
  }
}

/** Copies: the bytes are views of the request. */
export function keptProtocols(protocols: RequestOf<'joinGroup'>['protocols']): Protocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
}

/** A question that waits for its answer, at most as long as its connection lives: then it gets one that nobody reads. */
class Parked<Answer> {
  readonly answered: Promise<Answer>;
  readonly #signal: AbortSignal;
  readonly #onEnd: () => void;
  readonly #gone: () => void;
  #resolve!: (answer: Answer) => void;

  constructor(signal: AbortSignal, gone: Answer, onEnd: () => void) {
    this.#signal = signal;
    this.#onEnd = onEnd;
    this.#gone = () => this.answer(gone);
    this.answered = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    setMaxListeners(0, signal); // a connection may carry many members
    signal.addEventListener('abort', this.#gone);
  }

  answer(answer: Answer): void {
    this.#signal.removeEventListener('abort', this.#gone);
    this.#onEnd();
    this.#resolve(answer);
  }
}
