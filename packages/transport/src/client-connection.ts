import type { Duplex } from 'node:stream';
import {
  type ApiName,
  type Call,
  type ClientCodec,
  type Connection,
  FrameReader,
  type RequestOf,
  type ResponseOf,
  type WireCodec,
} from '@millrace/protocol';
import { CodedError, type Timer, type World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { networkException, printable, transportError } from './errors.ts';
import { Outgoing } from './outgoing.ts';

export interface ConnectOptions {
  codec: WireCodec;
  /** `millrace` */
  clientId?: string;
  /** 30 s beyond what the request itself may wait. */
  requestTimeoutMs?: number;
}

/** A broker at the other end of any stream. */
export function connectOver(stream: Duplex, options: ConnectOptions, world: World = nodeWorld): Connection {
  return new ClientConnection(stream, options, world);
}

interface Pending {
  readonly api: ApiName;
  /** On the monotonic clock, ms. */
  readonly deadline: number;
  resolve(response: never): void;
  reject(error: Error): void;
}

/** How often deadlines are looked at: one timer a connection, not one a call. */
const lookEveryMs = 500;
/** Answers that may still come after their call has timed out. */
const maxAbandoned = 10_000;

class ClientConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #world: World;
  readonly #codec: ClientCodec;
  readonly #reader: FrameReader;
  readonly #outgoing: Outgoing;
  readonly #requestTimeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #abandoned = new Set<number>();
  #correlation = 0;
  #timer: Timer | undefined;
  #end: Error | undefined;

  constructor(stream: Duplex, options: ConnectOptions, world: World) {
    this.#stream = stream;
    this.#world = world;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#codec = options.codec.client({ clientId: options.clientId ?? 'millrace' });
    this.#reader = new FrameReader(() => this.#codec.maxFrameBytes);
    this.#outgoing = new Outgoing(stream, world, () => stream.destroy());
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#ended();
        resolve();
      });
    });
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('end', () => stream.destroy());
    stream.on('error', (error) =>
      this.#lose(networkException(`the connection broke: ${printable(error.message)}`, error)),
    );
    this.#outgoing.add(this.#codec.hello());
  }

  call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const correlation = this.#nextCorrelation();
    try {
      this.#outgoing.add(this.#codec.encode({ correlation, api, request } as unknown as Call));
    } catch (error) {
      return Promise.reject(error);
    }
    if (waitsForNoAnswer(api, request))
      return Promise.resolve({ partitions: [] } as unknown as ResponseOf<Name>);
    return new Promise((resolve, reject) => {
      const deadline = this.#world.clock.monotonic() + this.#requestTimeoutMs + ownWaitMs(request);
      this.#pending.set(correlation, { api, deadline, resolve, reject });
      this.#timer ??= this.#world.clock.after(lookEveryMs, () => this.#expire());
    });
  }

  close(): Promise<void> {
    this.#end ??= networkException('the connection was closed');
    this.#outgoing.flush();
    this.#rejectAll(this.#end);
    this.#stream.end(() => this.#stream.destroy());
    return this.closed;
  }

  /** 32 bits, never one that is still waited for. */
  #nextCorrelation(): number {
    do this.#correlation = (this.#correlation + 1) | 0;
    while (this.#pending.has(this.#correlation) || this.#abandoned.has(this.#correlation));
    return this.#correlation;
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      for (;;) {
        const frame = this.#reader.next();
        if (frame === undefined) return;
        if ('refused' in frame)
          throw transportError(
            'CORRUPT_MESSAGE',
            `the broker sent a frame of ${frame.refused} bytes; no Millrace broker does`,
          );
        this.#settle(frame);
      }
    } catch (error) {
      this.#lose(asError(error));
    }
  }

  #settle(frame: Buffer): void {
    const answer = this.#codec.decode(frame);
    if (answer === undefined) return;
    const pending = this.#pending.get(answer.correlation);
    if (pending === undefined) {
      if (this.#abandoned.delete(answer.correlation)) return;
      throw transportError('CORRUPT_MESSAGE', 'the broker sent an answer that nobody asked for');
    }
    this.#pending.delete(answer.correlation);
    const { outcome } = answer;
    if ('response' in outcome) pending.resolve(outcome.response as never);
    else if ('error' in outcome) pending.reject(new CodedError(outcome.error, outcome.message));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#world.clock.monotonic();
    for (const [correlation, pending] of this.#pending) {
      if (pending.deadline > now) continue;
      this.#pending.delete(correlation);
      this.#abandoned.add(correlation);
      pending.reject(
        transportError(
          'REQUEST_TIMED_OUT',
          `the broker did not answer ${pending.api} in time; the work may have been done`,
          {
            retriable: true,
          },
        ),
      );
    }
    if (this.#abandoned.size > maxAbandoned) this.#lose(networkException('the broker answers too few calls'));
    else if (this.#pending.size > 0) this.#timer = this.#world.clock.after(lookEveryMs, () => this.#expire());
  }

  #lose(error: Error): void {
    this.#end ??= error;
    this.#stream.destroy();
  }

  #ended(): void {
    this.#end ??= networkException('the broker ended the connection');
    this.#rejectAll(this.#end);
    this.#outgoing.drop();
  }

  #rejectAll(error: Error): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) reject(error);
  }
}

function waitsForNoAnswer(api: ApiName, request: object): boolean {
  return api === 'produce' && 'acks' in request && request.acks === 'none';
}

/** How long the broker may hold the answer because the request says so. */
function ownWaitMs(request: object): number {
  if ('maxWaitMs' in request && typeof request.maxWaitMs === 'number') return request.maxWaitMs;
  if ('timeoutMs' in request && typeof request.timeoutMs === 'number') return request.timeoutMs;
  return 0;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : networkException(String(error));
}
