import type { Clock } from '@millrace/runtime';
import type { NativeClient, NativeClientClass, NativeReply, NativeStat } from './native-client.ts';

/** What became of a request. */
export type Reply<Result> =
  | { readonly code: 'OK'; readonly result: Result }
  | { readonly code: Refusal; readonly message: string };

/**
 * `LOST`: the connection broke; whether the request had its effect is not known. `OVER`: the session or the client is
 * at its end, the request may still have had its effect; `UNSENT`: so it was before the request was made.
 */
export type Refusal =
  | 'NODE_MISSING'
  | 'NODE_EXISTS'
  | 'VERSION_MISMATCH'
  | 'NOT_EMPTY'
  | 'BELOW_EPHEMERAL'
  | 'BAD_PATH'
  | 'LOST'
  | 'OVER'
  | 'UNSENT'
  | 'REFUSED';

export interface ZookeeperNode {
  readonly data: Uint8Array;
  readonly version: number;
  readonly created: number;
  readonly owned: boolean;
}

/** What the client tells without being asked; called from the event loop, one after the other. */
export interface ClientEvents {
  /** The session is there, for the first time or again. */
  onConnect(): void;
  /** Once per loss of the connection. */
  onLoss(): void;
  /** A watch has fired, and is used up. */
  onNode(path: string, what: 'created' | 'deleted' | 'changed' | 'child'): void;
  /** The server answered something that was sent at `sentAt` (monotonic): the session lived then. */
  onAnswer(sentAt: number): void;
  /** The session is over: by the server's word if we did not close it ourselves. */
  onEnd(code: number): void;
}

/** See zookeeper.h. */
const codes: { readonly [code: number]: Refusal } = {
  [-4]: 'LOST',
  [-5]: 'LOST',
  [-7]: 'LOST',
  [-8]: 'BAD_PATH',
  [-9]: 'OVER',
  [-101]: 'NODE_MISSING',
  [-103]: 'VERSION_MISMATCH',
  [-108]: 'BELOW_EPHEMERAL',
  [-110]: 'NODE_EXISTS',
  [-111]: 'NOT_EMPTY',
  [-112]: 'OVER',
  [-116]: 'OVER',
  [-118]: 'LOST',
  [-127]: 'LOST',
};
const answered: ReadonlySet<number> = new Set([0, -101, -103, -108, -110, -111]);

const persistent = 0;
const ephemeral = 1;
const anyVersion = -1;
const nothing = Buffer.alloc(0);

/**
 * One session on one native client, with promises and typed replies. Everything odd about the npm package is dealt with
 * here; requests are answered in the order of the calls, and leave synchronously with them.
 */
export class ZookeeperClient {
  readonly #native: NativeClient;
  readonly #clock: Clock;
  readonly #events: ClientEvents;
  /** Below which of the server's nodes all paths lie: given to the native client it would have to exist. */
  readonly #root: string;
  readonly #waiting = new Set<() => void>();
  #addresses: string;
  #connected = false;
  #over = false;
  #closing: Promise<void> | undefined;

