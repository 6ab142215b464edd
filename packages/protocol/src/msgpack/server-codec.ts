import type { ByteRange } from '@millrace/runtime';
import { errorCodes } from '../error-codes.ts';
import type { Call, Incoming, Outcome, ServerCodec } from '../wire-codec.ts';
import { type Beside, type BesideReader, ShapeError } from './compile-shape.ts';
import { type CompiledApi, compiledApi, compiledApis } from './compiled-apis.ts';
import { frameOf, openFrame } from './envelope.ts';
import { readClientHello, serverHello, serverRefusal } from './hello.ts';

/** Before the hello nobody needs more. */
const maxHelloBytes = 64 * 1024;
const maxEnvelopeBytes = 1024 * 1024;

/** The broker's side of one connection. */
export class MsgpackServerCodec implements ServerCodec {
  readonly #maxFrameBytes: number;
  #clientId: string | undefined;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  get maxFrameBytes(): number {
    return this.#clientId === undefined ? maxHelloBytes : this.#maxFrameBytes;
  }

  get clientId(): string {
    return this.#clientId ?? '';
  }

  refuse(length: number): Incoming {
    if (this.#clientId !== undefined)
      return {
        kind: 'close',
        reason: `a frame of ${length} bytes; at most ${this.#maxFrameBytes} are taken`,
      };
    const first = Buffer.alloc(4);
    first.writeInt32BE(length);
    if (/^(GET |HEAD|POST|PUT |OPTI)/.test(first.toString('latin1')))
      return { kind: 'close', reason: 'an HTTP request', chunks: [httpAnswer] };
    return {
      kind: 'close',
      reason: first.readUInt16BE() === 0x1603 ? 'a TLS hello' : 'bytes of another protocol',
    };
  }

  decode(frame: Buffer): Incoming {
    if (this.#clientId === undefined) return this.#welcome(frame);
    const opened = openFrame(frame, maxEnvelopeBytes);
    const [correlation, index, fields] = opened?.envelope ?? [];
    if (opened === undefined || !Number.isSafeInteger(correlation))
      return { kind: 'close', reason: 'a frame that is no request' };
    const api = compiledApis[index as number];
    if (api === undefined)
      return failed(
        correlation as number,
        'UNSUPPORTED_VERSION',
        `this broker knows no request number ${String(index)}`,
      );
    return decodeRequest(correlation as number, api, fields, opened.beside);
  }

  encode(call: Call, outcome: Outcome): readonly (Uint8Array | ByteRange)[] {
    if ('silent' in outcome) return [];
    if ('error' in outcome)
      return frameOf([call.correlation, errorCodes[outcome.error].id, outcome.message], []);
    const beside: Beside = [];
    const fields = compiledApi.get(call.api)?.response.encode(outcome.response, beside);
    return frameOf([call.correlation, 0, fields], beside);
  }

  #welcome(frame: Buffer): Incoming {
    const hello = readClientHello(frame);
    if ('refused' in hello)
      return { kind: 'close', reason: hello.refused, chunks: serverRefusal(hello.refused) };
    this.#clientId = hello.clientId;
    return { kind: 'answer', chunks: serverHello(hello.revision) };
  }
}

function decodeRequest(
  correlation: number,
  api: CompiledApi,
  fields: unknown,
  beside: BesideReader & { readonly left: number },
): Incoming {
  try {
    const request = api.request.decode(fields, beside);
    if (beside.left > 0) throw new ShapeError(api.name, `${beside.left} bytes fewer beside the envelope`);
    return { kind: 'call', call: { correlation, api: api.name, request } as Call };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return failed(correlation, 'INVALID_REQUEST', error.message);
  }
}

function failed(
  correlation: number,
  error: 'INVALID_REQUEST' | 'UNSUPPORTED_VERSION',
  message: string,
): Incoming {
  return {
    kind: 'answer',
    chunks: frameOf([correlation, errorCodes[error].id, message], []) as Uint8Array[],
  };
}

const httpText = 'This is a Millrace broker; it does not speak HTTP.\n';
const httpAnswer = Buffer.from(
  `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: ${httpText.length}\r\nConnection: close\r\n\r\n${httpText}`,
);
