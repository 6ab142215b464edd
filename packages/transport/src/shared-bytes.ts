import type { Clock } from '@millrace/runtime';

/**
 * Memory that many connections share, counted, not allocated. Nobody may hold more than is left for all others, so that
 * a few that hold much, for however long, leave room for the rest: with n such shares each comes to `maxBytes / (n + 1)`
 * (the dynamic thresholds of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998, with α = 1).
 */
export class SharedBytes {
  readonly maxBytes: number;
  readonly #floorBytes: number;
  readonly #clock: Clock;
  #heldBytes = 0;
  readonly #waiting = new Set<BytesShare>();
  #scheduled = false;

  /** `floorBytes`: what every share may hold, whatever the others hold. */
  constructor(maxBytes: number, floorBytes: number, clock: Clock) {
    this.maxBytes = maxBytes;
    this.#floorBytes = floorBytes;
    this.#clock = clock;
  }

  /** By all shares. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The most that one share ever gets at once. */
  get maxShareBytes(): number {
    return Math.max(this.#floorBytes, Math.floor(this.maxBytes / 2));
  }

  /** `onRoom` is called, once for each `waitFor`, when there may be room. */
  share(onRoom: () => void = () => {}): BytesShare {
    return new BytesShare(this, onRoom);
  }

  /** What a share that holds so much may hold in all, at this moment. */
  limitOf(heldBytes: number): number {
    return Math.max(this.#floorBytes, Math.floor((this.maxBytes - this.#heldBytes + heldBytes) / 2));
  }

  change(bytes: number): void {
    this.#heldBytes += bytes;
    if (bytes < 0 && this.#waiting.size > 0) this.#look();
  }

  await(share: BytesShare): void {
    this.#waiting.add(share);
  }

  forget(share: BytesShare): void {
    this.#waiting.delete(share);
  }

  /** Once a turn, in the order in which they came. */
  #look(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      for (const share of [...this.#waiting]) share.look();
    });
  }
}

/** One connection's part. */
export class BytesShare {
  readonly #shared: SharedBytes;
  readonly #onRoom: () => void;
  #heldBytes = 0;
  #wantedBytes = 0;

  constructor(shared: SharedBytes, onRoom: () => void) {
    this.#shared = shared;
    this.#onRoom = onRoom;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** What may be held in all, at this moment. */
  get limitBytes(): number {
    return this.#shared.limitOf(this.#heldBytes);
  }

  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.limitBytes;
  }

  /** Also where there is no room: who asks first keeps within it. */
  hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.#shared.change(bytes);
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#shared.change(-bytes);
  }

  waitFor(bytes: number): void {
    this.#wantedBytes = bytes;
    this.#shared.await(this);
  }

  /** For `SharedBytes`: whether what was waited for fits by now. */
  look(): void {
    if (!this.hasRoomFor(this.#wantedBytes)) return;
    this.#shared.forget(this);
    this.#onRoom();
  }

  stopWaiting(): void {
    this.#shared.forget(this);
  }

  releaseAll(): void {
    this.release(this.#heldBytes);
  }
}