  /** Connects in the background; the native client never tells of a failure, so whoever waits needs a limit. */
  constructor(
    Native: NativeClientClass,
    target: { addresses: string; root: string; sessionTimeoutMs: number },
    clock: Clock,
    events: ClientEvents,
  ) {
    this.#root = target.root;
    this.#addresses = target.addresses;
    this.#clock = clock;
    this.#events = events;
    this.#native = new Native({
      connect: target.addresses,
      timeout: target.sessionTimeoutMs,
      // It writes to stderr otherwise.
      debug_level: 0,
      host_order_deterministic: false,
      // After ten reads without news it would say by itself that the session expired.
      response_counter_limit: 2 ** 31 - 1,
    });
    this.#listen();
    this.#native.init({});
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** As agreed with the server. */
  get sessionTimeoutMs(): number {
    return this.#native.timeout;
  }

  get sessionId(): string {
    return this.#native.client_id;
  }

  create(path: string, data: Uint8Array, options: { ephemeral: boolean }): Promise<Reply<void>> {
    return this.#create(this.#full(path), data, options.ephemeral ? ephemeral : persistent);
  }

  /** Makes the chroot, and what is above it. No failure when it is there. */
  async makeRoot(): Promise<Reply<void>> {
    if (this.#root === '') return { code: 'OK', result: undefined };
    const parts = this.#root.slice(1).split('/');
    const making = parts.map((_, index) =>
      this.#create(`/${parts.slice(0, index + 1).join('/')}`, nothing, persistent),
    );
    const replies = await Promise.all(making);
    const failed = replies.find(({ code }) => code !== 'OK' && code !== 'NODE_EXISTS');
    return failed ?? { code: 'OK', result: undefined };
  }

  get(path: string): Promise<Reply<ZookeeperNode>> {
    return this.#ask<NativeStat, Buffer | null, ZookeeperNode>(
      (reply) => this.#native.a_get(this.#full(path), false, reply as NativeReply<NativeStat, Buffer>),
      (stat, data) => ({
        data: data ?? nothing,
        version: stat.version,
        created: stat.czxid,
        // Its own `createdInThisSession` takes the 0 of persistent nodes for a session that has no id yet.
        owned: stat.ephemeralOwner !== '0' && stat.ephemeralOwner === this.#native.client_id,
      }),
    );
  }

  /** Answers with the new version. */
  set(path: string, data: Uint8Array, version: number): Promise<Reply<number>> {
    return this.#ask<NativeStat, undefined, number>(
      (reply) => this.#native.a_set(this.#full(path), bufferOf(data), version, reply),
      (stat) => stat.version,
    );
  }

  delete(path: string, version: number | undefined): Promise<Reply<void>> {
    return this.#ask<undefined, undefined, void>(
      (reply) => this.#native.a_delete_(this.#full(path), version ?? anyVersion, reply),
      () => {},
    );
  }

  children(path: string): Promise<Reply<readonly string[]>> {
    return this.#children(path, false);
  }

  /** Tells by `onNode`, once, when the node is created, deleted or its value changes; also when it is not there now. */
  watchNode(path: string): Promise<Reply<void>> {
    return this.#exists(path, true);
  }

  /** Tells by `onNode`, once, when a child comes or goes, or the node itself goes; not when it is not there now. */
  watchChildren(path: string): Promise<Reply<readonly string[]>> {
    return this.#children(path, true);
  }

  /** A question whose answer says only that the session lives. */
  probe(): Promise<Reply<void>> {
    return this.#exists('/', false);
  }

  /** Looks for its server at these addresses from now on. */
  moveTo(addresses: string): void {
    if (this.#over || addresses === this.#addresses) return;
    this.#addresses = addresses;
    this.#native.set_servers(addresses);
  }

  /**
   * Ends the session: its ephemeral nodes are gone on return if the server could be told. What was asked before is
   * answered first. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // The native close blocks the event loop until the server answers it. So it is only called when the server has
    // just answered, or when the native client has noticed that it does not: then it waits for nobody.
    if (this.#connected) await this.probe();
    // An answer is delivered from within the native client; it is closed from outside of it.
    await new Promise<void>((resolve) => this.#clock.endOfTurn(resolve));
    if (this.#over) return;
    this.#native.close();
    this.#end(0);
  }

  #listen(): void {
    const on = (event: string, hear: (what: unknown) => void): void => {
      this.#native.on(event, (_, what) => {
        if (!this.#over) hear(what);
      });
    };
    on('connect', () => {
      this.#connected = true;
      this.#events.onConnect();
    });
    on('connecting', () => {
      this.#connected = false;
      this.#events.onLoss();
    });
    on('close', (code) => this.#end(Number(code)));
    for (const what of ['created', 'deleted', 'changed', 'child'] as const) {
      on(what, (full) => {
        const path = this.#pathOf(String(full));
        if (path !== undefined) this.#events.onNode(path, what);
      });
    }
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#connected = false;
    for (const abandon of [...this.#waiting]) abandon();
    this.#events.onEnd(code);
  }

  #create(full: string, data: Uint8Array, flags: number): Promise<Reply<void>> {
    return this.#ask<string, undefined, void>(
      (reply) => this.#native.a_create(full, bufferOf(data), flags, reply),
      () => {},
    );
  }

  #exists(path: string, watch: boolean): Promise<Reply<void>> {
    return this.#ask<NativeStat, undefined, void>(
      (reply) => this.#native.a_exists(this.#full(path), watch, reply),
      () => {},
    );
  }

  #children(path: string, watch: boolean): Promise<Reply<readonly string[]>> {
    return this.#ask<string[], undefined, readonly string[]>(
      (reply) => this.#native.a_get_children(this.#full(path), watch, reply),
      // The server keeps its own things there.
      (names) => (this.#full(path) === '/' ? names.filter((name) => name !== 'zookeeper') : names),
    );
  }

  #ask<First, Second, Result>(
    send: (reply: NativeReply<First, Second>) => number,
    read: (first: First, second: Second) => Result,
  ): Promise<Reply<Result>> {
    if (this.#over) return Promise.resolve({ code: 'UNSENT', message: 'the session is over' });
    const sentAt = this.#clock.monotonic();
    return new Promise((resolve) => {
      const settle = (reply: Reply<Result>): void => {
        this.#waiting.delete(abandon);
        resolve(reply);
      };
      const abandon = (): void => settle({ code: 'OVER', message: 'the session ended' });
      this.#waiting.add(abandon);
      const refusal = send((code, message, first, second) => {
        if (answered.has(code)) this.#events.onAnswer(sentAt);
        if (code === 0) settle({ code: 'OK', result: read(first, second) });
        else settle({ code: codes[code] ?? 'REFUSED', message: `${code} ${message}` });
      });
      if (refusal < 0) settle({ code: codes[refusal] ?? 'REFUSED', message: `${refusal}` });
    });
  }

  #full(path: string): string {
    if (this.#root === '') return path;
    return path === '/' ? this.#root : `${this.#root}${path}`;
  }

  #pathOf(full: string): string | undefined {
    if (full === this.#root) return '/';
    return full.startsWith(`${this.#root}/`) ? full.slice(this.#root.length) : undefined;
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
