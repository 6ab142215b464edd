import type { TopicPartition } from '@millrace/coordination';

/**
 * What Kafka's consumers tell each other by way of their coordinator, which does not look into it
 * (`ConsumerProtocolSubscription` and `ConsumerProtocolAssignment` of Apache Kafka). Newer versions only add at the end.
 */
const version = 1;
/** No message of a group holds more. */
const maxItems = 1_000_000;

export interface SubscriptionMessage {
  readonly topics: readonly string[];
  /** What the member had before; older clients do not say. */
  readonly owned: readonly TopicPartition[];
}

export function writeSubscription({ topics, owned }: SubscriptionMessage): Buffer {
  const chunks = [int16(version), int32(topics.length), ...topics.flatMap(text), noUserData];
  return Buffer.concat([...chunks, ...partitions(owned)]);
}

/** RangeError for what is none. */
export function readSubscription(bytes: Buffer): SubscriptionMessage {
  const from = new Cursor(bytes);
  from.int16();
  const topics = Array.from({ length: from.count() }, () => from.text());
  from.skipBytes();
  // Here version 0 ends, and that of clients who say 1 and mean 0.
  return { topics, owned: from.isAtEnd ? [] : from.partitions() };
}

export function writeAssignment(assigned: readonly TopicPartition[]): Buffer {
  return Buffer.concat([int16(version), ...partitions(assigned), noUserData]);
}

/** No bytes are no partitions: the leader knew nothing of this member. RangeError for what is none. */
export function readAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const from = new Cursor(bytes);
  from.int16();
  return from.partitions();
}

const noUserData = int32(-1);

function partitions(all: readonly TopicPartition[]): Buffer[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of all) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  const chunks = [...topics].flatMap(([topic, numbers]) => [
    ...text(topic),
    int32(numbers.length),
    ...numbers.map(int32),
  ]);
  return [int32(topics.size), ...chunks];
}

function text(value: string): Buffer[] {
  const bytes = Buffer.from(value);
  return [int16(bytes.length), bytes];
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Over bytes of other clients: never beyond them (RangeError). */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Of a list. */
  count(): number {
    const count = this.int32();
    if (count < 0 || count > maxItems || count > this.#bytes.length - this.#at)
      throw new RangeError(`a list of ${count} items in ${this.#bytes.length} bytes`);
    return count;
  }

  text(): string {
    return this.#take(this.int16()).toString();
  }

  /** Null or not. */
  skipBytes(): void {
    const length = this.int32();
    if (length > 0) this.#take(length);
  }

  partitions(): TopicPartition[] {
    const topics = Array.from({ length: this.count() }, () => {
      const topic = this.text();
      return Array.from({ length: this.count() }, () => ({ topic, partition: this.int32() }));
    });
    return topics.flat();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length)
      throw new RangeError(`${length} bytes of ${this.#bytes.length - this.#at}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
