/**
 * Where brokers and consumers find each other: a small tree of nodes, like ZooKeeper's. Three implementations pass one
 * conformance suite: ZooKeeper, memory (the broker makes it durable), and a client of a broker's embedded registry.
 *
 * There is no transaction: every decision that must be atomic is one compare-and-set on one node. A `Registry` is one
 * session. A session can expire, so those who use one take an `OpenRegistry` and open another.
 *
 * Paths are absolute, parts separated by `/`. Values are small (at most 1,000,000 bytes). Every value changed by compare-and-set
 * carries its writer and a counter, so that reading back after OUTCOME_UNKNOWN is decisive.
 *
 * Errors (`RegistryError`): NODE_EXISTS, NODE_MISSING, VERSION_MISMATCH, NOT_EMPTY, SESSION_EXPIRED, OUTCOME_UNKNOWN,
 * INVALID_PATH, VALUE_TOO_LARGE.
 */
export interface Registry extends AsyncDisposable {
  /** Makes missing parents (persistent ones). NODE_EXISTS. */
  create(path: string, data: Uint8Array, options?: { ephemeral?: boolean }): Promise<RegistryNode>;
  /** undefined when there is no such node. */
  get(path: string): Promise<RegistryNode | undefined>;
  /** Replaces the whole value if the version is the expected one; returns the new version. VERSION_MISMATCH, NODE_MISSING. */
  set(path: string, data: Uint8Array, expected: { version: number }): Promise<number>;
  /** VERSION_MISMATCH, NODE_MISSING, NOT_EMPTY. */
  delete(path: string, expected?: { version: number }): Promise<void>;
  /** Names, sorted; [] when the node is missing. */
  children(path: string): Promise<string[]>;
  /**
   * "Look again": once now, then after a create, delete, data change or children change of this very path. Merges what
   * happens before the reader comes back. Ends when the signal aborts or the session expires.
   */
  watch(path: string, signal: AbortSignal): AsyncIterable<void>;
  readonly state: SessionState;
  /** The present state, then each change; ends after 'expired', or when the signal aborts. */
  states(signal: AbortSignal): AsyncIterable<SessionState>;
  /** Ends the session: its ephemeral nodes go at once. Idempotent. */
  close(): Promise<void>;
}

/** 'unsure': the loss of the connection was noticed; 'expired': the registry's own word, the ephemeral nodes are gone. */
export type SessionState = 'connected' | 'unsure' | 'expired';

/** A new session each time. */
export type OpenRegistry = (signal?: AbortSignal) => Promise<Registry>;

export interface RegistryNode {
  readonly data: Uint8Array;
  /** Compare-and-set token; starts at 0 when a node is created. */
  readonly version: number;
  /** Grows over the whole registry with every creation: tells a re-created node from the one seen before. */
  readonly created: number;
  /** Ephemeral, and of this very session. */
  readonly owned: boolean;
}
