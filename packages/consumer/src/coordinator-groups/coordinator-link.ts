import { type Cluster, retryDelayMs } from '@millrace/client';
import { type ApiName, apiError, type Connection, type RequestOf, type ResponseOf } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';

const backoffMs = 50;

/** After these the group may have another coordinator, or the same at another address. */
const mayHaveMoved: ReadonlySet<string | undefined> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'REQUEST_TIMED_OUT',
]);

/**
 * A member's way to the broker that coordinates its group, over a connection of its own: what is held for this member must
 * hold up no other. Found and opened with the first question, and anew when the coordinator may have moved.
 */
export class CoordinatorLink {
  readonly #cluster: Cluster;
  readonly #group: string;
  readonly #world: World;
  readonly #closing = new AbortController();
  #open: Connection | undefined;
  #opening: Promise<Connection> | undefined;

  constructor(cluster: Cluster, group: string, world: World) {
    this.#cluster = cluster;
    this.#group = group;
    this.#world = world;
  }

  /** One attempt; what the coordinator refuses, it says in its answer. COORDINATOR_NOT_AVAILABLE, and what connections say. */
  async call<Name extends ApiName>(api: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
    let connection: Connection | undefined;
    try {
      connection = await this.#connected();
      const answer = await connection.call(api, request);
      if (saysMoved(answer)) this.#forget(connection);
      return answer;
    } catch (error) {
      if (connection !== undefined && mayHaveMoved.has(codeOf(error))) this.#forget(connection);
      throw error;
    }
  }

  /** Before the next attempt, after so many failures in a row. Rejects with the signal's reason. */
  pause(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#world;
    return clock.sleep(retryDelayMs(failures, backoffMs, random), signal);
  }

  /** What is asked has no answer any more. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort(apiError('NETWORK_EXCEPTION', `the member of ${this.#group} has left`));
    await this.#opening?.catch(() => {});
    await this.#open?.close();
  }

  #connected(): Promise<Connection> {
    if (this.#open !== undefined) return Promise.resolve(this.#open);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<Connection> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const asked = { kind: 'group' as const, keys: [this.#group] };
    const { coordinators } = await this.#cluster.call('findCoordinator', asked, { signal });
    const found = coordinators[0];
    if (found === undefined || found.error !== 'NONE')
      throw apiError(
        found === undefined || found.error === 'NONE' ? 'COORDINATOR_NOT_AVAILABLE' : found.error,
        found?.message ?? `no broker coordinates the group ${this.#group} at the moment`,
      );
    const { nodeId, host, port } = found;
    if (nodeId === undefined || host === undefined || port === undefined)
      throw apiError('COORDINATOR_NOT_AVAILABLE', `the coordinator of ${this.#group} has no address`);
    const connection = await this.#cluster.dedicated({ nodeId, host, port });
    if (signal.aborted) await connection.close();
    signal.throwIfAborted();
    this.#open = connection;
    void connection.closed.then(() => this.#forget(connection));
    return connection;
  }

  #forget(connection: Connection): void {
    if (this.#open !== connection) return;
    this.#open = undefined;
    connection.close().catch((error: unknown) => {
      this.#world.logger.warn({ err: error, group: this.#group }, 'a connection did not end well');
    });
  }
}

/** Of the whole, or of its first part: they are all of one group. */
function saysMoved(answer: object): boolean {
  if ('error' in answer) return mayHaveMoved.has(answer.error as string);
  const [part] = ('partitions' in answer ? answer.partitions : 'groups' in answer ? answer.groups : []) as {
    error?: string;
  }[];
  return mayHaveMoved.has(part?.error);
}
