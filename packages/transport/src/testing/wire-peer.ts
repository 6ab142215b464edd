import type { Duplex } from 'node:stream';
import { type Call, type ClientCodec, FrameReader, type Outcome } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';

/** A client that does only what it is told: what a test sends by hand, and sees come back. */
export class WirePeer {
  readonly codec: ClientCodec = msgpackCodec().client({ clientId: 'peer' });
  readonly answers: { correlation: number; outcome: Outcome }[] = [];
  readonly raw: Buffer[] = [];
  readonly stream: Duplex;
  readonly #reader = new FrameReader(() => 0x7fffffff);
  #closed = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('error', () => {});
    // The broker's end is what the test is about: half-open, so that only that is seen.
    stream.on('end', () => {
      this.#closed = true;
    });
    stream.on('close', () => {
      this.#closed = true;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Decodes what comes from now on. */
  listen(): this {
    this.stream.on('data', (chunk: Buffer) => {
      this.raw.push(chunk);
      this.#reader.push(chunk);
      for (let frame = this.#reader.next(); Buffer.isBuffer(frame); frame = this.#reader.next()) {
        const answer = this.codec.decode(frame);
        if (answer !== undefined) this.answers.push(answer);
      }
    });
    return this;
  }

  hello(): this {
    for (const chunk of this.codec.hello()) this.stream.write(chunk);
    return this;
  }

  ask(correlation: number, batches = Buffer.from('records'), acks: 'all' | 'none' = 'all'): void {
    this.stream.write(Buffer.concat(this.codec.encode(produceCall(correlation, batches, acks))));
  }

  send(bytes: Uint8Array): void {
    this.stream.write(bytes);
  }
}

export function produceCall(correlation: number, batches: Buffer, acks: 'all' | 'none' = 'all'): Call {
  const partitions = [{ topic: 'orders', partition: 0, batches }];
  return { correlation, api: 'produce', request: { acks, timeoutMs: 1_000, partitions } };
}
