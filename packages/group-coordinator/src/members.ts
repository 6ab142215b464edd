import type { ErrorCode } from '@millrace/protocol';
import type { Failure } from './failure.ts';
import type { Member } from './member.ts';

/** Who asks, as far as a group can tell a member of its own from one that was. */
export interface Asker {
  readonly memberId: string;
  readonly groupInstanceId?: string | undefined;
}

/** The members of a group, by id; static ones also by the name that they keep over restarts. */
export class Members {
  readonly #groupId: string;
  readonly #byId = new Map<string, Member>();
  readonly #idOfInstance = new Map<string, string>();

  constructor(groupId: string) {
    this.#groupId = groupId;
  }

  get size(): number {
    return this.#byId.size;
  }

  get all(): Member[] {
    return [...this.#byId.values()];
  }

  get(memberId: string): Member | undefined {
    return this.#byId.get(memberId);
  }

  ofInstance(instanceId: string | undefined): Member | undefined {
    return instanceId === undefined ? undefined : this.#byId.get(this.#idOfInstance.get(instanceId) ?? '');
  }

  add(member: Member): void {
    this.#byId.set(member.memberId, member);
    if (member.instanceId !== undefined) this.#idOfInstance.set(member.instanceId, member.memberId);
  }

  /** What waits of it is answered. */
  remove(member: Member, error: ErrorCode = 'UNKNOWN_MEMBER_ID'): void {
    this.#byId.delete(member.memberId);
    if (member.instanceId !== undefined && this.#idOfInstance.get(member.instanceId) === member.memberId)
      this.#idOfInstance.delete(member.instanceId);
    member.end(error);
  }

  /** Why the asker is no member; undefined when it is one. */
  refusalOf({ memberId, groupInstanceId }: Asker): Failure | undefined {
    const ofInstance = this.ofInstance(groupInstanceId);
    if (ofInstance !== undefined && ofInstance.memberId !== memberId)
      return { error: 'FENCED_INSTANCE_ID', message: `another member is ${groupInstanceId} now` };
    if (this.#byId.has(memberId)) return undefined;
    return { error: 'UNKNOWN_MEMBER_ID', message: `group '${this.#groupId}' has no member '${memberId}'` };
  }
}
