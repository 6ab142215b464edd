import {
  type ApiName,
  apiError,
  type BrokerApi,
  type CallContext,
  type Connection,
  type Connector,
  type RequestOf,
  type ResponseOf,
} from '@millrace/protocol';
import { messageOf, networkException, protocolCodeOf, transportError } from './errors.ts';
import { releaseAnswer } from './range-sender.ts';

export interface InProcessOptions {
  /** `in-process` */
  clientId?: string;
  /** Overwrites the caller's batches after the call, as if the broker had: a caller that still uses them fails its tests. */
  checkOwnership?: boolean;
}

/**
 * A broker in this process: no codec, no copy. A function looks the broker up for every call, so that a connection to one
 * that is gone ends with the next call.
 */
export function inProcessConnector(
  find: Partial<BrokerApi> | ((nodeId: number | undefined) => Partial<BrokerApi> | undefined),
  options: InProcessOptions = {},
): Connector {
  let connections = 0;
  return async ({ nodeId }, signal) => {
    signal?.throwIfAborted();
    const lookUp = (): Partial<BrokerApi> | undefined => (typeof find === 'function' ? find(nodeId) : find);
    if (lookUp() === undefined)
      throw transportError(
        'BROKER_UNREACHABLE',
        `no broker${nodeId === undefined ? '' : ` ${nodeId}`} runs in this process`,
        {
          retriable: true,
          hint: 'start it first, or connect to its port',
        },
      );
    connections += 1;
    return new InProcessConnection(lookUp, connections, options);
  };
}

type AnyHandler = (request: unknown, context: CallContext) => Promise<never>;

class InProcessConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #lookUp: () => Partial<BrokerApi> | undefined;
  readonly #abort = new AbortController();
  readonly #context: CallContext;
  readonly #checkOwnership: boolean;
  readonly #pending = new Set<(error: Error) => void>();

  constructor(
    lookUp: () => Partial<BrokerApi> | undefined,
    connectionId: number,
    { clientId = 'in-process', checkOwnership = false }: InProcessOptions,
  ) {
    this.#lookUp = lookUp;
    this.#checkOwnership = checkOwnership;
    this.#context = { signal: this.#abort.signal, clientId, connectionId, listener: 'in-process' };
    this.closed = new Promise((resolve) =>
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  call<Name extends ApiName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    if (this.#abort.signal.aborted) return Promise.reject(networkException('the connection was closed'));
    const api = this.#lookUp();
    if (api === undefined) {
      this.#end('the broker is gone');
      return Promise.reject(networkException('the broker is gone'));
    }
    const handler = api[name] as AnyHandler | undefined;
    if (handler === undefined)
      return Promise.reject(apiError('UNSUPPORTED_VERSION', `this broker does not answer ${name}`));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const isNoLongerAwaited = (): boolean => !this.#pending.delete(reject);
      const failed = (error: unknown): void => {
        if (!isNoLongerAwaited()) reject(failureOf(name, error));
      };
      try {
        handler(this.#checkOwnership ? handedOver(name, request) : request, this.#context).then(
          (response) => {
            if (isNoLongerAwaited()) releaseAnswer(response);
            else resolve(isUnanswered(name, request) ? ({ partitions: [] } as never) : response);
          },
          failed,
        );
      } catch (error) {
        failed(error);
      }
    });
  }

  close(): Promise<void> {
    this.#end('the connection was closed');
    return this.closed;
  }

  #end(reason: string): void {
    this.#abort.abort();
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(networkException(reason));
  }
}

/** Codes that travel pass; anything else is what a broker elsewhere would have said, with its cause. */
function failureOf(name: ApiName, cause: unknown): Error {
  if (protocolCodeOf(cause) !== undefined && cause instanceof Error) return cause;
  return apiError('UNKNOWN_SERVER_ERROR', `${name} failed: ${messageOf(cause)}`, { cause });
}

/** Under acks none there is no answer, through whatever door. */
function isUnanswered(name: ApiName, request: object): boolean {
  return name === 'produce' && 'acks' in request && request.acks === 'none';
}

/** A copy for the broker; what the caller holds becomes 0xDD. */
function handedOver(name: ApiName, request: unknown): unknown {
  if (name !== 'produce') return request;
  const produce = request as RequestOf<'produce'>;
  const partitions = produce.partitions.map((partition) => ({
    ...partition,
    batches: Buffer.from(partition.batches),
  }));
  for (const { batches } of produce.partitions) batches.fill(0xdd);
  return { ...produce, partitions };
}
