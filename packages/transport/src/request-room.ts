import type { BytesShare, SharedBytes } from './shared-bytes.ts';

/**
 * Room for what one connection asks: how many requests, and how many bytes of them, may be without an answer. A frame is
 * gathered only once there is room for all of it, so that what has been begun can always be finished.
 */
export class RequestRoom {
  /** However much the codec would take. */
  readonly maxFrameBytes: number;
  readonly #maxInFlight: number;
  readonly #maxInFlightBytes: number;
  readonly #memory: BytesShare;
  #inFlight = 0;
  /** Of the frame on its way, which has been given its room. */
  #claimedBytes: number | undefined;
  /** The next frame waits until others hold less. */
  #isWaiting = false;

  /** `onRoom` is called when a frame that found no room may find it now. */
  constructor(
    shared: SharedBytes,
    { maxInFlight, maxInFlightBytes }: { readonly maxInFlight: number; readonly maxInFlightBytes: number },
    onRoom: () => void,
  ) {
    this.maxFrameBytes = shared.maxShareBytes;
    this.#maxInFlight = maxInFlight;
    this.#maxInFlightBytes = maxInFlightBytes;
    this.#memory = shared.share(() => {
      this.#isWaiting = false;
      onRoom();
    });
  }

  /** Whether every request has its answer. */
  get isIdle(): boolean {
    return this.#inFlight === 0;
  }

  get isFull(): boolean {
    return (
      this.#isWaiting ||
      this.#inFlight >= this.#maxInFlight ||
      this.#memory.heldBytes >= this.#maxInFlightBytes
    );
  }

  /** Whether the next frame, of so many bytes, may be gathered. */
  claim(bytes: number): boolean {
    if (this.#claimedBytes !== undefined) return true;
    if (!this.#memory.hasRoomFor(bytes)) {
      this.#memory.waitFor(bytes);
      this.#isWaiting = true;
      return false;
    }
    this.#memory.hold(bytes);
    this.#claimedBytes = bytes;
    return true;
  }

  /** The frame that was claimed is here: its bytes are now the caller's to release. */
  take(): number {
    const bytes = this.#claimedBytes ?? 0;
    this.#claimedBytes = undefined;
    return bytes;
  }

  /** A request begins, which `settled` ends. */
  begun(): void {
    this.#inFlight += 1;
  }

  settled(bytes: number): void {
    this.#inFlight -= 1;
    this.#memory.release(bytes);
  }

  /** Of a frame that was no request. */
  release(bytes: number): void {
    this.#memory.release(bytes);
  }

  /** Nothing more is gathered. What handlers still have is theirs until they settle. */
  end(): void {
    this.#memory.stopWaiting();
    this.#memory.release(this.take());
  }
}
