import { CodedError } from '@millrace/runtime';
import type { ApiName, ResponseOf } from '../broker-api.ts';
import { errorCodeOf } from '../error-codes.ts';
import type { Call, ClientCodec, Outcome } from '../wire-codec.ts';
import { type Beside, ShapeError } from './compile-shape.ts';
import { compiledApi } from './compiled-apis.ts';
import { frameOf, openFrame } from './envelope.ts';
import { clientHello, refusalIn } from './hello.ts';

/** A describe or metadata answer may be long; records are never in it. */
const maxEnvelopeBytes = 64 * 1024 * 1024;

/** The client's side of one connection. */
export class MsgpackClientCodec implements ClientCodec {
  readonly maxFrameBytes: number;
  readonly #clientId: string;
  readonly #asked = new Map<number, ApiName>();
  #welcome = false;

  constructor(maxFrameBytes: number, clientId: string) {
    this.maxFrameBytes = maxFrameBytes;
    this.#clientId = clientId;
  }

  hello(): readonly Uint8Array[] {
    return clientHello(this.#clientId);
  }

  encode(call: Call): readonly Uint8Array[] {
    const api = compiledApi.get(call.api);
    if (api === undefined) throw new TypeError(`there is no API ${call.api}`);
    if (!(call.api === 'produce' && call.request.acks === 'none'))
      this.#asked.set(call.correlation, call.api);
    const beside: Beside = [];
    const fields = api.request.encode(call.request, beside);
    return frameOf([call.correlation, api.index, fields], beside) as Uint8Array[];
  }

  decode(frame: Buffer): { correlation: number; outcome: Outcome } | undefined {
    if (!this.#welcome) {
      const refusal = refusalIn(frame);
      if (refusal !== undefined) throw new CodedError('UNSUPPORTED_VERSION', refusal);
      this.#welcome = true;
      return undefined;
    }
    const opened = openFrame(frame, maxEnvelopeBytes);
    const [correlation, error, rest] = opened?.envelope ?? [];
    const name = this.#asked.get(correlation as number);
    if (opened === undefined || name === undefined || typeof error !== 'number')
      throw new CodedError('CORRUPT_MESSAGE', 'the broker sent an answer that nobody asked for');
    this.#asked.delete(correlation as number);
    if (error !== 0) return { correlation: correlation as number, outcome: failure(error, rest) };
    try {
      const response = compiledApi.get(name)?.response.decode(rest, opened.beside) as ResponseOf<ApiName>;
      return { correlation: correlation as number, outcome: { response } };
    } catch (cause) {
      if (!(cause instanceof ShapeError)) throw cause;
      throw new CodedError('CORRUPT_MESSAGE', `the broker's answer is not one to ${name}: ${cause.message}`, {
        cause,
      });
    }
  }
}

function failure(id: number, message: unknown): Outcome {
  return { error: errorCodeOf(id), message: typeof message === 'string' ? message.slice(0, 4_096) : '' };
}
