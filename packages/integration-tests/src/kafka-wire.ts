import { connect, type Socket } from 'node:net';
import { type Form, type KafkaApi, kafkaApis, Reader, Writer } from '@millrace/kafka-protocol';

type Apis = typeof kafkaApis;
type DraftOf<Api> = Api extends KafkaApi<infer _Q, infer Draft, infer _A, infer _AD> ? Draft : never;
type AnswerOf<Api> = Api extends KafkaApi<infer _Q, infer _QD, infer Answer, infer _AD> ? Answer : never;

/** An answer as it came: what it says, and how many bytes were left over when it was read. */
export interface Answered<Answer> {
  readonly correlation: number;
  readonly answer: Answer;
  readonly left: number;
}

/** A connection that asks in Kafka's words, in the version it is told. */
export class KafkaWire {
  readonly #socket: Socket;
  readonly #waiting: ((frame: Buffer) => void)[] = [];
  #correlation = 0;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<KafkaWire> {
    const socket = connect({ port, host });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new KafkaWire(socket);
  }

  /** Answers are taken in the order of the questions, whatever number they carry. */
  async ask<Name extends keyof Apis>(
    name: Name,
    version: number,
    draft: DraftOf<Apis[Name]>,
  ): Promise<Answered<AnswerOf<Apis[Name]>>> {
    const api = kafkaApis[name];
    this.#correlation += 1;
    const writer = new Writer();
    writer.begin();
    writer.int16(api.key);
    writer.int16(version);
    writer.int32(this.#correlation);
    writer.int16(-1); // no client id
    if (api.isFlexible(version)) writer.uvarint(0);
    (api.request(version) as Form<unknown, unknown>).write(writer, draft);
    const answered = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#socket.once('close', () => reject(new Error(`the connection ended before ${name} was answered`)));
    });
    for (const piece of writer.finish()) this.#socket.write(piece as Uint8Array);
    const reader = new Reader(await answered, 100_000);
    const correlation = reader.int32();
    if (api.isFlexible(version) && name !== 'apiVersions') reader.uvarint();
    const answer = (api.response(version) as Form<unknown, unknown>).read(reader) as AnswerOf<Apis[Name]>;
    return { correlation, answer, left: reader.remaining };
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0);
      if (this.#received.length < 4 + length) return;
      this.#waiting.shift()?.(this.#received.subarray(4, 4 + length));
      this.#received = this.#received.subarray(4 + length);
    }
  }
}
