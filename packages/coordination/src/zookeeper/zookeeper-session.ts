import type { Timer, World } from '@millrace/runtime';
import { registryError } from '../errors.ts';
import { Pulse } from '../pulse.ts';
import type { Registry, RegistryNode, SessionState } from '../registry.ts';
import { checkNodePath, checkPath, parentOf, rootPath } from '../registry-path.ts';
import { checkValue } from '../registry-value.ts';
import { NodeWatches } from './node-watches.ts';
import type { Refusal, Reply } from './reply.ts';
import { failureOf } from './reply-errors.ts';
import { SessionLease } from './session-lease.ts';
import type { ClientEvents, ZookeeperClient, ZookeeperNode } from './zookeeper-client.ts';

const nothing = new Uint8Array(0);
/** Of the making of a parent; one that is missing has lost its own parent meanwhile, and the create below it says so. */
const harmless: ReadonlySet<Refusal> = new Set(['NODE_EXISTS', 'NODE_MISSING']);
/** Versions are 32 bits there, and -1 stands for any. */
const greatestVersion = 2 ** 31 - 1;

/** One session on a ZooKeeper. */
export class ZookeeperSession implements Registry {
  readonly #client: ZookeeperClient;
  readonly #world: World;
  readonly #watches: NodeWatches;
  readonly #lease: SessionLease;
  readonly #stateWatchers = new Set<Pulse<SessionState>>();
  /** Nodes that are there as far as this session knows: their making is not tried at each create below them. */
  readonly #parents = new Set<string>();
  /** Resolves at the first answer of the server, or at the end. */
  readonly opened: Promise<void>;
  #open: () => void = () => {};
  #heartbeat: Timer | undefined;
  #probing = false;
  #ended = false;

