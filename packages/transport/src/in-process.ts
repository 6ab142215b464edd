import type {
  ApiName,
  BrokerApi,
  CallContext,
  Connection,
  Connector,
  RequestOf,
  ResponseOf,
} from '@millrace/protocol';
import { networkException, transportError } from './errors.ts';

export interface InProcessOptions {
  /** `in-process` */
  clientId?: string;
  /** Overwrites the caller's batches after the call, as if the broker had: a caller that still uses them fails its tests. */
  checkOwnership?: boolean;
}

/** A broker in this process: no codec, no copy. `find` looks a node up for each connection. */
export function inProcessConnector(
  find: Partial<BrokerApi> | ((nodeId: number | undefined) => Partial<BrokerApi> | undefined),
  options: InProcessOptions = {},
): Connector {
  return (node) => {
    const api = typeof find === 'function' ? find(node.nodeId) : find;
    if (api !== undefined) return Promise.resolve(new InProcessConnection(api, options));
    return Promise.reject(
      transportError('BROKER_UNREACHABLE', `no broker ${node.nodeId ?? ''} runs in this process`, {
        retriable: true,
      }),
    );
  };
}

type AnyHandler = (request: unknown, context: CallContext) => Promise<never>;

class InProcessConnection implements Connection {
  readonly closed: Promise<void>;
  readonly #api: Partial<BrokerApi>;
  readonly #abort = new AbortController();
  readonly #context: CallContext;
  readonly #checkOwnership: boolean;
  readonly #pending = new Set<(error: Error) => void>();

  constructor(api: Partial<BrokerApi>, options: InProcessOptions) {
    this.#api = api;
    this.#checkOwnership = options.checkOwnership ?? false;
    this.#context = {
      signal: this.#abort.signal,
      clientId: options.clientId ?? 'in-process',
      connectionId: 0,
      listener: 'in-process',
    };
    this.closed = new Promise((resolve) =>
      this.#abort.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }

  call<Name extends ApiName>(name: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    const handler = this.#api[name] as AnyHandler | undefined;
    if (this.#abort.signal.aborted) return Promise.reject(networkException('the connection was closed'));
    if (handler === undefined)
      return Promise.reject(transportError('UNSUPPORTED_VERSION', `this broker does not answer ${name}`));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const settled = (): boolean => this.#pending.delete(reject);
      handler(this.#checkOwnership ? handedOver(name, request) : request, this.#context).then(
        (response) => (settled() ? resolve(response) : release(response)),
        (error: unknown) => {
          settled();
          reject(error);
        },
      );
    });
  }

  close(): Promise<void> {
    this.#abort.abort();
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const reject of pending) reject(networkException('the connection was closed'));
    return this.closed;
  }
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

/** An answer that came after the close: nobody else will release its ranges. */
function release(response: ResponseOf<ApiName>): void {
  if (!('partitions' in response)) return;
  for (const partition of response.partitions)
    if ('batches' in partition && 'release' in partition.batches) partition.batches.release();
}
