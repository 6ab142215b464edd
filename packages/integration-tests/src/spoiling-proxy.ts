import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrameReader } from '@millrace/protocol';
import { framed } from './framed.ts';

/** What goes to the client instead of a frame that the broker sent; `previous` is the one before it, as the broker sent it. */
export type Spoil = (frame: Buffer, previous: Buffer) => Buffer;

/** Between clients and a broker, so that it looks hostile: what it answers may be spoiled, from a place on. */
export class SpoilingProxy {
  /** Undefined: everything comes through as it is. */
  spoil: { readonly with: Spoil; readonly from: number } | undefined;
  /** How many frames were spoiled. */
  spoiled = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #brokerPort = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#join(client));
  }

  static async listen(): Promise<SpoilingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SpoilingProxy(server);
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  /** Where the broker is, known once it has started. */
  leadTo(brokerPort: number): void {
    this.#brokerPort = brokerPort;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const broker = connect(this.#brokerPort, '127.0.0.1');
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(broker);
    const reader = new FrameReader(() => 0x7fffffff);
    let previous: Buffer = Buffer.alloc(0);
    let number = 0;
    broker.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let frame = reader.next(); Buffer.isBuffer(frame); frame = reader.next()) {
        client.write(this.#passed(frame, previous, number));
        previous = frame;
        number += 1;
      }
    });
  }

  #passed(frame: Buffer, previous: Buffer, number: number): Buffer {
    if (this.spoil === undefined || number < this.spoil.from) return framed(frame);
    this.spoiled += 1;
    return this.spoil.with(frame, previous);
  }
}