  constructor(connect: (events: ClientEvents) => ZookeeperClient, world: World) {
    this.#world = world;
    this.opened = new Promise((resolve) => {
      this.#open = resolve;
    });
    this.#lease = new SessionLease(world.clock, () => this.#tellState());
    this.#client = connect({
      onConnect: () => this.#onConnect(),
      onLoss: () => this.#onLoss(),
      onNode: (path, what) => this.#watches.onNode(path, what),
      onAnswer: (sentAt) => this.#onAnswer(sentAt),
      onEnd: (code) => this.#onEnd(code),
    });
    this.#watches = new NodeWatches(this.#client, world.clock, world.logger);
  }

  get state(): SessionState {
    if (this.#ended) return 'expired';
    return this.#lease.sure ? 'connected' : 'unsure';
  }

  async create(path: string, data: Uint8Array, options: { ephemeral?: boolean } = {}): Promise<RegistryNode> {
    checkNodePath(path);
    checkValue(path, data);
    this.#expectOpen();
    const ephemeral = options.ephemeral === true;
    for (;;) {
      // All leave at once, so that whatever is called next comes after them.
      const making = this.#makeParents(path);
      const creating = this.#client.create(path, data, { ephemeral });
      const reading = this.#client.get(path);
      const unmade = await making;
      const created = await creating;
      const read = await reading;
      if (unmade !== undefined) throw failureOf(path, unmade, 'change');
      if (created.code === 'OK') return asCreated(path, data, ephemeral, read);
      if (created.code !== 'NODE_MISSING') throw failureOf(path, created, 'change');
      // A parent has been deleted.
      this.#parents.clear();
    }
  }

  async get(path: string): Promise<RegistryNode | undefined> {
    checkNodePath(path);
    this.#expectOpen();
    const reply = await this.#client.get(path);
    if (reply.code === 'OK') return reply.result;
    if (reply.code === 'NODE_MISSING') return undefined;
    throw failureOf(path, reply, 'read');
  }

  async set(path: string, data: Uint8Array, expected: { version: number }): Promise<number> {
    checkNodePath(path);
    checkValue(path, data);
    this.#expectOpen();
    if (!isVersion(expected.version)) return this.#refuseVersion(path, expected.version);
    const reply = await this.#client.set(path, data, expected.version);
    if (reply.code === 'OK') return reply.result;
    throw failureOf(path, reply, 'change', expected.version);
  }

  async delete(path: string, expected?: { version: number }): Promise<void> {
    checkNodePath(path);
    this.#expectOpen();
    if (expected !== undefined && !isVersion(expected.version)) {
      return this.#refuseVersion(path, expected.version);
    }
    this.#parents.delete(path);
    const reply = await this.#client.delete(path, expected?.version);
    if (reply.code !== 'OK') throw failureOf(path, reply, 'change', expected?.version);
  }

  async children(path: string): Promise<string[]> {
    checkPath(path);
    this.#expectOpen();
    const reply = await this.#client.children(path);
    if (reply.code === 'OK') return [...reply.result].sort();
    if (reply.code === 'NODE_MISSING') return [];
    throw failureOf(path, reply, 'read');
  }

  watch(path: string, signal: AbortSignal): AsyncIterable<void> {
    checkPath(path);
    return {
      [Symbol.asyncIterator]: () => {
        const reader = this.#watches.watch(path, signal);
        if (this.#ended) reader.end();
        return reader;
      },
    };
  }

  states(signal: AbortSignal): AsyncIterable<SessionState> {
    return {
      [Symbol.asyncIterator]: () => {
        const watcher: Pulse<SessionState> = new Pulse(() => this.state, {
          pending: true,
          signal,
          onEnd: () => this.#stateWatchers.delete(watcher),
        });
        if (this.#ended) watcher.finish();
        if (!watcher.ended) this.#stateWatchers.add(watcher);
        return watcher;
      },
    };
  }

  /**
   * What was called before is still answered. Where the server cannot be told, the ephemeral nodes stay until it
   * ends the session by itself.
   */
  async close(): Promise<void> {
    this.#finish();
    await this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Undefined once all parents are there as far as the server was asked; else why one is not. */
  #makeParents(path: string): Promise<Exclude<Reply<void>, { code: 'OK' }> | undefined> {
    const missing = parentsOf(path).filter((parent) => !this.#parents.has(parent));
    const making = missing.map(async (parent) => {
      const reply =
        parent === rootPath
          ? await this.#client.makeRoot()
          : await this.#client.create(parent, nothing, { ephemeral: false });
      if (reply.code === 'OK' || reply.code === 'NODE_EXISTS') this.#parents.add(parent);
      return reply;
    });
    return Promise.all(making).then((replies) => {
      for (const reply of replies) if (reply.code !== 'OK' && !harmless.has(reply.code)) return reply;
      return undefined;
    });
  }

  async #refuseVersion(path: string, version: number): Promise<never> {
    const found = await this.get(path);
    const code = found === undefined ? 'NODE_MISSING' : 'VERSION_MISMATCH';
    throw failureOf(path, { code, message: '' }, 'change', version);
  }

  #onConnect(): void {
    this.#lease.agree(this.#client.sessionTimeoutMs);
    this.#lease.regain();
    this.#watches.onConnect();
    this.#beat();
  }

  #onLoss(): void {
    if (this.#ended) return; // by closing it
    this.#lease.lose();
    this.#world.logger.warn({ session: this.#client.sessionId }, 'the connection to ZooKeeper is lost');
  }

  #onAnswer(sentAt: number): void {
    if (this.#ended) return;
    this.#lease.prove(sentAt);
    this.#open();
  }

  /** Asks often enough that a session in use by nobody stays proven. */
  #beat(): void {
    this.#heartbeat?.cancel();
    if (this.#ended) return;
    this.#heartbeat = this.#world.clock.after(this.#client.sessionTimeoutMs / 4, () => this.#beat());
    if (this.#probing) return;
    this.#probing = true;
    void this.#client.probe().then(() => {
      this.#probing = false;
    });
  }

  #onEnd(code: number): void {
    if (!this.#ended) {
      const fields = { session: this.#client.sessionId, code };
      this.#world.logger.warn(fields, 'ZooKeeper has ended the session');
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lease.stop();
    this.#heartbeat?.cancel();
    this.#watches.end();
    this.#open();
    for (const watcher of [...this.#stateWatchers]) {
      watcher.notify();
      watcher.finish();
    }
  }

  #tellState(): void {
    for (const watcher of [...this.#stateWatchers]) watcher.notify();
  }

  #expectOpen(): void {
    if (!this.#ended) return;
    throw registryError('SESSION_EXPIRED', `session ${this.#client.sessionId} of ZooKeeper is over`);
  }
}

/**
 * The answer to a create does not say which node was made, so it is read back, and only what nobody else can have put
 * there counts: an owned ephemeral node, or a persistent one with this very value at its first version.
 */
function asCreated(
  path: string,
  data: Uint8Array,
  ephemeral: boolean,
  read: Reply<ZookeeperNode>,
): RegistryNode {
  if (
    read.code === 'OK' &&
    read.result.version === 0 &&
    read.result.owned === ephemeral &&
    Buffer.compare(read.result.data, data) === 0
  ) {
    return read.result;
  }
  throw registryError('OUTCOME_UNKNOWN', `${path} was created, but changed before it could be read back`, {
    details: { path },
  });
}

function isVersion(version: number): boolean {
  return Number.isInteger(version) && version >= 0 && version <= greatestVersion;
}

/** `/a/b/c` → `/`, `/a`, `/a/b`. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let parent = parentOf(path); parent !== rootPath; parent = parentOf(parent)) parents.unshift(parent);
  return [rootPath, ...parents];
}
