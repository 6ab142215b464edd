import type { NativeClient, NativeClientClass, NativeReply, NativeStat } from './native-client.ts';

/** What a test has the native client say where no real server would. */
export class FakeNativeClient implements NativeClient {
  readonly timeout = 9_000;
  readonly client_id: string;
  readonly client_password = 'secret';
  readonly config: object;
  closed = 0;
  /** The code that every call returns at once, and the one that a reply comes with. */
  returned = 0;
  code = 0;
  stat: NativeStat = { czxid: 5, version: 0, ephemeralOwner: '0' };
  data: Buffer | null = Buffer.alloc(0);
  readonly #listeners = new Map<string, ((client: unknown, what: unknown) => void)[]>();

  constructor(config: { client_id?: string }) {
    this.config = config;
    this.client_id = config.client_id ?? 'abc';
  }

  init(): void {}

  close(): void {
    this.closed += 1;
    this.tell('close', 0);
  }

  on(event: string, listener: (client: unknown, what: unknown) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  tell(event: string, what?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(this, what);
  }

  a_create(path: string, _: Buffer, _flags: number, reply: NativeReply<string>): number {
    return this.#answer(() => reply(this.code, 'refused', path, undefined));
  }

  a_exists(_path: string, _watch: boolean, reply: NativeReply<NativeStat>): number {
    // What the session itself asks always works.
    void Promise.resolve().then(() => reply(0, 'ok', this.stat, undefined));
    return 0;
  }

  a_get(_path: string, _watch: boolean, reply: NativeReply<NativeStat, Buffer>): number {
    return this.#answer(() => reply(this.code, 'refused', this.stat, this.data as Buffer));
  }

  a_get_children(_path: string, _watch: boolean, reply: NativeReply<string[]>): number {
    return this.#answer(() => reply(this.code, 'refused', [], undefined));
  }

  a_set(_path: string, _data: Buffer, _version: number, reply: NativeReply<NativeStat>): number {
    return this.#answer(() => reply(this.code, 'refused', this.stat, undefined));
  }

  a_delete_(_path: string, _version: number, reply: NativeReply<undefined>): number {
    return this.#answer(() => reply(this.code, 'refused', undefined, undefined));
  }

  #answer(answer: () => void): number {
    if (this.returned === 0) void Promise.resolve().then(answer);
    return this.returned;
  }
}

/** A class whose instances a test can reach; each connects as soon as it is asked to. */
export function fakeNativeClients(): { Native: NativeClientClass; made: FakeNativeClient[] } {
  const made: FakeNativeClient[] = [];
  class Native extends FakeNativeClient {
    constructor(config: { client_id?: string }) {
      super(config);
      made.push(this);
    }

    override init(): void {
      void Promise.resolve().then(() => this.tell('connect'));
    }
  }
  return { Native, made };
}
