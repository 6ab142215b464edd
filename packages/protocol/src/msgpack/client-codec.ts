import type { ApiName, ResponseOf } from '../broker-api.ts';
import { errorCodeOf, errorCodes } from '../error-codes.ts';
import { apiError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Call, ClientCodec, Outcome } from '../wire-codec.ts';
import type { EnvelopeLimits } from './envelope-scan.ts';
import { checkHelloAnswer, maxHelloBytes, writeHello } from './hello.ts';
import type { SharedCodec } from './server-codec.ts';
import { BytesBeside, ShapeMismatch } from './shape-decoder.ts';

/** Metadata of very many partitions is the largest envelope there is. */
const answerLimits: EnvelopeLimits = {
  maxBytes: 64 * 1024 * 1024,
  maxLists: 2_000_000,
  maxItems: 16_000_000,
};
const maxErrorLength = 1024;

export class MsgpackClientCodec implements ClientCodec {
  readonly #shared: SharedCodec;
  readonly #maxAnswerBytes: number;
  readonly #clientId: string;
  #open = false;
  /** What was asked and not yet answered: an answer does not say which API it is of. */
  readonly #asked = new Map<number, ApiName>();

  constructor(shared: SharedCodec, maxAnswerBytes: number, clientId: string) {
    this.#shared = shared;
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#clientId = clientId;
  }

  get maxFrameBytes(): number {
    return this.#open ? this.#maxAnswerBytes : maxHelloBytes;
  }

  hello(): Uint8Array[] {
    return [writeHello(this.#shared.writer, this.#clientId)];
  }

  encode(call: Call): Uint8Array[] {
    const { writer, table } = this.#shared;
    const api = table.byName[call.api];
    writer.begin();
    api.encodeRequest(writer, [call.correlation, api.place], call.request);
    const isAnswered = call.api !== 'produce' || call.request.acks !== 'none';
    const chunks = writer.finish();
    if (isAnswered) this.#asked.set(call.correlation, call.api);
    // Requests hold no ranges: the contract gives them bytes only.
    return chunks as Uint8Array[];
  }

  decode(frame: Buffer): { correlation: number; outcome: Outcome } | undefined {
    if (!this.#open) {
      checkHelloAnswer(this.#shared.reader, frame);
      this.#open = true;
      return undefined;
    }
    const opened = this.#shared.reader.read(frame, answerLimits);
    if (typeof opened === 'string') throw apiError('CORRUPT_MESSAGE', `a broken answer: ${opened}`);
    const { envelope, besideAt } = opened;
    const [correlation, error] = envelope;
    const api = this.#asked.get(correlation as number);
    if (api === undefined) throw apiError('CORRUPT_MESSAGE', 'an answer to a question that was not asked');
    this.#asked.delete(correlation as number);
    return {
      correlation: correlation as number,
      outcome: this.#outcome(api, error, frame, envelope, besideAt),
    };
  }

  #outcome(
    api: ApiName,
    error: unknown,
    frame: Buffer,
    envelope: readonly unknown[],
    besideAt: number,
  ): Outcome {
    if (!Number.isSafeInteger(error))
      throw apiError('CORRUPT_MESSAGE', `an answer to ${api} without a result`);
    if (error !== errorCodes.NONE.id) {
      const message = typeof envelope[2] === 'string' ? printable(envelope[2], maxErrorLength) : '';
      return { error: errorCodeOf(error as number), message };
    }
    try {
      const response = this.#shared.table.byName[api].decodeResponse(
        envelope,
        new BytesBeside(frame, besideAt),
      );
      return { response: response as ResponseOf<ApiName> };
    } catch (cause) {
      if (!(cause instanceof ShapeMismatch)) throw cause;
      throw apiError('CORRUPT_MESSAGE', `a broken answer to ${api}: ${cause.message}`);
    }
  }
}
