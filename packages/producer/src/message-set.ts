/** A message as the slides have it: bytes, and nothing else. */
export class Message {
  readonly #payload: Buffer;

  constructor(payload: Uint8Array) {
    this.#payload = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  payload(): Buffer {
    return this.#payload;
  }
}

/** Messages that are sent together: `new ByteBufferMessageSet(new Message(…), …)`. */
export class ByteBufferMessageSet implements Iterable<Message> {
  readonly #messages: readonly Message[];

  constructor(...messages: readonly Message[]) {
    this.#messages = messages;
  }

  [Symbol.iterator](): Iterator<Message> {
    return this.#messages[Symbol.iterator]();
  }
}
