import type { Connection, NodeAddress } from '@millrace/protocol';
import { codeOf } from '@millrace/runtime';
import { addressText } from './bootstrap-address.ts';
import type { Connections } from './connections.ts';
import { clientError } from './errors.ts';

/** Finds a broker to ask when any will do: one that is connected, else those known, else where the caller said to begin. */
export class AnyBroker {
  readonly #bootstrap: readonly NodeAddress[];
  readonly #connections: Connections;
  #known: readonly NodeAddress[] = [];

  constructor(bootstrap: readonly NodeAddress[], connections: Connections) {
    this.#bootstrap = bootstrap;
    this.#connections = connections;
  }

  get bootstrap(): readonly NodeAddress[] {
    return this.#bootstrap;
  }

  /** The brokers that metadata last named. */
  know(nodes: readonly NodeAddress[]): void {
    this.#known = nodes;
  }

  /** Tries each address once, those that refused lately last. BROKER_UNREACHABLE names them all. */
  async connection(): Promise<Connection> {
    const candidates = [...this.#known, ...this.#bootstrap];
    const open = candidates.find((node) => this.#connections.isOpen(node));
    if (open !== undefined) return this.#connections.to(open);
    const causes: unknown[] = [];
    for (const node of this.#inTurn(candidates)) {
      try {
        return await this.#connections.to(node);
      } catch (error) {
        if (codeOf(error) === 'CLUSTER_CLOSED') throw error;
        causes.push(error);
      }
    }
    throw unreachable(candidates, causes);
  }

  #inTurn(candidates: readonly NodeAddress[]): NodeAddress[] {
    return candidates.toSorted((a, b) => this.#connections.notBefore(a) - this.#connections.notBefore(b));
  }
}

function unreachable(candidates: readonly NodeAddress[], causes: readonly unknown[]): Error {
  const addresses = [...new Set(candidates.map(addressText))].join(', ');
  const reason = reasonOf(causes, candidates.length === 1);
  return clientError(
    'BROKER_UNREACHABLE',
    `no broker answers at ${addresses}${reason === undefined ? '' : `: ${reason}`}`,
    {
      retriable: true,
      hint: 'is the broker running, and is this its address? `npx millrace start` starts one here',
      cause: causes.length === 1 ? causes[0] : new AggregateError(causes, `tried ${addresses}`),
    },
  );
}

/** Of the first failure. The message of a connector names the address once more; where only one was tried, its reason is enough. */
function reasonOf(causes: readonly unknown[], onlyOne: boolean): string | undefined {
  const first = causes.find((cause) => cause instanceof Error);
  const details = first !== undefined && 'details' in first ? first.details : undefined;
  if (
    onlyOne &&
    codeOf(first) === 'BROKER_UNREACHABLE' &&
    typeof details === 'object' &&
    details !== null &&
    'reason' in details
  )
    return String(details.reason);
  return first?.message;
}
