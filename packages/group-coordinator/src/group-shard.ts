import { apiError, type ErrorCode } from '@millrace/protocol';
import type { World } from '@millrace/runtime';
import { ClassicGroup, type GroupFacts, type GroupHost } from './classic-group.ts';
import { CommittedOffsets, type PartitionOffset } from './committed-offsets.ts';
import { EntryWriter } from './entry-writer.ts';
import type { GroupNames } from './group-names.ts';
import type { GroupLimits } from './limits.ts';
import type { GroupPlace, OffsetStore, StoredEntry } from './offset-store.ts';
import {
  groupKey,
  groupValue,
  offsetKey,
  offsetValue,
  readGroupValue,
  readKey,
  readOffsetValue,
} from './stored-format.ts';

/** A group with what it has committed. */
export interface Group {
  readonly members: ClassicGroup;
  readonly offsets: CommittedOffsets;
  /** Since when it has no members, ms since the epoch. */
  emptySince: number;
  /** Whether the log holds what it was like. */
  isKept: boolean;
  /** Commits under way. */
  commits: number;
  /** While it is being forgotten: whoever wants it waits, and looks again. */
  going: Promise<void> | undefined;
}

export interface ShardOptions {
  readonly store: OffsetStore;
  readonly names: GroupNames | undefined;
  readonly limits: GroupLimits;
}

/**
 * The groups whose offsets one log keeps, as long as this broker leads that log: read from it at first, written to it before
 * anybody is told.
 */
export class GroupShard implements GroupHost {
  readonly place: GroupPlace;
  readonly limits: GroupLimits;
  readonly world: World;
  readonly #store: OffsetStore;
  readonly #names: GroupNames | undefined;
  readonly #writer: EntryWriter;
  readonly #groups = new Map<string, Group>();
  /** Resolves when all that the log holds is known. */
  readonly loaded: Promise<void>;

  constructor(place: GroupPlace, { store, names, limits }: ShardOptions, world: World) {
    this.place = place;
    this.limits = limits;
    this.world = world;
    this.#store = store;
    this.#names = names;
    this.#writer = new EntryWriter(store, place);
    this.loaded = this.#load();
  }

