import { createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { connectionMemory } from './connection-memory.ts';
import { transportError } from './errors.ts';
import { KernelCopyFinder } from './kernel-copy.ts';
import type { ServeOptions } from './serve.ts';
import { ServerConnection } from './server-connection.ts';
import { systemReason } from './system-reason.ts';

export interface ListenOptions extends ServeOptions {
  /** 127.0.0.1 */
  host?: string;
  /** 0: any. */
  port?: number;
  /** Beyond, connections are closed at once. 10,000. */
  maxConnections?: number;
}

export interface Listener extends AsyncDisposable {
  readonly name: string;
  /** The port that was really bound. */
  readonly endpoint: Endpoint;
  /** How many are open at this moment. */
  readonly connections: number;
  /** Accepts nobody and takes no more questions; what was asked is answered, then each stream ends. */
  drain(): void;
  /** Stops accepting, answers what was asked (for `drainMs`, 1 s), ends its streams. Idempotent. */
  close(options?: { drainMs?: number }): Promise<void>;
}

/** Serves the API on a port. ADDRESS_IN_USE (`details.freePort`: the next one that is free), ADDRESS_UNAVAILABLE. */
export async function listenTcp(options: ListenOptions, world: World = nodeWorld): Promise<Listener> {
  const host = options.host ?? '127.0.0.1';
  const connections = new Set<ServerConnection>();
  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: true });
  server.maxConnections = options.maxConnections ?? 10_000;
  const endpoint = { host, port: await bind(server, host, options.port ?? 0) };
  const serving = { endpoint, memory: connectionMemory({}, world), ...options };
  const kernelCopy = new KernelCopyFinder(world);
  let connectionId = 0;
  server.on('connection', (socket: Socket) => {
    connectionId += 1;
    const connection = new ServerConnection(socket, serving, world, connectionId, kernelCopy);
    connections.add(connection);
    void connection.ended.then(() => connections.delete(connection));
  });
  // EMFILE and the like: the listener survives, the one connection does not.
  server.on('error', (error) =>
    world.logger.warn({ code: codeOf(error) }, 'a connection could not be accepted'),
  );
  return new TcpListener(options.listener ?? options.codec.name, endpoint, server, connections, world);
}

class TcpListener implements Listener {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly #server: Server;
  readonly #connections: ReadonlySet<ServerConnection>;
  readonly #world: World;
  /** Resolves when it accepts nobody and nobody is connected. */
  #closed: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    name: string,
    endpoint: Endpoint,
    server: Server,
    connections: ReadonlySet<ServerConnection>,
    world: World,
  ) {
    this.name = name;
    this.endpoint = endpoint;
    this.#server = server;
    this.#connections = connections;
    this.#world = world;
  }

  get connections(): number {
    return this.#connections.size;
  }

  drain(): void {
    this.#closed ??= new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.drain();
  }

  close(options: { drainMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 1_000);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.drain();
    const done = new AbortController();
    // Holds the process: streams at rest do not, and somebody awaits this.
    const drained = this.#world.clock.sleep(drainMs, done.signal).then(
      () => {
        for (const connection of this.#connections) connection.destroy();
      },
      () => {}, // all have ended before
    );
    await this.#closed;
    done.abort();
    await drained;
  }
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      refusal(error, host, port).then(reject, reject);
    };
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function refusal(error: Error, host: string, port: number): Promise<Error> {
  const code = codeOf(error);
  if (code !== 'EADDRINUSE')
    return transportError('ADDRESS_UNAVAILABLE', `cannot listen on ${host}:${port}: ${systemReason(error)}`, {
      hint: 'use an address of this machine, and a port above 1023 unless you are root',
      cause: error,
    });
  const freePort = await nextFreePort(host, port + 1);
  return transportError('ADDRESS_IN_USE', `port ${port} on ${host} is in use`, {
    ...(freePort === undefined ? {} : { hint: `${freePort} is free: --listen ${host}:${freePort}` }),
    details: { host, port, ...(freePort === undefined ? {} : { freePort }) },
    cause: error,
  });
}

async function nextFreePort(host: string, from: number): Promise<number | undefined> {
  for (let port = from; port < Math.min(from + 100, 65_536); port += 1)
    if (await isFree(host, port)) return port;
  return undefined;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}
