import type { ApiName, Connection, Connector, NodeAddress, RequestOf, ResponseOf } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import { abandonable } from './abandon.ts';
import { addressText } from './bootstrap-address.ts';
import { clientError, clusterClosed } from './errors.ts';
import { retryDelayMs } from './retry.ts';

/** Connectors have their own, shorter one; this is for those that have none. */
const connectTimeoutMs = 10_000;

/**
 * One connection a broker, opened when it is needed and again after it was lost. Whoever asks while it is being opened
 * waits for the same one. A broker that refuses is left alone for a while that grows with every refusal.
 */
export class Connections {
  readonly #connect: Connector;
  readonly #backoffMs: number;
  readonly #world: World;
  readonly #lines = new Map<string, Line>();
  readonly #dedicated = new Set<Connection>();
  readonly #closing = new AbortController();

  constructor(connect: Connector, backoffMs: number, world: World) {
    this.#connect = connect;
    this.#backoffMs = backoffMs;
    this.#world = world;
  }

  /** Whether there is one at this moment. */
  isOpen(node: NodeAddress): boolean {
    return this.#lines.get(keyOf(node))?.open !== undefined;
  }

  /** When this address may be tried again, on the monotonic clock; 0: at once. */
  notBefore(node: NodeAddress): number {
    return this.#lines.get(keyOf(node))?.notBefore ?? 0;
  }

