import type { Timer, World } from '@millrace/runtime';
import type { NativeClient, NativeClientClass, NativeReply, NativeStat } from './native-client.ts';
import { isAnswer, type Reply, refusalOf } from './reply.ts';
import type { ServerLink } from './server-link.ts';

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

const persistent = 0;
const ephemeral = 1;
const anyVersion = -1;
const endPauseMs = 100;
const nothing = Buffer.alloc(0);

/**
 * One session, with promises and typed replies. Everything odd about the npm package is dealt with here; requests are
 * answered in the order of the calls, and leave synchronously with them.
 *
 * A native client serves one connection. When that is lost, it forgets to tell the event loop that its socket is closed
 * until its own timer fires, and whatever socket gets the number meanwhile is made deaf, or the process is aborted. So
 * it is closed while it tells of the loss, and another one takes the session over.
 */
export class ZookeeperClient {
  readonly #Native: NativeClientClass;
  readonly #target: { link: ServerLink; root: string; sessionTimeoutMs: number };
  readonly #world: World;
  readonly #events: ClientEvents;
  readonly #waiting = new Set<(code: 'LOST' | 'OVER') => void>();
  #native: NativeClient | undefined;
  #session: { readonly client_id: string; readonly client_password: string } | undefined;
  #agreedMs: number;
  #connected = false;
  #over = false;
  #attempt: Timer | undefined;
  #onLoss = (): void => {};
  #closing: Promise<void> | undefined;

