import type { Duplex } from 'node:stream';
import { type Call, type CallContext, FrameReader, type Outcome, type ServerCodec } from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import { printable, protocolCodeOf } from './errors.ts';
import { Outgoing } from './outgoing.ts';
import type { ServeLimits, ServeOptions } from './serve.ts';

const defaults: Required<ServeLimits> = {
  maxInFlight: 1_000,
  maxUnsentBytes: 8 * 1024 * 1024,
  helloMs: 10_000,
  frameMs: 30_000,
};

type AnyHandler = (request: unknown, context: CallContext) => Promise<never>;

/** The broker's side of one connection: frames in, handlers called, answers out. */
export class ServerConnection {
  /** Resolves when the stream has ended and nothing is held for it any more. */
  readonly ended: Promise<void>;
  readonly #stream: Duplex;
  readonly #options: ServeOptions;
  readonly #world: World;
  readonly #limits: Required<ServeLimits>;
  readonly #codec: ServerCodec;
  readonly #reader: FrameReader;
  readonly #outgoing: Outgoing;
  readonly #abort = new AbortController();
  readonly #connectionId: number;
  #context: CallContext | undefined;
  #inFlight = 0;
  #paused = false;
  #draining = false;
  #frameTimer: Timer | undefined;

  constructor(stream: Duplex, options: ServeOptions, world: World, connectionId: number) {
    this.#stream = stream;
    this.#options = options;
    this.#world = world;
    this.#connectionId = connectionId;
    this.#limits = { ...defaults, ...options.limits };
    this.#codec = options.codec.server();
    this.#reader = new FrameReader(() => this.#codec.maxFrameBytes);
    this.#outgoing = new Outgoing(stream, world, (error) =>
      this.#lose('an answer could not be sent whole', error),
    );
    const helloTimer = world.clock.after(this.#limits.helloMs, () => {
      if (this.#context === undefined) this.#lose(`no hello within ${this.#limits.helloMs} ms`);
    });
    this.ended = new Promise((resolve) => {
      stream.once('close', () => {
        helloTimer.cancel();
        this.#end();
        resolve();
      });
    });
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('drain', () => this.#maybeResume());
    stream.on('end', () => this.drain());
    // 'close' follows; who hung up, and how, is nobody's business here.
    stream.on('error', () => {});
  }

  /** Reads nothing more, answers what was asked, then ends the stream. */
  drain(): void {
    this.#draining = true;
    this.#stream.pause();
    this.#maybeEnd();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk);
    this.#takeFrames();
  }

  #takeFrames(): void {
    while (!this.#paused && !this.#draining && !this.#stream.destroyed) {
      const frame = this.#reader.next();
      if (frame === undefined) break;
      if ('refused' in frame) {
        this.#follow(this.#codec.refuse(frame.refused));
        return;
      }
      this.#follow(this.#codec.decode(frame));
      if (this.#isFull()) this.#pause();
    }
    this.#watchPartialFrame();
  }

  #follow(incoming: ReturnType<ServerCodec['decode']>): void {
    if (incoming.kind === 'call') this.#answer(incoming.call);
    else if (incoming.kind === 'answer') {
      this.#outgoing.add(incoming.chunks);
      this.#context ??= this.#openContext();
    } else this.#lose(incoming.reason, undefined, incoming.chunks);
  }

  #openContext(): CallContext {
    const { endpoint, listener, codec } = this.#options;
    return {
      signal: this.#abort.signal,
      clientId: this.#codec.clientId,
      connectionId: this.#connectionId,
      listener: listener ?? codec.name,
      ...(endpoint === undefined ? {} : { localAddress: endpoint }),
    };
  }

  #answer(call: Call): void {
    this.#context ??= this.#openContext();
    const handler = this.#options.api[call.api] as AnyHandler | undefined;
    if (handler === undefined) {
      this.#send(call, { error: 'UNSUPPORTED_VERSION', message: `this broker does not answer ${call.api}` });
      return;
    }
    this.#inFlight += 1;
    const silent = call.api === 'produce' && call.request.acks === 'none';
    let answer: Promise<never>;
    try {
      answer = handler(call.request, this.#context);
    } catch (error) {
      answer = Promise.reject(error);
    }
    answer.then(
      (response) => this.#settled(call, silent ? { silent: true } : { response }),
      (error: unknown) => this.#settled(call, silent ? { silent: true } : this.#outcomeOf(call, error)),
    );
  }

  #settled(call: Call, outcome: Outcome): void {
    this.#inFlight -= 1;
    this.#send(call, outcome);
    if (this.#paused) this.#maybeResume();
    if (this.#draining) this.#maybeEnd();
  }

  #send(call: Call, outcome: Outcome): void {
    this.#outgoing.add(this.#codec.encode(call, outcome));
  }

  #outcomeOf(call: Call, error: unknown): Outcome {
    const message = error instanceof Error || hasMessage(error) ? error.message : String(error);
    const code = protocolCodeOf(error);
    if (code !== undefined) return { error: code, message };
    this.#world.logger.error({ api: call.api, error: printable(message) }, 'a handler failed');
    return {
      error: 'UNKNOWN_SERVER_ERROR',
      message: 'the broker met something it did not expect; its log says more',
    };
  }

  #isFull(): boolean {
    return (
      this.#inFlight >= this.#limits.maxInFlight || this.#outgoing.unsentBytes > this.#limits.maxUnsentBytes
    );
  }

  #pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  #maybeResume(): void {
    if (!this.#paused || this.#isFull()) return;
    this.#paused = false;
    // Frames that came before the pause go first.
    this.#takeFrames();
    if (!this.#paused) this.#stream.resume();
  }

  #watchPartialFrame(): void {
    if (!this.#reader.isPartial || this.#paused) {
      this.#frameTimer?.cancel();
      this.#frameTimer = undefined;
    } else {
      this.#frameTimer ??= this.#world.clock.after(this.#limits.frameMs, () =>
        this.#lose(`half a frame for ${this.#limits.frameMs} ms`),
      );
    }
  }

  #maybeEnd(): void {
    if (this.#inFlight > 0 || this.#stream.destroyed) return;
    this.#outgoing.flush();
    this.#stream.end();
  }

  #lose(reason: string, error?: unknown, lastWords: readonly Uint8Array[] = []): void {
    const cause = hasMessage(error) ? { error: printable(error.message) } : {};
    this.#world.logger.debug(
      { connectionId: this.#connectionId, reason: printable(reason), ...cause },
      'closing a connection',
    );
    this.#draining = true;
    if (lastWords.length === 0) {
      this.#stream.destroy();
      return;
    }
    this.#outgoing.add(lastWords);
    this.#outgoing.flush();
    // Read and forget what still comes: a close with unread bytes would reset the connection before our words arrive.
    this.#stream.removeAllListeners('data').resume();
    this.#stream.end(() => this.#stream.destroy());
  }

  #end(): void {
    this.#frameTimer?.cancel();
    this.#outgoing.drop();
    this.#abort.abort();
  }
}

function hasMessage(error: unknown): error is { message: string } {
  return (
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
  );
}
