import type { Connection, Connector, NodeAddress } from '@millrace/protocol';
import { addressText } from './address.ts';
import { clientError } from './errors.ts';

/** One connection to each broker, opened when first needed, forgotten when it ends. */
export class Connections {
  readonly #connect: Connector;
  readonly #open = new Map<string, Promise<Connection>>();
  readonly #abort = new AbortController();

  constructor(connect: Connector) {
    this.#connect = connect;
  }

  /** The open one, or the one being opened, or a new one. BROKER_UNREACHABLE, CLUSTER_CLOSED. */
  to(node: NodeAddress): Promise<Connection> {
    if (this.#abort.signal.aborted)
      return Promise.reject(clientError('CLUSTER_CLOSED', 'the cluster client was closed'));
    const key = keyOf(node);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening = this.#connect(node, this.#abort.signal);
    this.#open.set(key, opening);
    const forget = (): void => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    };
    opening.then((connection) => connection.closed.then(forget), forget);
    return opening;
  }

  /** One that is open, if any: whom to ask when it does not matter. */
  get first(): Promise<Connection> | undefined {
    return this.#open.values().next().value;
  }

  async close(): Promise<void> {
    this.#abort.abort(clientError('CLUSTER_CLOSED', 'the cluster client was closed'));
    const opened = await Promise.allSettled(this.#open.values());
    this.#open.clear();
    await Promise.all(
      opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
    );
  }
}

/** A bootstrap address turns out to be a node's: the same host and port share a connection. Brokers in this process have no port. */
function keyOf(node: NodeAddress): string {
  return node.port === 0 ? `${node.host}#${node.nodeId ?? ''}` : addressText(node);
}
