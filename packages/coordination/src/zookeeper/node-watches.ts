import type { Clock, Logger, Timer } from '@millrace/runtime';
import { Pulse } from '../pulse.ts';
import type { Reply } from './reply.ts';
import type { ClientEvents, ZookeeperClient } from './zookeeper-client.ts';

type Event = Parameters<ClientEvents['onNode']>[1];

const retryMs = 500;

/** The two one-shot watches that make up one of ours: each wanted until it is asked for, and again once it has fired. */
interface WatchedPath {
  readonly readers: Set<Pulse>;
  readonly unset: Set<'node' | 'children'>;
  /** Questions under way. */
  asked: number;
}

/**
 * All watches of a session. The server's are one-shot: when one fires it is set again, and only when the server has
 * confirmed that are the readers told. So whatever changes after a reader was told wakes it again.
 */
export class NodeWatches {
  readonly #client: ZookeeperClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** A watch cannot be taken back: a path stays here, without readers, until its watches have fired. */
  readonly #paths = new Map<string, WatchedPath>();
  #retry: Timer | undefined;

  constructor(client: ZookeeperClient, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  watch(path: string, signal: AbortSignal): Pulse {
    const watched = this.#paths.get(path) ?? {
      readers: new Set(),
      unset: new Set(['node', 'children']),
      asked: 0,
    };
    const reader: Pulse = new Pulse<void>(() => {}, {
      pending: isSet(watched),
      signal,
      onEnd: () => watched.readers.delete(reader),
    });
    if (reader.ended) return reader;
    watched.readers.add(reader);
    this.#paths.set(path, watched);
    this.#setMissing(path, watched);
    return reader;
  }

  onNode(path: string, what: Event): void {
    const watched = this.#paths.get(path);
    if (watched === undefined) return;
    // `deleted` comes once and uses up both; after `created` there are children to be watched.
    if (what !== 'child') watched.unset.add('node');
    if (what !== 'changed') watched.unset.add('children');
    if (watched.readers.size > 0) this.#setMissing(path, watched);
    else if (watched.unset.size === 2) this.#paths.delete(path);
  }

  /** A connection is new to the server's watches; what changed meanwhile is for the readers to find out. */
  onConnect(): void {
    for (const [path, watched] of [...this.#paths]) {
      watched.unset.add('node').add('children');
      if (watched.readers.size > 0) this.#setMissing(path, watched);
      else this.#paths.delete(path);
    }
  }

  end(): void {
    this.#retry?.cancel();
    for (const { readers } of this.#paths.values()) for (const reader of [...readers]) reader.end();
    this.#paths.clear();
  }

  #setAll(): void {
    for (const [path, watched] of this.#paths) {
      if (watched.readers.size > 0) this.#setMissing(path, watched);
    }
  }

  #setMissing(path: string, watched: WatchedPath): void {
    for (const kind of [...watched.unset]) {
      watched.unset.delete(kind);
      watched.asked += 1;
      const reply = kind === 'node' ? this.#client.watchNode(path) : this.#client.watchChildren(path);
      void reply.then((answer) => {
        watched.asked -= 1;
        if (!this.#took(path, answer)) watched.unset.add(kind);
        if (isSet(watched)) for (const reader of [...watched.readers]) reader.notify();
      });
    }
  }

  #took(path: string, reply: Reply<unknown>): boolean {
    // Without a node there is no watch of its children: `created` brings it.
    if (reply.code === 'OK' || reply.code === 'NODE_MISSING') return true;
    if (reply.code === 'OVER' || reply.code === 'UNSENT') return false;
    if (reply.code !== 'LOST') {
      this.#logger.warn({ path, reply: reply.message }, 'ZooKeeper refuses a watch; trying again');
    }
    this.#tryLater();
    return false;
  }

  /** For what was refused while the connection stayed; the next connection sets everything. */
  #tryLater(): void {
    this.#retry ??= this.#clock.after(retryMs, () => {
      this.#retry = undefined;
      if (this.#client.connected) this.#setAll();
    });
  }
}

function isSet({ unset, asked }: WatchedPath): boolean {
  return unset.size === 0 && asked === 0;
}