  get groups(): IterableIterator<Group> {
    return this.#groups.values();
  }

  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  /** The group, made if it is not there. INCONSISTENT_GROUP_PROTOCOL when one of another kind has the name. */
  async open(groupId: string): Promise<Group> {
    for (let known = this.find(groupId); known !== undefined; known = this.find(groupId)) {
      if (known.going === undefined) return known;
      await known.going.catch(() => {}); // whoever wanted it forgotten is told
    }
    if (this.#groups.size >= this.limits.maxGroups)
      throw apiError(
        'COORDINATOR_NOT_AVAILABLE',
        `this coordinator keeps ${this.#groups.size} groups in one log, and takes no more`,
      );
    await this.#names?.claim(groupId);
    return this.#findOrMake(groupId);
  }

  #findOrMake(groupId: string): Group {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const group: Group = {
      members: new ClassicGroup(groupId, this),
      offsets: new CommittedOffsets(),
      emptySince: this.world.clock.now(),
      isKept: false,
      commits: 0,
      going: undefined,
    };
    this.#groups.set(groupId, group);
    return group;
  }

  /** Resolves when the offsets are safe, and known to whoever asks. */
  async commit(group: Group, offsets: readonly PartitionOffset[]): Promise<void> {
    const { groupId } = group.members;
    group.commits += 1;
    try {
      await this.#writer.write(
        offsets.map(({ topic, partition, committed }) => ({
          key: offsetKey(groupId, topic, partition),
          value: offsetValue(committed),
        })),
      );
    } finally {
      group.commits -= 1;
    }
    for (const { topic, partition, committed } of offsets) group.offsets.set(topic, partition, committed);
  }

  /** Forgets offsets of a group; all of them and the group itself when nothing is left. */
  forget(group: Group, offsets: readonly Omit<PartitionOffset, 'committed'>[]): Promise<void> {
    group.going ??= this.#forget(group, offsets).finally(() => {
      group.going = undefined;
    });
    return group.going;
  }

  async #forget(group: Group, offsets: readonly Omit<PartitionOffset, 'committed'>[]): Promise<void> {
    const { groupId } = group.members;
    const entries: StoredEntry[] = offsets.map(({ topic, partition }) => ({
      key: offsetKey(groupId, topic, partition),
      value: null,
    }));
    const isLast = offsets.length === group.offsets.all().length;
    if (isLast && group.isKept) entries.push({ key: groupKey(groupId), value: null });
    if (entries.length > 0) await this.#writer.write(entries);
    for (const { topic, partition } of offsets) group.offsets.delete(topic, partition);
    if (isLast) group.isKept = false;
    // Somebody may have come to it in the very turn in which it was to go.
    const isWanted = () => group.commits > 0 || !group.offsets.isEmpty || group.members.members.length > 0;
    if (!isLast || isWanted()) return;
    await this.#names
      ?.release(groupId)
      .catch((error: unknown) =>
        this.world.logger.warn(
          { group: groupId, error },
          'the name of a group that is gone could not be given up',
        ),
      );
    if (isWanted()) await this.#names?.claim(groupId);
    else this.#groups.delete(groupId);
  }

  async save(members: ClassicGroup): Promise<void> {
    const group = this.#findOrMake(members.groupId);
    const value = groupValue(members.facts, this.world.clock.now());
    group.isKept = true;
    await this.#writer.write([{ key: groupKey(members.groupId), value }]);
  }

  emptied(members: ClassicGroup): void {
    const group = this.#findOrMake(members.groupId);
    group.emptySince = this.world.clock.now();
    // Nobody waits for it; without it the members that are kept come to life once more, and their sessions end.
    this.save(members).catch((error: unknown) =>
      this.world.logger.warn({ group: members.groupId, error }, 'that a group is empty could not be kept'),
    );
  }

  /** Offsets of groups that have had no members for long go; groups without either are forgotten. */
  async expire(): Promise<void> {
    const now = this.world.clock.now();
    const { offsetRetentionMs } = this.limits;
    for (const group of [...this.#groups.values()]) {
      if (group.members.state !== 'empty') continue;
      const isOld = ({ committed }: PartitionOffset) =>
        now - Math.max(committed.committedAt, group.emptySince) > offsetRetentionMs;
      const old = group.offsets.all().filter(isOld);
      if (old.length > 0 || (group.offsets.isEmpty && now - group.emptySince > offsetRetentionMs))
        await this.forget(group, old);
    }
  }

  /** Answers what waits. */
  close(error: ErrorCode): void {
    for (const { members } of this.#groups.values()) members.abandon(error);
    this.#groups.clear();
  }

  async #load(): Promise<void> {
    const kept = new Map<string, { readonly facts: GroupFacts; readonly at: number }>();
    let unreadable = 0;
    for await (const { key, value } of this.#store.read(this.place)) {
      try {
        this.#take(key, value, kept);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        unreadable += 1;
      }
    }
    for (const [groupId, { facts, at }] of kept) {
      const group = this.#findOrMake(groupId);
      group.emptySince = at;
      group.isKept = true;
      group.members.restore(facts);
    }
    for (const [groupId, { offsets, isKept }] of this.#groups)
      if (offsets.isEmpty && !isKept) this.#groups.delete(groupId);
    if (unreadable > 0)
      this.world.logger.warn(
        { partition: this.place.partition, entries: unreadable },
        'entries of a log of offsets cannot be read, and are left alone',
      );
  }

  #take(
    key: Uint8Array,
    value: Uint8Array | null,
    kept: Map<string, { readonly facts: GroupFacts; readonly at: number }>,
  ): void {
    const read = readKey(key);
    if (read === undefined) throw new RangeError('a key of another layout');
    const { groupId } = read;
    if (read.kind === 'group') {
      if (value === null) kept.delete(groupId);
      else kept.set(groupId, readGroupValue(value));
      return;
    }
    const { topic, partition } = read;
    const group = this.#findOrMake(groupId);
    if (value === null) group.offsets.delete(topic, partition);
    else group.offsets.set(topic, partition, readOffsetValue(value));
  }
}
