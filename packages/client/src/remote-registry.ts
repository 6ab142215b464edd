import {
  type OpenRegistry,
  Pulse,
  type Registry,
  type RegistryNode,
  type SessionState,
} from '@millrace/coordination';
import type { Connection, ErrorCode } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import { clientError } from './errors.ts';
import { type Answer, checkedAnswer, nodeOf, type Operation, registryFailure } from './registry-answer.ts';
import { RegistryLink } from './registry-link.ts';

/**
 * The registry that a broker keeps, over the wire. A session outlives its connections: what is watched and owned lies
 * with the broker. A call whose answer was lost is asked again when it only reads, else it rejects with OUTCOME_UNKNOWN;
 * what is read after that is decisive, since the broker takes nothing more from the connection before.
 *
 * `connect` gives a connection to the broker, and is asked again after one was lost; `timeoutMs`: after so long without a
 * word the broker ends the session. UNSUPPORTED_VERSION where the broker keeps none.
 */
export function remoteRegistry(
  connect: () => Promise<Connection>,
  timeoutMs: number,
  world: World,
): OpenRegistry {
  return async (signal) => {
    signal?.throwIfAborted();
    const connection = await connect();
    const answer = await connection.call('registrySession', { timeoutMs }).catch(noRegistry);
    signal?.throwIfAborted();
    if (answer.error !== 'NONE') throw elsewhere(answer.error, answer.message);
    if (answer.session === undefined)
      throw clientError('INVALID_METADATA', 'the broker opened a session of its registry without a name');
    const link = new RegistryLink(answer.session, answer.timeoutMs ?? timeoutMs, connect, connection, world);
    return new RemoteSession(link, world);
  };
}

/** A broker in a cluster on ZooKeeper keeps no registry: its clients go to ZooKeeper themselves. */
function noRegistry(error: unknown): never {
  if (codeOf(error) !== 'UNSUPPORTED_VERSION') throw error;
  throw clientError('UNSUPPORTED_VERSION', 'this broker keeps no registry of its own, which groups need', {
    cause: error,
    hint: 'give the client the registry that the brokers use',
  });
}

/** The broker says where its registry is. */
function elsewhere(code: ErrorCode, where: string | undefined): Error {
  const hint = where ?? 'give the client the registry that the brokers use';
  return clientError(code, 'this broker keeps no registry of its own, which groups need', { hint });
}

/** What is no version travels as one that no node has, so that the broker says what is wrong. */
function versionOnWire(version: number): number {
  return Number.isSafeInteger(version) && version >= 0 ? version : Number.MAX_SAFE_INTEGER;
}

class RemoteSession implements Registry {
  readonly #link: RegistryLink;
  readonly #watchers = new Map<string, Set<Pulse>>();
  readonly #stateWatchers = new Set<Pulse<SessionState>>();
  #closed: Promise<void> | undefined;

  constructor(link: RegistryLink, world: World) {
    this.#link = link;
    link.follow({
      changed: (paths) => {
        for (const path of paths) for (const pulse of this.#watchers.get(path) ?? []) pulse.notify();
      },
      stateMoved: () => this.#stateMoved(),
      failed: (error) => world.logger.warn({ err: error }, 'a watch of the registry was refused'),
    });
  }

  get state(): SessionState {
    return this.#link.state;
  }

  async create(path: string, data: Uint8Array, options: { ephemeral?: boolean } = {}): Promise<RegistryNode> {
    const { ephemeral = false } = options;
    const answer = await this.#write({ operation: 'create', path, ephemeral, data: Buffer.from(data) });
    const { version = 0, created = 0, owned = false } = answer;
    return { data: Uint8Array.from(data), version, created, owned };
  }

  async get(path: string): Promise<RegistryNode | undefined> {
    return nodeOf(await this.#read({ operation: 'get', path }));
  }

  async set(path: string, data: Uint8Array, { version }: { version: number }): Promise<number> {
    const expected = versionOnWire(version);
    const answer = await this.#write({ operation: 'set', path, version: expected, data: Buffer.from(data) });
    return answer.version ?? version + 1;
  }

  async delete(path: string, expected?: { version: number }): Promise<void> {
    const version = expected && versionOnWire(expected.version);
    await this.#write({ operation: 'delete', path, ...(version === undefined ? {} : { version }) });
  }

  async children(path: string): Promise<string[]> {
    return [...((await this.#read({ operation: 'children', path })).names ?? [])];
  }

  watch(path: string, signal: AbortSignal): AsyncIterable<void> {
    return {
      [Symbol.asyncIterator]: () => {
        const watchers = this.#watchers.get(path) ?? new Set();
        // The first of a path gets the broker's first look, so that nothing is missed between look and watch.
        const isFirst = watchers.size === 0;
        const pulse: Pulse = new Pulse<void>(() => {}, {
          pending: !isFirst,
          signal,
          onEnd: () => this.#unwatch(path, pulse),
        });
        if (this.#link.state === 'expired') pulse.end();
        if (pulse.ended) return pulse;
        this.#watchers.set(path, watchers.add(pulse));
        if (isFirst) this.#link.watch(path);
        return pulse;
      },
    };
  }

  states(signal: AbortSignal): AsyncIterable<SessionState> {
    return {
      [Symbol.asyncIterator]: () => {
        const pulse: Pulse<SessionState> = new Pulse(() => this.state, {
          pending: true,
          signal,
          onEnd: () => this.#stateWatchers.delete(pulse),
        });
        if (this.state === 'expired') pulse.finish();
        if (!pulse.ended) this.#stateWatchers.add(pulse);
        return pulse;
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#link.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Asked again until there is an answer, or the session is over. */
  async #read(operation: Operation): Promise<Answer> {
    for (;;) {
      const answer = await this.#link.ask(operation);
      if (answer !== 'lost') return checkedAnswer(answer, operation);
    }
  }

  async #write(operation: Operation): Promise<Answer> {
    const answer = await this.#link.ask(operation);
    if (answer !== 'lost') return checkedAnswer(answer, operation);
    throw registryFailure(
      'OUTCOME_UNKNOWN',
      `the answer to ${operation.operation} ${operation.path} was lost`,
    );
  }

  #unwatch(path: string, pulse: Pulse): void {
    const watchers = this.#watchers.get(path);
    watchers?.delete(pulse);
    if (watchers?.size !== 0) return;
    this.#watchers.delete(path);
    this.#link.unwatch(path);
  }

  #stateMoved(): void {
    const isOver = this.state === 'expired';
    for (const pulse of [...this.#stateWatchers]) {
      pulse.notify();
      if (isOver) pulse.finish();
    }
    if (!isOver) return;
    for (const pulses of [...this.#watchers.values()]) for (const pulse of [...pulses]) pulse.end();
  }
}
