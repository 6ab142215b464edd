import {
  type ApiName,
  type Call,
  errorCodes,
  type Incoming,
  type Outcome,
  type ServerCodec,
} from '@millrace/protocol';
import type { ByteRange } from '@millrace/runtime';
import { apiVersionsAnswer, isSoftwareName } from './api-versions.ts';
import { apiVersions } from './apis/18-api-versions.ts';
import type { AnyQuestion } from './questions/question.ts';
import type { AnyKafkaApi } from './schema/kafka-api.ts';
import { MalformedMessage, Reader } from './schema/reader.ts';
import { textOrNull } from './schema/scalars.ts';
import type { Form } from './schema/type.ts';
import { includes } from './schema/version-range.ts';
import type { Writer } from './schema/writer.ts';

/** A question that waits for its answer. */
interface Asked {
  readonly question: AnyQuestion;
  readonly version: number;
  readonly request: unknown;
}

/** Key, version and correlation. */
const leastHeaderBytes = 8;
/** Of all lists of a request together. */
const maxItems = 500_000;
const clientIdForm = textOrNull().form(0, false);

export interface ServerCodecOptions {
  readonly questions: readonly AnyQuestion[];
  readonly writer: Writer;
  readonly maxFrameBytes: number;
}

export class KafkaServerCodec implements ServerCodec {
  readonly maxFrameBytes: number;
  readonly #questions: ReadonlyMap<number, AnyQuestion>;
  readonly #writer: Writer;
  readonly #asked = new Map<number, Asked>();
  #clientId = '';

  constructor({ questions, writer, maxFrameBytes }: ServerCodecOptions) {
    this.#questions = new Map(questions.map((question) => [question.api.key, question]));
    this.#writer = writer;
    this.maxFrameBytes = maxFrameBytes;
  }

  get clientId(): string {
    return this.#clientId;
  }

  refuse(length: number): Extract<Incoming, { kind: 'close' }> {
    return { kind: 'close', reason: `a request of ${length} bytes is outside [0, ${this.maxFrameBytes}]` };
  }

  decode(frame: Buffer): Incoming {
    if (frame.length < leastHeaderBytes) return closing(`a request of ${frame.length} bytes has no header`);
    try {
      return this.#decode(new Reader(frame, maxItems));
    } catch (error) {
      if (error instanceof MalformedMessage) return closing(error.message);
      throw error;
    }
  }

  encode({ correlation, request: asked }: Call, outcome: Outcome): readonly (Uint8Array | ByteRange)[] {
    const waiting = this.#asked.get(correlation);
    if (waiting === undefined) throw new TypeError(`no question ${correlation} waits for an answer`);
    const { question, version, request } = waiting;
    const response =
      'response' in outcome
        ? outcome.response
        : 'error' in outcome
          ? question.fail(asked, outcome)
          : undefined;
    const frame =
      response === undefined
        ? []
        : this.#answer(question.api, version, correlation, question.answer(response, request, version));
    this.#asked.delete(correlation);
    return frame;
  }

  #decode(from: Reader): Incoming {
    const key = from.int16();
    const version = from.int16();
    const correlation = from.int32();
    if (key === apiVersions.key) return this.#tellVersions(from, version, correlation);
    const question = this.#questions.get(key);
    if (question === undefined || !includes(question.api.versions, version))
      return closing(`version ${version} of API ${key} is not served`);
    this.#readHeader(from, question.api, version);
    const request = question.api.request(version).read(from);
    const refusal = question.refuse?.(request, version);
    if (refusal !== undefined)
      return { kind: 'answer', chunks: this.#ownAnswer(question.api, version, correlation, refusal) };
    if (this.#asked.has(correlation)) return closing(`two questions with the number ${correlation}`);
    this.#asked.set(correlation, { question, version, request });
    const call = { correlation, api: question.asks, request: question.ask(request, version) };
    return { kind: 'call', call: call as { api: ApiName } as Call };
  }

  /** A newer client is told so in version 0, whatever it sent: it asks again with what it is told. */
  #tellVersions(from: Reader, version: number, correlation: number): Incoming {
    if (!includes(apiVersions.versions, version)) {
      const answer = apiVersionsAnswer([], errorCodes.UNSUPPORTED_VERSION.id);
      return { kind: 'answer', chunks: this.#ownAnswer(apiVersions, 0, correlation, answer) };
    }
    this.#readHeader(from, apiVersions, version);
    const { clientSoftwareName, clientSoftwareVersion } = apiVersions.request(version).read(from);
    const isNamed =
      version < 3 || (isSoftwareName(clientSoftwareName) && isSoftwareName(clientSoftwareVersion));
    const served = [...this.#questions.values()].map(({ api }) => api);
    const answer = isNamed
      ? apiVersionsAnswer(served)
      : { errorCode: errorCodes.INVALID_REQUEST.id, apiKeys: [] };
    return { kind: 'answer', chunks: this.#ownAnswer(apiVersions, version, correlation, answer) };
  }

  #readHeader(from: Reader, api: { isFlexible(version: number): boolean }, version: number): void {
    this.#clientId = clientIdForm.read(from) ?? '';
    if (api.isFlexible(version)) skipTags(from);
  }

  #ownAnswer(api: AnyKafkaApi, version: number, correlation: number, answer: unknown): Uint8Array[] {
    // The codec's own answers have no records.
    return this.#answer(api, version, correlation, answer) as Uint8Array[];
  }

  #answer(
    api: AnyKafkaApi,
    version: number,
    correlation: number,
    answer: unknown,
  ): readonly (Uint8Array | ByteRange)[] {
    const writer = this.#writer;
    writer.begin();
    writer.int32(correlation);
    // Whoever asks for versions does not know yet whether it may expect tags.
    if (api.isFlexible(version) && api.key !== apiVersions.key) writer.uvarint(0);
    (api.response(version) as Form<unknown, unknown>).write(writer, answer);
    return writer.finish();
  }
}

function skipTags(from: Reader): void {
  for (let left = from.uvarint(); left > 0; left -= 1) {
    from.uvarint();
    from.skip(from.uvarint());
  }
}

function closing(reason: string): Extract<Incoming, { kind: 'close' }> {
  return { kind: 'close', reason };
}
