/** What a partition takes of the room, in bytes. */
export interface RoomTaker {
  /** Fetched and not taken. */
  readonly bufferedBytes: number;
  /** Of its own share: what questions under way may bring. */
  readonly reservedBytes: number;
}

/** Less than this is not worth a question, where the shares are larger. */
const smallestFetchBytes = 64 * 1024;

/**
 * How the room for what is fetched is divided. One half is shared out evenly among the partitions, so that those which
 * are full or paused never starve the others; the other half is for whoever comes first.
 */
export class FetchRoom {
  readonly #partitionBytes: number;
  readonly #share: number;
  #common: number;

  /** `reservedCommon`: what questions under way hold of the common half. */
  constructor(
    { bufferedBytes, partitionBytes }: { readonly bufferedBytes: number; readonly partitionBytes: number },
    partitions: readonly RoomTaker[],
    reservedCommon: number,
  ) {
    this.#partitionBytes = partitionBytes;
    this.#share = Math.max(1, Math.floor(bufferedBytes / 2 / Math.max(1, partitions.length)));
    const beyondShares = partitions.reduce((sum, taker) => sum + Math.max(0, heldBy(taker) - this.#share), 0);
    this.#common = bufferedBytes - this.#share * partitions.length - beyondShares - reservedCommon;
  }

  /** What is left of the partition's own share. */
  ownOf(partition: RoomTaker): number {
    const free = Math.max(0, this.#share - heldBy(partition));
    return Math.min(free, this.#partitionBytes);
  }

  /** Whether there is enough room for a question: a full partition is left out. */
  has(partition: RoomTaker): boolean {
    if (partition.bufferedBytes >= this.#partitionBytes) return false;
    const room = this.ownOf(partition) + Math.max(0, this.#common);
    return room >= Math.min(smallestFetchBytes, this.#share);
  }

  /** Takes up to so much of the common half. */
  takeCommon(bytes: number): number {
    const taken = Math.max(0, Math.min(bytes, this.#common));
    this.#common -= taken;
    return taken;
  }
}

function heldBy({ bufferedBytes, reservedBytes }: RoomTaker): number {
  return bufferedBytes + reservedBytes;
}
