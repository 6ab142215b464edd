import type { Duplex } from 'node:stream';
import {
  type Call,
  type CallContext,
  clusterSized,
  FrameReader,
  type Incoming,
  type Outcome,
  printable,
  type ResponseOf,
  type ServerCodec,
} from '@millrace/protocol';
import type { Timer, World } from '@millrace/runtime';
import { AnswerOrder } from './answer-order.ts';
import { connectionMemory } from './connection-memory.ts';
import { Deadline } from './deadline.ts';
import { messageOf, protocolCodeOf } from './errors.ts';
import type { KernelCopyFinder } from './kernel-copy.ts';
import { LargeAnswers } from './large-answers.ts';
import { Outgoing, type OutgoingEvents } from './outgoing.ts';
import { reachedAt, remoteHostOf } from './peer-address.ts';
import { releaseAnswer } from './range-sender.ts';
import { RequestRoom } from './request-room.ts';
import type { ServeLimits, ServeOptions } from './serve.ts';
import type { BytesShare } from './shared-bytes.ts';

const defaults: Required<ServeLimits> = {
  maxInFlight: 1_000,
  maxInFlightBytes: 16 * 1024 * 1024,
  maxUnsentBytes: 8 * 1024 * 1024,
  helloMs: 10_000,
  frameMs: 30_000,
  writeMs: 30_000,
};

/** How long a peer that was told off gets to read why. */
const lastWordsMs = 1_000;

