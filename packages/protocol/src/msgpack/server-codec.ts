import type { ErrorCode } from '../error-codes.ts';
import { errorCodes } from '../error-codes.ts';
import type { Call, Incoming, Outcome, ServerCodec } from '../wire-codec.ts';
import type { ApiTable } from './api-table.ts';
import type { EnvelopeReader } from './envelope-reader.ts';
import type { EnvelopeLimits } from './envelope-scan.ts';
import type { EnvelopeWriter } from './envelope-writer.ts';
import { foreignGreeting } from './foreign-greeting.ts';
import { answerHello, maxHelloBytes } from './hello.ts';
import { BytesBeside, ShapeMismatch } from './shape-decoder.ts';

/** What the connections of a codec share. */
export interface SharedCodec {
  readonly table: ApiTable;
  readonly reader: EnvelopeReader;
  readonly writer: EnvelopeWriter;
}

/** Envelopes of requests are small: record bytes lie beside them. */
const requestLimits: EnvelopeLimits = { maxBytes: 1024 * 1024, maxLists: 131_072, maxItems: 524_288 };
const maxErrorLength = 1024;

export class MsgpackServerCodec implements ServerCodec {
  readonly #shared: SharedCodec;
  readonly #maxRequestBytes: number;
  #clientId: string | undefined;

  constructor(shared: SharedCodec, maxRequestBytes: number) {
    this.#shared = shared;
    this.#maxRequestBytes = maxRequestBytes;
  }

  get maxFrameBytes(): number {
    return this.#clientId === undefined ? maxHelloBytes : this.#maxRequestBytes;
  }

  get clientId(): string {
    return this.#clientId ?? '';
  }

  refuse(length: number): Extract<Incoming, { kind: 'close' }> {
    const foreign = foreignGreeting(length);
    if (this.#clientId === undefined && foreign !== undefined) return { kind: 'close', ...foreign };
    return { kind: 'close', reason: `a frame of ${length} bytes is outside [0, ${this.maxFrameBytes}]` };
  }

  decode(frame: Buffer): Incoming {
    if (this.#clientId === undefined) return this.#hello(frame);
    const open = this.#shared.reader.read(frame, requestLimits);
    if (typeof open === 'string') return { kind: 'close', reason: open };
    const { envelope, besideAt } = open;
    const [correlation, place] = envelope;
    if (!isUint32(correlation)) return { kind: 'close', reason: 'the envelope has no correlation' };
    const api = typeof place === 'number' ? this.#shared.table.byPlace[place] : undefined;
    if (api === undefined)
      return this.#failed(correlation, 'UNSUPPORTED_VERSION', `this broker knows no API ${numberOf(place)}`);
    try {
      const request = api.decodeRequest(envelope, new BytesBeside(frame, besideAt));
      return { kind: 'call', call: { correlation, api: api.name, request } as Call };
    } catch (error) {
      if (!(error instanceof ShapeMismatch)) throw error;
      return this.#failed(correlation, 'INVALID_REQUEST', `${api.name}: ${error.message}`);
    }
  }

  encode({ api, correlation }: Call, outcome: Outcome): ReturnType<EnvelopeWriter['finish']> {
    if ('silent' in outcome) return [];
    if ('error' in outcome) return [this.#error(correlation, outcome.error, outcome.message)];
    const { writer, table } = this.#shared;
    writer.begin();
    table.byName[api].encodeResponse(writer, [correlation, errorCodes.NONE.id], outcome.response);
    return writer.finish();
  }

  #hello(frame: Buffer): Incoming {
    const answer = answerHello(this.#shared.reader, this.#shared.writer, frame);
    if ('refusal' in answer) {
      const { refusal: reason, chunks } = answer;
      return chunks === undefined ? { kind: 'close', reason } : { kind: 'close', reason, chunks };
    }
    this.#clientId = answer.clientId;
    return { kind: 'answer', chunks: answer.chunks };
  }

  #failed(correlation: number, code: ErrorCode, message: string): Incoming {
    return { kind: 'answer', chunks: [this.#error(correlation, code, message)] };
  }

  #error(correlation: number, code: ErrorCode, message: string): Uint8Array {
    const { writer } = this.#shared;
    writer.begin();
    writer.list(3);
    writer.integer(correlation);
    writer.integer(errorCodes[code].id);
    writer.text(message.slice(0, maxErrorLength));
    return writer.finishEnvelope();
  }
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && value >>> 0 === value;
}

function numberOf(place: unknown): string {
  return typeof place === 'number' ? String(place) : 'of that kind';
}
