import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Timer, World } from '@millrace/runtime';
import type { ConnectString } from './connect-string.ts';

const pauseMs = 100;

/** The request that ends a session: length, number, operation. */
const closeSession = Buffer.from('000000087ffffffffffffff5', 'hex');

/** One connection of the native client, and the one to a server that it is joined with. */
interface Pair {
  readonly down: Socket;
  up: Socket | undefined;
  joined: boolean;
  retry: Timer | undefined;
}

/**
 * The way from the native client to the servers, through this process. When sending fails, the native client closes
 * its socket under the event loop, which aborts the process or makes another socket deaf; so it is given a connection
 * on which sending never fails: when the server's breaks, this one ends in the direction of the client alone. It also
 * keeps from the native client what it would do synchronously: asking for names, and saying goodbye.
 */
export class ServerLink {
  readonly #servers: ConnectString['servers'];
  readonly #world: World;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  /** Called when a connection of the native client has come to its end. */
  onEnd: () => void = () => {};
  #next: number;
  #closed = false;
  #failure: unknown;

  private constructor(servers: ConnectString['servers'], world: World, listener: Server) {
    this.#servers = servers;
    this.#world = world;
    this.#listener = listener;
    // Sessions spread over the servers.
    this.#next = world.random.int(servers.length);
    listener.on('connection', (down) => this.#accept(down));
  }

  static async open(servers: ConnectString['servers'], world: World): Promise<ServerLink> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(0, '127.0.0.1', resolve);
    });
    return new ServerLink(servers, world, listener);
  }

  /** What the native client connects to. */
  get address(): string {
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new TypeError('the link is not listening');
    return `127.0.0.1:${address.port}`;
  }

  /** Why a server was last not reached. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Lets the server end the session, if one is connected, and waits for that up to `limitMs`; the native client loses
   * its connection. Idempotent.
   */
  async close(limitMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    await Promise.all([...this.#pairs].map((pair) => this.#sayGoodbye(pair, limitMs)));
    for (const pair of this.#pairs) this.#part(pair);
  }

  #accept(down: Socket): void {
    const pair: Pair = { down, up: undefined, joined: false, retry: undefined };
    this.#pairs.add(pair);
    // Its own end is the native client's affair.
    down.on('error', () => {});
    down.once('end', () => down.destroy());
    down.once('close', () => {
      this.#pairs.delete(pair);
      pair.retry?.cancel();
      pair.up?.destroy();
    });
    if (this.#closed) this.#part(pair);
    else this.#reach(pair);
  }

  /** Tries one server after the other for as long as the native client waits. */
  #reach(pair: Pair): void {
    const server = this.#servers[this.#next % this.#servers.length];
    if (server === undefined) throw new TypeError('there are no servers');
    this.#next += 1;
    const up = connect({ ...server, noDelay: true });
    pair.up = up;
    up.once('connect', () => {
      pair.joined = true;
      pair.down.pipe(up, { end: false });
      up.pipe(pair.down);
    });
    up.on('error', (error) => {
      this.#failure = error;
    });
    up.once('close', () => {
      if (pair.joined || this.#closed) this.#part(pair);
      else if (!pair.down.destroyed) this.#reachLater(pair);
    });
  }

  #reachLater(pair: Pair): void {
    const { clock, random } = this.#world;
    pair.retry = clock.after(pauseMs + random.int(pauseMs), () => this.#reach(pair));
  }

  /** The native client sees the end of the connection, and whatever it still sends is taken and thrown away. */
  #part({ down, up, retry }: Pair): void {
    retry?.cancel();
    if (up !== undefined) {
      down.unpipe(up);
      up.destroy();
    }
    down.resume();
    down.end();
    this.onEnd();
  }

  async #sayGoodbye({ down, up, joined }: Pair, limitMs: number): Promise<void> {
    if (up === undefined || !joined || up.destroyed) return;
    down.unpipe(up);
    down.resume();
    up.unpipe(down);
    up.resume();
    await new Promise<void>((resolve) => {
      const timer = this.#world.clock.after(limitMs, resolve);
      up.once('close', () => {
        timer.cancel();
        resolve();
      });
      up.write(closeSession);
    });
  }
}
