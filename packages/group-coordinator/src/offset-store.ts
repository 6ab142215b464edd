/** Where a group's coordinator is to be found. */
export interface GroupPlace {
  /** Of the log that keeps the group's offsets. */
  readonly partition: number;
  /** The broker that leads it, and so coordinates the group. */
  readonly nodeId: number;
  /** Tells the log from another that was made after it was deleted. */
  readonly logId: string;
  /** Goes up whenever leadership moves or returns: what was known of the partition's groups must then be read again. */
  readonly leaderEpoch: number;
}

/** Key and value of one entry. Views: copy what you keep. */
export interface StoredEntry {
  readonly key: Uint8Array;
  /** null: the key is gone. */
  readonly value: Uint8Array | null;
}

/**
 * Where coordinators keep what must outlive them: a few logs, spread over the brokers, in each of which the last value
 * of a key is the one that counts. A broker that composes this package hands one in; `memoryOffsetStore` keeps nothing
 * beyond the process.
 */
export interface OffsetStore {
  /** Makes the logs when there are none. COORDINATOR_NOT_AVAILABLE while nobody leads the group's log. */
  placeOf(groupId: string): Promise<GroupPlace>;
  /** The logs that this broker leads at the moment, without making any. */
  led(): Promise<readonly GroupPlace[]>;
  /** All that a log holds, oldest first; later entries replace earlier ones of their key. NOT_COORDINATOR, STORAGE_ERROR. */
  read(place: GroupPlace): AsyncIterable<StoredEntry>;
  /** Resolves when the entries, all or none, are as safe as under acks all. NOT_COORDINATOR when leadership has moved or ended. */
  append(place: GroupPlace, entries: readonly StoredEntry[]): Promise<void>;
}
