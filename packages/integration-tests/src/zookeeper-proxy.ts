import { connect, createServer, type Server, type Socket } from 'node:net';

/** What lies between a client and its server, for one of them: can break, stop and lose answers. */
export class ZookeeperProxy {
  readonly #server: Server;
  readonly #port: number;
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  #reachable = true;
  /** Answers go nowhere from the moment that a request was passed on. */
  #swallow: { resolve: () => void } | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (client) => this.#join(client));
  }

  static async before(port: number): Promise<ZookeeperProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ZookeeperProxy(server, port);
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return `127.0.0.1:${address.port}`;
  }

  /** All connections break now. */
  cut(): void {
    for (const [client, server] of [...this.#pairs]) {
      client.destroy();
      server.destroy();
    }
  }

  /** Until `restore` nobody comes through: connections break, new ones are refused at once. */
  block(): void {
    this.#reachable = false;
    this.cut();
  }

  /** Until `restore` connections stay and nothing comes through. */
  freeze(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
    this.#reachable = false;
  }

  restore(): void {
    this.#reachable = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** The next request reaches the server; its answer is lost with the connection. Resolves then. */
  loseNextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.#swallow = { resolve };
    });
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    if (!this.#reachable) {
      client.destroy();
      return;
    }
    const server = connect(this.#port, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => {
      if (this.#swallow === undefined) {
        client.write(chunk);
        return;
      }
      this.#swallow.resolve();
      this.#swallow = undefined;
      client.destroy();
    });
  }
}