  /** Waits for its turn after a refusal. Rejects with what the connector says, CLUSTER_CLOSED. */
  to(node: NodeAddress): Promise<Connection> {
    if (this.#closing.signal.aborted) return Promise.reject(clusterClosed());
    const line = this.#lineOf(node);
    if (line.open !== undefined) return Promise.resolve(line.open);
    line.opening ??= this.#open(node, line).finally(() => {
      line.opening = undefined;
    });
    return line.opening;
  }

  /** One that is the caller's alone, who closes it; at once, whoever was refused before. As `to` otherwise. */
  async dedicated(node: NodeAddress): Promise<Connection> {
    this.#closing.signal.throwIfAborted();
    const opened = await this.#connectInTime(node, AbortSignal.any([this.#closing.signal]));
    const connection = new WatchedConnection(opened, () => this.#hangUp(opened, node));
    this.#dedicated.add(connection);
    void connection.closed.then(() => this.#dedicated.delete(connection));
    return connection;
  }

  /** The connection that began with a bootstrap address is the one to this broker, as its metadata said. */
  adopt(node: NodeAddress): void {
    const line = this.#lines.get(keyOf({ ...node, nodeId: undefined }));
    if (line?.open === undefined || this.isOpen(node)) return;
    this.#lines.delete(keyOf({ ...node, nodeId: undefined }));
    this.#lines.set(keyOf(node), line);
  }

  /** Closes what leads to none of these, e.g. to an address that a broker has left. */
  async keepOnly(nodes: readonly NodeAddress[]): Promise<void> {
    const kept = new Set(nodes.map(keyOf));
    const left = [...this.#lines].filter(([key]) => !kept.has(key));
    for (const [key, line] of left) {
      this.#lines.delete(key);
      line.isLeft = true;
    }
    await Promise.all(left.flatMap(([, { open }]) => (open === undefined ? [] : [open.close()])));
  }

  async close(): Promise<void> {
    this.#closing.abort(clusterClosed());
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    await Promise.all([...this.#dedicated].map((connection) => connection.close()));
    await Promise.all(lines.flatMap(({ open }) => (open === undefined ? [] : [open.close()])));
    await Promise.allSettled(lines.flatMap(({ opening }) => (opening === undefined ? [] : [opening])));
  }

  async #open(node: NodeAddress, line: Line): Promise<Connection> {
    const { clock, random } = this.#world;
    const waitMs = line.notBefore - clock.monotonic();
    const closing = AbortSignal.any([this.#closing.signal]);
    if (waitMs > 0) await clock.sleep(waitMs, closing);
    let opened: Connection;
    try {
      opened = await this.#connectInTime(node, closing);
    } catch (error) {
      line.failures += 1;
      line.notBefore = clock.monotonic() + retryDelayMs(line.failures, this.#backoffMs, random);
      throw error;
    }
    if (this.#closing.signal.aborted) {
      await opened.close();
      throw clusterClosed();
    }
    if (line.isLeft) {
      await opened.close();
      throw leftBehind(node);
    }
    return this.#watch(new WatchedConnection(opened, () => this.#hangUp(opened, node)), node, line);
  }

  /** Whoever asks for the same line waits for it, so a connector that never answers is not waited for. */
  async #connectInTime(node: NodeAddress, closing: AbortSignal): Promise<Connection> {
    const { clock } = this.#world;
    const late = new AbortController();
    const timer = clock.after(connectTimeoutMs, () => late.abort(notInTime(node)));
    const ends = AbortSignal.any([closing, late.signal]);
    const connecting = this.#connect(node, ends);
    try {
      return await abandonable(connecting, ends);
    } catch (error) {
      // It may come about all the same.
      if (ends.aborted) connecting.then((connection) => this.#hangUp(connection, node)).catch(() => {});
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #hangUp(connection: Connection, node: NodeAddress): Promise<void> {
    try {
      await connection.close();
    } catch (error) {
      this.#world.logger.error({ error, address: addressText(node) }, 'a connection did not end well');
    }
  }

  #watch(connection: Connection, node: NodeAddress, line: Line): Connection {
    const { clock, random, logger } = this.#world;
    const openedAt = clock.monotonic();
    line.open = connection;
    connection.closed
      .then(() => {
        if (line.open !== connection) return;
        line.open = undefined;
        // One that ends at once is no better than one that was refused.
        line.failures = clock.monotonic() - openedAt < 1_000 ? line.failures + 1 : 1;
        line.notBefore = clock.monotonic() + retryDelayMs(line.failures, this.#backoffMs, random);
      })
      .catch((error: unknown) =>
        logger.error({ error, address: addressText(node) }, 'a connection did not end well'),
      );
    return connection;
  }

  #lineOf(node: NodeAddress): Line {
    const key = keyOf(node);
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { open: undefined, opening: undefined, failures: 0, notBefore: 0, isLeft: false };
      this.#lines.set(key, line);
    }
    return line;
  }
}

interface Line {
  open: Connection | undefined;
  opening: Promise<Connection> | undefined;
  failures: number;
  /** On the monotonic clock, ms. */
  notBefore: number;
  /** No broker is at this address any more. */
  isLeft: boolean;
}

function notInTime(node: NodeAddress): Error {
  const message = `no broker at ${addressText(node)}: no connection within ${connectTimeoutMs} ms`;
  return clientError('BROKER_UNREACHABLE', message, { retriable: true });
}

function leftBehind(node: NodeAddress): Error {
  return clientError('BROKER_UNREACHABLE', `no broker is at ${addressText(node)} any more`, {
    retriable: true,
  });
}

/** In process all brokers have the same host and port, so the id belongs to the key. */
function keyOf({ nodeId, host, port }: NodeAddress): string {
  return `${nodeId ?? 'bootstrap'}@${host}:${port}`;
}

/** Hangs up on a broker that leaves a call without an answer: what comes next must not wait for the same dead line. */
class WatchedConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #connection: Connection;
  readonly #hangUp: () => Promise<void>;

  constructor(connection: Connection, hangUp: () => Promise<void>) {
    this.#connection = connection;
    this.#hangUp = hangUp;
    this.closed = connection.closed;
  }

  call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const answer = this.#connection.call(api, request);
    answer.catch((error: unknown) => {
      if (codeOf(error) === 'REQUEST_TIMED_OUT') void this.#hangUp();
    });
    return answer;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
