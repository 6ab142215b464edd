import type { ResponseOf } from '@millrace/protocol';

/** Group names that a coordinator shares with groups of another kind, which are not its own. */
export interface GroupNames {
  /** The name is the coordinator's from now on. INCONSISTENT_GROUP_PROTOCOL, saying which kind has it. */
  claim(groupId: string): Promise<void>;
  /** The name is free again. */
  release(groupId: string): Promise<void>;
  /** The groups of the other kind that this broker is to tell of. */
  others(): Promise<ResponseOf<'listGroups'>['groups']>;
}
