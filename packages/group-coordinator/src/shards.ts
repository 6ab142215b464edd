import { apiError } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import type { GroupNames } from './group-names.ts';
import { type Group, GroupShard } from './group-shard.ts';
import type { GroupLimits } from './limits.ts';
import type { GroupPlace, OffsetStore } from './offset-store.ts';

export interface ShardsOptions {
  readonly nodeId: number;
  readonly store: OffsetStore;
  readonly names: GroupNames | undefined;
  readonly limits: GroupLimits;
}

/** A question waits so long for what the log holds of its group; then clients are told to come again. */
const loadMs = 2_000;
const expireEveryMs = 10 * 60 * 1000;

/** The logs of offsets that this broker leads, each with its groups. */
export class Shards {
  readonly limits: GroupLimits;
  readonly world: World;
  readonly #nodeId: number;
  readonly #store: OffsetStore;
  readonly #names: GroupNames | undefined;
  readonly #shards = new Map<number, GroupShard>();
  #expiry: Timer | undefined;
  #isClosed = false;

  constructor({ nodeId, store, names, limits }: ShardsOptions, world: World) {
    this.#nodeId = nodeId;
    this.#store = store;
    this.#names = names;
    this.limits = limits;
    this.world = world;
  }

  /** Where the group is coordinated. COORDINATOR_NOT_AVAILABLE. */
  placeOf(groupId: string): Promise<GroupPlace> {
    return this.#store.placeOf(groupId);
  }

  /** The shard of a group, read. INVALID_GROUP_ID, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE, COORDINATOR_LOAD_IN_PROGRESS. */
  async of(groupId: string): Promise<GroupShard> {
    if (groupId === '') throw apiError('INVALID_GROUP_ID', 'a group has a name');
    const place = await this.#store.placeOf(groupId);
    if (place.nodeId !== this.#nodeId)
      throw apiError('NOT_COORDINATOR', `group '${groupId}' is coordinated by broker ${place.nodeId}`);
    return this.#loaded(place);
  }

  /** Every group of this broker. */
  async groups(): Promise<Group[]> {
    const places = await this.#store.led();
    const shards = await Promise.all(places.map((place) => this.#loaded(place)));
    return shards.flatMap((shard) => [...shard.groups]);
  }

  /** Answers what waits. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#expiry?.cancel();
    for (const shard of this.#shards.values()) shard.close('COORDINATOR_NOT_AVAILABLE');
    this.#shards.clear();
  }

  async #loaded(place: GroupPlace): Promise<GroupShard> {
    const shard = this.#shardAt(place);
    const waited = new AbortController();
    const { clock } = this.world;
    const patience = clock.sleep(loadMs, waited.signal).then(
      () => {
        throw apiError('COORDINATOR_LOAD_IN_PROGRESS', `the log ${place.partition} of offsets is being read`);
      },
      () => {},
    );
    try {
      await Promise.race([shard.loaded, patience]);
    } finally {
      waited.abort();
    }
    return shard;
  }

  #shardAt(place: GroupPlace): GroupShard {
    if (this.#isClosed) throw apiError('COORDINATOR_NOT_AVAILABLE', 'the broker is stopping');
    const known = this.#shards.get(place.partition);
    if (known?.place.leaderEpoch === place.leaderEpoch && known.place.logId === place.logId) return known;
    // What was known may have been overtaken by another leader.
    known?.close('NOT_COORDINATOR');
    const shard = new GroupShard(
      place,
      { store: this.#store, names: this.#names, limits: this.limits },
      this.world,
    );
    this.#shards.set(place.partition, shard);
    shard.loaded.catch(() => {
      // Whoever waits for it is told; whoever comes later tries again.
      if (this.#shards.get(place.partition) === shard) this.#shards.delete(place.partition);
    });
    this.#expiry ??= this.world.clock.after(expireEveryMs, () => this.#expire());
    return shard;
  }

  #expire(): void {
    this.#expiry = this.world.clock.after(expireEveryMs, () => this.#expire());
    for (const shard of this.#shards.values())
      shard
        .expire()
        .catch((error: unknown) => this.world.logger.warn({ error }, 'old offsets could not be deleted'));
  }
}
