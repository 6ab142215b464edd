import { connect, type Socket } from 'node:net';
import { kafkaApis, Reader, Writer } from '@millrace/kafka-protocol';
import { BatchBuilder, batchesIn } from '@millrace/record';

/** In a version that needs no tags, which every Kafka from 1.0 to 4 takes. */
const versions = { produce: 7, fetch: 11, createTopics: 4 } as const;
const topic = 'raw';
const maxItems = 100_000;

/** A connection that asks in Kafka's words, with as little work of its own as can be: what is measured is the broker. */
export class RawKafka {
  readonly #socket: Socket;
  readonly #writer = new Writer();
  readonly #waiting = new Map<number, (frame: Buffer) => void>();
  #correlation = 0;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  static async connect(port: number): Promise<RawKafka> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new RawKafka(socket);
  }

  /** One partition, one replica. */
  async createTopic(): Promise<void> {
    const form = kafkaApis.createTopics.request(versions.createTopics);
    const named = { topic, numPartitions: 1, replicationFactor: 1, replicaAssignment: [], configs: [] };
    const body = await this.#ask(kafkaApis.createTopics.key, versions.createTopics, (writer) =>
      form.write(writer, { topics: [named], timeoutMs: 30_000, validateOnly: false }),
    );
    const response = kafkaApis.createTopics.response(versions.createTopics);
    const { topics } = response.read(new Reader(body, maxItems));
    if (topics[0]?.errorCode !== 0) throw new Error(`the topic was not made: ${topics[0]?.errorCode}`);
  }

  /** Under acks 1. */
  async produce(batch: Buffer): Promise<void> {
    const form = kafkaApis.produce.request(versions.produce);
    const body = await this.#ask(kafkaApis.produce.key, versions.produce, (writer) =>
      form.write(writer, {
        transactionalId: null,
        acks: 1,
        timeoutMs: 30_000,
        topics: [{ name: topic, partitions: [{ index: 0, records: batch }] }],
      }),
    );
    // One topic, one partition: the code lies behind two counts, the name and the number.
    const code = body.readInt16BE(4 + 2 + topic.length + 4 + 4);
    if (code !== 0) throw new Error(`produce was answered with ${code}`);
  }

  /** Batches from `offset` on, at most `maxBytes`. */
  async fetch(offset: number, maxBytes: number): Promise<{ bytes: number; nextOffset: number }> {
    const form = kafkaApis.fetch.request(versions.fetch);
    const partition = { partition: 0, fetchOffset: offset, partitionMaxBytes: maxBytes };
    const body = await this.#ask(kafkaApis.fetch.key, versions.fetch, (writer) =>
      form.write(writer, {
        maxWaitMs: 500,
        minBytes: 1,
        maxBytes,
        isolationLevel: 0,
        topics: [{ topic, partitions: [partition] }],
        forgottenTopics: [],
      }),
    );
    const response = kafkaApis.fetch.response(versions.fetch).read(new Reader(body, maxItems));
    const [fetched] = response.topics[0]?.partitions ?? [];
    if (fetched?.errorCode !== 0) throw new Error(`fetch was answered with ${fetched?.errorCode}`);
    const records = fetched.records ?? Buffer.alloc(0);
    let nextOffset = offset;
    for (const { header } of batchesIn(records)) nextOffset = header.lastOffset + 1;
    return { bytes: records.length, nextOffset };
  }

  close(): void {
    this.#socket.destroy();
  }

  /** The body of the answer: what follows its number. */
  #ask(key: number, version: number, write: (writer: Writer) => void): Promise<Buffer> {
    this.#correlation += 1;
    const correlation = this.#correlation;
    const writer = this.#writer;
    writer.begin();
    writer.int16(key);
    writer.int16(version);
    writer.int32(correlation);
    writer.int16(-1); // no client id
    write(writer);
    const answered = new Promise<Buffer>((resolve) => this.#waiting.set(correlation, resolve));
    this.#socket.cork();
    for (const piece of writer.finish()) this.#socket.write(piece as Uint8Array);
    this.#socket.uncork();
    return answered;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const length = this.#received.readInt32BE(0);
      if (this.#received.length < 4 + length) break;
      const frame = this.#received.subarray(4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      const correlation = frame.readInt32BE(0);
      this.#waiting.get(correlation)?.(frame.subarray(4));
      this.#waiting.delete(correlation);
    }
  }
}

/** A batch of records of 200 bytes, about 10 KiB with 48 of them. */
export function batchOf(records: number): Buffer {
  const builder = new BatchBuilder({ maxBytes: 1024 * 1024 });
  const value = Buffer.alloc(200, 'x');
  for (let i = 0; i < records; i += 1) builder.tryAppend({ value }, Date.now());
  return builder.build();
}
