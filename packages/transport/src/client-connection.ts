import type { Duplex } from 'node:stream';
import {
  type ApiName,
  apiError,
  type Call,
  type ClientCodec,
  type Connection,
  FrameReader,
  printable,
  type RequestOf,
  type ResponseOf,
  type WireCodec,
} from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { messageOf, networkException, protocolCodeOf } from './errors.ts';
import { Outgoing } from './outgoing.ts';
import { PendingCalls } from './pending-calls.ts';

export interface ConnectOptions {
  codec: WireCodec;
  /** `millrace` */
  clientId?: string;
  /** 30 s beyond what the request itself may wait. */
  requestTimeoutMs?: number;
}

/**
 * A broker at the other end of any stream. Calls are pipelined; requests made in one turn of the event loop leave
 * together. A broker that says nothing at all while a call times out is taken for dead, and the connection ends.
 */
export function connectOver(stream: Duplex, options: ConnectOptions, world: World = nodeWorld): Connection {
  return new ClientConnection(stream, options, world);
}

/** How long a closed connection may take to send what it holds. */
const closingMs = 1_000;
/** How long a broker may take to say that it is one: it does so before it looks at any call. */
const helloMs = 10_000;

class ClientConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #world: World;
  readonly #codec: ClientCodec;
  readonly #reader: FrameReader;
  readonly #outgoing: Outgoing;
  readonly #requestTimeoutMs: number;
  readonly #pending: PendingCalls;
  readonly #helloTimer: Timer;
  #closingTimer: Timer | undefined;
  /** Something came that only a broker says. */
  #isGreeted = false;
  /** Why it ended. */
  #end: Error | undefined;

  constructor(stream: Duplex, options: ConnectOptions, world: World) {
    this.#stream = stream;
    this.#world = world;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#codec = options.codec.client({ clientId: options.clientId ?? 'millrace' });
    this.#reader = new FrameReader(() => this.#codec.maxFrameBytes);
    this.#pending = new PendingCalls(world.clock, (reason) => this.#lose(networkException(reason)));
    this.#outgoing = new Outgoing(stream, world.clock, {
      sent: () => {},
      failed: (error) => this.#lose(networkException('a request could not be sent', error)),
    });
    this.#helloTimer = world.clock.after(helloMs, () => this.#lose(saidNothing()));
    this.closed = this.#listen(stream);
    this.#outgoing.add(this.#codec.hello());
  }

  call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const correlation = this.#pending.nextCorrelation();
    let chunks: readonly Uint8Array[];
    try {
      chunks = this.#codec.encode({ correlation, api, request } as unknown as Call);
    } catch (cause) {
      if (protocolCodeOf(cause) !== undefined) return Promise.reject(cause as Error);
      return Promise.reject(
        apiError('INVALID_REQUEST', `${api} cannot be sent: ${messageOf(cause)}`, { cause }),
      );
    }
    return new Promise((resolve, reject) => {
      const answered = !(api === 'produce' && 'acks' in request && request.acks === 'none');
      const timeoutMs = this.#requestTimeoutMs + ownWaitMs(request);
      this.#pending.add(correlation, timeoutMs, { api, answered, resolve, reject });
      if (answered) this.#outgoing.add(chunks);
      else this.#outgoing.add(chunks, () => this.#pending.written(correlation));
    });
  }

  close(): Promise<void> {
    if (this.#end === undefined) {
      this.#end = networkException('the connection was closed');
      this.#pending.rejectAll(this.#end);
      this.#outgoing.end();
      this.#stream.once('finish', () => this.#stream.destroy());
      this.#closingTimer = this.#world.clock.after(closingMs, () => this.#stream.destroy());
    }
    return this.closed;
  }

  #listen(stream: Duplex): Promise<void> {
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('end', () => stream.destroy());
    stream.on('error', (error) =>
      this.#lose(networkException(`the connection broke: ${printable(error.message)}`, error)),
    );
    return new Promise((resolve) => {
      const ended = (): void => {
        this.#ended();
        resolve();
      };
      if (stream.destroyed) ended();
      else stream.once('close', ended);
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#end !== undefined) return;
    this.#pending.heard();
    this.#reader.push(chunk);
    try {
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        if ('refused' in frame) throw strangeFrame(frame.refused, this.#isGreeted);
        this.#settle(frame);
      }
    } catch (error) {
      this.#lose(unreadable(error));
    }
  }

  #settle(frame: Buffer): void {
    const answer = this.#codec.decode(frame);
    if (!this.#isGreeted) this.#helloTimer.cancel();
    this.#isGreeted = true;
    if (answer === undefined) return;
    const call = this.#pending.take(answer.correlation);
    const { outcome } = answer;
    if (call === undefined || 'silent' in outcome) return;
    if ('response' in outcome) call.resolve(outcome.response as never);
    else {
      const code = outcome.error === 'NONE' ? 'UNKNOWN_SERVER_ERROR' : outcome.error;
      call.reject(apiError(code, outcome.message));
    }
  }

  #lose(error: Error): void {
    this.#end ??= error;
    this.#pending.rejectAll(this.#end);
    this.#stream.destroy();
  }

  #ended(): void {
    this.#closingTimer?.cancel();
    this.#helloTimer.cancel();
    this.#end ??= this.#isGreeted ? networkException('the broker ended the connection') : endedEarly();
    this.#pending.rejectAll(this.#end);
    this.#outgoing.drop();
  }
}

/** How long the broker may hold the answer because the request says so. */
function ownWaitMs(request: object): number {
  if ('maxWaitMs' in request && typeof request.maxWaitMs === 'number') return request.maxWaitMs;
  if ('timeoutMs' in request && typeof request.timeoutMs === 'number') return request.timeoutMs;
  // A member that joins waits for what the others have in hand.
  if ('rebalanceTimeoutMs' in request && typeof request.rebalanceTimeoutMs === 'number')
    return request.rebalanceTimeoutMs;
  return 0;
}

function endedEarly(): Error {
  return apiError('NETWORK_EXCEPTION', 'the connection was ended before a Millrace broker answered', {
    hint: 'is this the address of a Millrace broker, and is it neither starting nor stopping?',
  });
}

function saidNothing(): Error {
  return apiError('NETWORK_EXCEPTION', `the connection was accepted, and nothing said for ${helloMs} ms`, {
    hint: 'is this the address of a Millrace broker, and does its process still answer?',
  });
}

/**
 * Why a connection ended on which something cannot be read. To a caller it is a line that was cut, for nobody knows what
 * became of the call: CORRUPT_MESSAGE is what brokers say of a batch that they did not write.
 */
function unreadable(cause: unknown): Error {
  const code = protocolCodeOf(cause);
  if (code !== undefined && code !== 'CORRUPT_MESSAGE') return cause as Error;
  const what = code === undefined ? '' : `: ${messageOf(cause)}`;
  return networkException(`the connection was ended, for what came cannot be read${what}`, cause);
}

/** A length that no frame has. Where nothing else came before, these four bytes are how somebody else begins. */
function strangeFrame(length: number, isGreeted: boolean): Error {
  if (isGreeted)
    return apiError('CORRUPT_MESSAGE', `a frame of ${length} bytes came, which no Millrace broker sends`);
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(length);
  const beginning = bytes.toString('latin1');
  const guess = beginning === 'HTTP' ? ', as a web server does' : '';
  return apiError(
    'UNSUPPORTED_VERSION',
    `no Millrace broker answers: what came begins with '${printable(beginning)}'${guess}`,
    { hint: 'another program seems to serve this address; name that of a Millrace broker' },
  );
}