type InTurn = (deliver: () => void) => void;
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
  /** undefined: answers leave as they are ready. */
  readonly #order: AnswerOrder | undefined;
  readonly #abort = new AbortController();
  readonly #connectionId: number;
  readonly #frameDeadline: Deadline;
  readonly #writeDeadline: Deadline;
  readonly #helloTimer: Timer;
  #lastWordsTimer: Timer | undefined;
  #context: CallContext | undefined;
  readonly #room: RequestRoom;
  readonly #largeAnswers: LargeAnswers;
  readonly #answerMemory: BytesShare;
  /** `full`: the stream rests until there is room; `draining`: nothing more is taken, what was asked is answered. */
  #state: 'open' | 'full' | 'draining' | 'lost' = 'open';

  constructor(
    stream: Duplex,
    options: ServeOptions,
    world: World,
    connectionId: number,
    kernelCopy?: KernelCopyFinder,
  ) {
    this.#stream = stream;
    this.#options = options;
    this.#world = world;
    this.#connectionId = connectionId;
    this.#limits = { ...defaults, ...options.limits };
    const { helloMs, frameMs, writeMs } = this.#limits;
    this.#codec = options.codec.server(new Set(Object.keys(options.api)));
    this.#order = options.codec.ordered ? new AnswerOrder() : undefined;
    const { requests, answers } = options.memory ?? connectionMemory({}, world);
    this.#room = new RequestRoom(requests, this.#limits, () => {
      this.#resumeIfFull();
    });
    this.#answerMemory = answers.share();
    this.#largeAnswers = new LargeAnswers(() => !this.#owesEnough(), world.clock);
    this.#reader = new FrameReader(() => this.#maxFrameBytes);
    const events: OutgoingEvents = {
      sent: () => this.#sent(),
      failed: (error) => this.#lose(`an answer could not be sent whole: ${messageOf(error)}`, 'warn'),
    };
    this.#outgoing = new Outgoing(stream, world.clock, events, { memory: this.#answerMemory, kernelCopy });
    this.#frameDeadline = new Deadline(world.clock, frameMs, () =>
      this.#lose(`half a frame for ${frameMs} ms`),
    );
    this.#writeDeadline = new Deadline(world.clock, writeMs, () =>
      this.#lose(`the peer took none of its answers for ${writeMs} ms`),
    );
    this.#helloTimer = world.clock.after(helloMs, () => {
      if (this.#context === undefined) this.#lose(`no hello within ${helloMs} ms`);
    });
    this.ended = this.#listen(stream);
  }

  /** Takes nothing more, answers what was asked, then ends the stream. */
  drain(): void {
    if (this.#state === 'lost') return;
    this.#state = 'draining';
    this.#frameDeadline.stop();
    // What still comes is read and forgotten: in a stream at rest the peer's own end would never be seen.
    this.#stream.resume();
    this.#endWhenIdle();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #listen(stream: Duplex): Promise<void> {
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    // Nobody is there to read an answer; what is parked for this connection can go.
    stream.on('end', () => {
      if (this.#state !== 'lost') stream.destroy();
    });
    // 'close' follows; who hung up, and how, is nobody's business here.
    stream.on('error', () => {});
    return new Promise((resolve) => {
      stream.once('close', () => {
        this.#end();
        resolve();
      });
      if (!stream.destroyed) return;
      this.#end();
      resolve();
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#state === 'lost' || this.#state === 'draining') return;
    this.#reader.push(chunk);
    this.#takeFrames();
  }

  #takeFrames(): void {
    while (this.#state === 'open' && !this.#stream.destroyed && this.#claimFrame()) {
      const frame = this.#reader.next();
      if (frame === undefined) break;
      this.#frameDeadline.lift();
      const frameBytes = this.#room.take();
      if ('refused' in frame) this.#follow(this.#codec.refuse(frame.refused), frameBytes);
      else this.#follow(this.#codec.decode(frame), frameBytes);
      if (this.#state === 'open' && this.#isFull()) this.#rest();
    }
    if (this.#state === 'open' && this.#reader.isPartial) this.#frameDeadline.begin();
  }

  /** Rests when there is no room for the next frame. */
  #claimFrame(): boolean {
    const length = this.#reader.nextLength();
    if (length === undefined) return false;
    // One that will be refused is never gathered.
    const bytes = length < 0 || length > this.#maxFrameBytes ? 0 : length;
    if (this.#room.claim(bytes)) return true;
    this.#rest();
    return false;
  }

  get #maxFrameBytes(): number {
    return Math.min(this.#codec.maxFrameBytes, this.#room.maxFrameBytes);
  }

  #follow(incoming: Incoming, frameBytes: number): void {
    if (incoming.kind === 'call') {
      this.#context ??= this.#openContext();
      this.#answer(incoming.call, this.#context, frameBytes);
      return;
    }
    this.#room.release(frameBytes);
    if (incoming.kind === 'close') {
      this.#lose(incoming.reason, 'debug', incoming.chunks);
      return;
    }
    this.#context ??= this.#openContext();
    this.#inTurn()(() => this.#add(incoming.chunks));
  }

  /** What is returned takes what is to be done once all that was asked before is answered, where that matters. */
  #inTurn(): InTurn {
    return this.#order?.next() ?? atOnce;
  }

  #openContext(): CallContext {
    const { endpoint, listener, codec } = this.#options;
    this.#helloTimer.cancel();
    return {
      signal: this.#abort.signal,
      clientId: this.#codec.clientId,
      connectionId: this.#connectionId,
      listener: listener ?? codec.name,
      ...(endpoint === undefined ? {} : { localAddress: reachedAt(endpoint, this.#stream) }),
      ...remoteHostOf(this.#stream),
    };
  }

  #answer(call: Call, context: CallContext, frameBytes: number): void {
    const handler = this.#options.api[call.api] as AnyHandler | undefined;
    const inTurn = this.#inTurn();
    if (handler === undefined) {
      this.#room.release(frameBytes);
      const message = `this broker does not answer ${call.api}`;
      inTurn(() => this.#send(call, { error: 'UNSUPPORTED_VERSION', message }));
      return;
    }
    this.#room.begun();
    const begin = (): void => this.#begin(handler, call, context, { inTurn, frameBytes });
    if (clusterSized.has(call.api))
      this.#largeAnswers.add({ begin, abandon: () => inTurn(() => this.#room.settled(frameBytes)) });
    else begin();
  }

  #begin(
    handler: AnyHandler,
    call: Call,
    context: CallContext,
    { inTurn, frameBytes }: { readonly inTurn: InTurn; readonly frameBytes: number },
  ): void {
    const silent = isSilent(call);
    try {
      handler(call.request, context).then(
        (response) => {
          if (silent) releaseAnswer(response);
          if (silent && hasFailure(response)) this.#failedSilently();
          inTurn(() => this.#settle(call, silent ? { silent: true } : { response }, frameBytes));
        },
        (error: unknown) => inTurn(() => this.#fail(call, error, frameBytes)),
      );
    } catch (error) {
      inTurn(() => this.#fail(call, error, frameBytes));
    }
  }

  #fail(call: Call, error: unknown, frameBytes: number): void {
    const outcome = this.#failureOf(call, error);
    const silent = isSilent(call);
    if (silent) this.#failedSilently();
    this.#settle(call, silent ? { silent: true } : outcome, frameBytes);
  }

  #failedSilently(): void {
    if (this.#options.codec.endsOnSilentFailure === true) this.#lose('what wants no answer has failed');
  }

  #settle(call: Call, outcome: Outcome, frameBytes: number): void {
    this.#room.settled(frameBytes);
    const owedBytes = this.#outgoing.unsentBytes;
    this.#send(call, outcome);
    if (clusterSized.has(call.api)) this.#largeAnswers.settled(this.#outgoing.unsentBytes - owedBytes);
    this.#resumeIfFull();
    if (this.#state === 'draining') this.#endWhenIdle();
  }

  #send(call: Call, outcome: Outcome): void {
    try {
      this.#add(this.#codec.encode(call, outcome));
    } catch (error) {
      // An answer that is not what the API says is a handler's bug; its caller must hear something all the same.
      if ('response' in outcome) releaseAnswer(outcome.response);
      this.#add(this.#codec.encode(call, this.#failureOf(call, error)));
    }
  }

  #add(chunks: Parameters<Outgoing['add']>[0]): void {
    this.#outgoing.add(chunks);
    if (this.#outgoing.unsentBytes > 0 && this.#state !== 'lost') this.#writeDeadline.begin();
  }

  #sent(): void {
    if (this.#outgoing.unsentBytes > 0) this.#writeDeadline.restart();
    else this.#writeDeadline.lift();
    this.#largeAnswers.look();
    this.#resumeIfFull();
  }

  #failureOf(call: Call, error: unknown): Outcome {
    const code = protocolCodeOf(error);
    if (code !== undefined) return { error: code, message: messageOf(error) };
    this.#world.logger.error({ api: call.api, error: printable(messageOf(error)) }, 'a handler failed');
    const message = 'the broker met something it did not expect; its log says more';
    return { error: 'UNKNOWN_SERVER_ERROR', message };
  }

  #isFull(): boolean {
    return this.#room.isFull || this.#owesEnough();
  }

  #owesEnough(): boolean {
    return (
      this.#outgoing.unsentBytes >= this.#limits.maxUnsentBytes ||
      this.#answerMemory.heldBytes > this.#answerMemory.limitBytes
    );
  }

  #rest(): void {
    this.#state = 'full';
    this.#frameDeadline.lift();
    this.#stream.pause();
  }

  #resumeIfFull(): void {
    if (this.#state !== 'full' || this.#isFull()) return;
    this.#state = 'open';
    // Frames that came before the rest go first.
    this.#takeFrames();
    if (this.#state === 'open') this.#stream.resume();
  }

  #endWhenIdle(): void {
    if (this.#room.isIdle) this.#outgoing.end();
  }

  #lose(reason: string, level: 'debug' | 'warn' = 'debug', lastWords: readonly Uint8Array[] = []): void {
    if (this.#state === 'lost') return;
    this.#world.logger[level](
      { connectionId: this.#connectionId, reason: printable(reason) },
      'closing a connection',
    );
    this.#state = 'lost';
    if (lastWords.length === 0) {
      this.#stream.destroy();
      return;
    }
    // What still comes is read and forgotten: a close with unread bytes would reset the connection before the peer reads ours.
    this.#outgoing.add(lastWords);
    this.#outgoing.end();
    this.#stream.resume();
    this.#lastWordsTimer = this.#world.clock.after(lastWordsMs, () => this.#stream.destroy());
  }

  #end(): void {
    this.#state = 'lost';
    this.#helloTimer.cancel();
    this.#lastWordsTimer?.cancel();
    this.#frameDeadline.stop();
    this.#writeDeadline.stop();
    this.#outgoing.drop();
    this.#room.end();
    this.#largeAnswers.end();
    this.#order?.end();
    this.#abort.abort();
  }
}

function atOnce(deliver: () => void): void {
  deliver();
}

/** Whether a part of the answer says that it failed. */
function hasFailure({ partitions }: ResponseOf<'produce'>): boolean {
  return partitions.some(({ error }) => error !== 'NONE');
}

/** Under acks none nothing is answered, whatever happens. */
function isSilent(call: Call): boolean {
  return call.api === 'produce' && call.request.acks === 'none';
}