  /** Connects in the background, and goes on trying: whoever waits for it needs a limit. */
  constructor(
    Native: NativeClientClass,
    target: { link: ServerLink; root: string; sessionTimeoutMs: number },
    events: ClientEvents,
    world: World,
  ) {
    this.#Native = Native;
    this.#target = target;
    this.#agreedMs = target.sessionTimeoutMs;
    this.#events = events;
    this.#world = world;
    // A native client that was not connected yet does not tell; it may still have to read that its session expired.
    target.link.onEnd = () => this.#dropIn(endPauseMs);
    this.#start();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** As agreed with the server, once connected. */
  get sessionTimeoutMs(): number {
    return this.#agreedMs;
  }

  /** In hexadecimal, as ZooKeeper's own tools show it; '0' before the first connection. */
  get sessionId(): string {
    return this.#session?.client_id ?? '0';
  }

  create(path: string, data: Uint8Array, options: { ephemeral: boolean }): Promise<Reply<void>> {
    return this.#create(this.#full(path), data, options.ephemeral ? ephemeral : persistent);
  }

  /** Makes the chroot, and what is above it. No failure when it is there. */
  async makeRoot(): Promise<Reply<void>> {
    if (this.#target.root === '') return { code: 'OK', result: undefined };
    const parts = this.#target.root.slice(1).split('/');
    const making = parts.map((_, index) =>
      this.#create(`/${parts.slice(0, index + 1).join('/')}`, nothing, persistent),
    );
    const replies = await Promise.all(making);
    const failed = replies.find(({ code }) => code !== 'OK' && code !== 'NODE_EXISTS');
    return failed ?? { code: 'OK', result: undefined };
  }

  get(path: string): Promise<Reply<ZookeeperNode>> {
    return this.#ask<NativeStat, Buffer | null, ZookeeperNode>(
      (native, reply) => native.a_get(this.#full(path), false, reply as NativeReply<NativeStat, Buffer>),
      (stat, data) => ({
        data: data ?? nothing,
        version: stat.version,
        created: stat.czxid,
        // Its own `createdInThisSession` takes the 0 of persistent nodes for a session that has no id yet.
        owned: stat.ephemeralOwner !== '0' && stat.ephemeralOwner === this.sessionId,
      }),
    );
  }

  /** Answers with the new version. */
  set(path: string, data: Uint8Array, version: number): Promise<Reply<number>> {
    return this.#ask<NativeStat, undefined, number>(
      (native, reply) => native.a_set(this.#full(path), bufferOf(data), version, reply),
      (stat) => stat.version,
    );
  }

  delete(path: string, version: number | undefined): Promise<Reply<void>> {
    return this.#ask<undefined, undefined, void>(
      (native, reply) => native.a_delete_(this.#full(path), version ?? anyVersion, reply),
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

  /**
   * Ends the session: its ephemeral nodes are gone on return if the server could be told. What was asked before is
   * answered first. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const limitMs = Math.ceil(this.sessionTimeoutMs / 3);
    // What was asked before is answered before this.
    if (this.#connected) await this.#within(limitMs, this.probe());
    const lost = new Promise<void>((resolve) => {
      if (this.#connected) this.#onLoss = resolve;
      else resolve();
    });
    await this.#target.link.close(limitMs);
    // The native goodbye blocks the event loop until the server answers it. Without a connection it is not said.
    await this.#within(limitMs, lost);
    // Not from within a callback of the native client.
    await new Promise<void>((resolve) => this.#world.clock.endOfTurn(resolve));
    const native = this.#native;
    this.#end(0);
    native?.close();
  }

  async #within(ms: number, something: Promise<unknown>): Promise<void> {
    const enough = new AbortController();
    const sleep = this.#world.clock.sleep(ms, enough.signal).catch(() => {});
    await Promise.race([something, sleep]);
    enough.abort();
  }

  #start(): void {
    if (this.#over || this.#closing !== undefined) return;
    const { link, sessionTimeoutMs } = this.#target;
    const native = new this.#Native({
      connect: link.address,
      timeout: sessionTimeoutMs,
      // It writes to stderr otherwise.
      debug_level: 0,
      // After ten reads without news it would say by itself that the session expired.
      response_counter_limit: 2 ** 31 - 1,
      ...this.#session,
    });
    this.#native = native;
    this.#listen(native);
    native.init({});
    // It would tell of no failure.
    this.#dropIn(this.#agreedMs / 3);
  }

  #dropIn(ms: number): void {
    if (this.#native === undefined || this.#connected) return;
    this.#attempt?.cancel();
    this.#attempt = this.#world.clock.after(ms, () => this.#drop());
  }

  #listen(native: NativeClient): void {
    const on = (event: string, hear: (what: unknown) => void): void => {
      native.on(event, (_, what) => {
        if (native === this.#native) hear(what);
      });
    };
    on('connect', () => {
      this.#attempt?.cancel();
      this.#agreedMs = native.timeout;
      this.#session = { client_id: native.client_id, client_password: native.client_password };
      this.#connected = true;
      this.#events.onConnect();
    });
    on('connecting', () => this.#drop());
    on('close', (code) => this.#end(Number(code)));
    for (const what of ['created', 'deleted', 'changed', 'child'] as const) {
      on(what, (full) => {
        const path = this.#pathOf(String(full));
        if (path !== undefined) this.#events.onNode(path, what);
      });
    }
  }

  /** Closes the native client, which has lost its connection or found none, and starts another soon. */
  #drop(): void {
    const native = this.#native;
    const wasConnected = this.#connected;
    this.#native = undefined;
    this.#connected = false;
    this.#attempt?.cancel();
    native?.close();
    for (const abandon of [...this.#waiting]) abandon('LOST');
    this.#attempt = this.#world.clock.after(0, () => this.#start());
    this.#onLoss();
    if (wasConnected) this.#events.onLoss();
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#native = undefined;
    this.#connected = false;
    this.#attempt?.cancel();
    for (const abandon of [...this.#waiting]) abandon('OVER');
    void this.#target.link.close(0);
    this.#events.onEnd(code);
  }

  #create(full: string, data: Uint8Array, flags: number): Promise<Reply<void>> {
    return this.#ask<string, undefined, void>(
      (native, reply) => native.a_create(full, bufferOf(data), flags, reply),
      () => {},
    );
  }

  #exists(path: string, watch: boolean): Promise<Reply<void>> {
    return this.#ask<NativeStat, undefined, void>(
      (native, reply) => native.a_exists(this.#full(path), watch, reply),
      () => {},
    );
  }

  #children(path: string, watch: boolean): Promise<Reply<readonly string[]>> {
    return this.#ask<string[], undefined, readonly string[]>(
      (native, reply) => native.a_get_children(this.#full(path), watch, reply),
      // The server keeps its own things there.
      (names) => (this.#full(path) === '/' ? names.filter((name) => name !== 'zookeeper') : names),
    );
  }

  #ask<First, Second, Result>(
    send: (native: NativeClient, reply: NativeReply<First, Second>) => number,
    read: (first: First, second: Second) => Result,
  ): Promise<Reply<Result>> {
    if (this.#over) return Promise.resolve({ code: 'UNSENT', message: 'the session is over' });
    const native = this.#native;
    if (native === undefined || !this.#connected) {
      return Promise.resolve({ code: 'LOST', message: 'there is no connection' });
    }
    const sentAt = this.#world.clock.monotonic();
    return new Promise((resolve) => {
      const settle = (reply: Reply<Result>): void => {
        this.#waiting.delete(abandon);
        resolve(reply);
      };
      const abandon = (code: 'LOST' | 'OVER'): void => settle({ code, message: 'the connection was lost' });
      this.#waiting.add(abandon);
      const refusal = send(native, (code, message, first, second) => {
        if (isAnswer(code)) this.#events.onAnswer(sentAt);
        if (code === 0) settle({ code: 'OK', result: read(first, second) });
        else settle({ code: refusalOf(code), message: `${code} ${message}` });
      });
      if (refusal < 0) settle({ code: refusalOf(refusal), message: `${refusal}` });
    });
  }

  #full(path: string): string {
    if (this.#target.root === '') return path;
    return path === '/' ? this.#target.root : `${this.#target.root}${path}`;
  }

  #pathOf(full: string): string | undefined {
    if (full === this.#target.root) return '/';
    return full.startsWith(`${this.#target.root}/`) ? full.slice(this.#target.root.length) : undefined;
  }
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
