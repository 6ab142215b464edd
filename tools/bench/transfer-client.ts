import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RequestOf } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';

/** Takes bytes without looking at them, into one buffer: what a server can send, not what a client can decode. */
export class RawClient {
  readonly #codec = msgpackCodec().client({ clientId: 'bench' });
  readonly #socket: Socket;
  readonly #length = Buffer.alloc(4);
  #lengthBytes = 0;
  #left = 0;
  #correlation = 0;
  /** Bytes and whole frames that came. */
  bytes = 0;
  frames = 0;
  #look: () => void = () => {};

  constructor(port: number) {
    const buffer = Buffer.alloc(1024 * 1024);
    const taken = (count: number): boolean => {
      this.#take(buffer, count);
      return true;
    };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: taken } });
    this.#socket.on('error', () => {});
  }

  hello(): void {
    for (const chunk of this.#codec.hello()) this.#socket.write(chunk);
  }

  fetch(request: RequestOf<'fetch'>): void {
    this.#correlation += 1;
    const chunks = this.#codec.encode({ correlation: this.#correlation, api: 'fetch', request });
    this.#socket.write(Buffer.concat(chunks));
  }

  /** Resolves once `isDone`, looked at whenever something came. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (isDone()) resolve();
      };
      this.#socket.once('close', () => reject(new Error('the server hung up')));
      this.#look();
    });
  }

  connected(): Promise<unknown> {
    return once(this.#socket, 'connect');
  }

  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(buffer: Buffer, count: number): void {
    this.bytes += count;
    for (let at = 0; at < count; ) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, count - at);
        at += part;
        this.#left -= part;
        if (this.#left === 0) this.frames += 1;
      } else {
        this.#length[this.#lengthBytes] = buffer[at] as number;
        this.#lengthBytes += 1;
        at += 1;
        if (this.#lengthBytes < 4) continue;
        this.#lengthBytes = 0;
        this.#left = this.#length.readUInt32BE(0);
      }
    }
    this.#look();
  }
}
