import { type OpenRegistry, paths, type Registry } from '@millrace/coordination';
import type { World } from '@millrace/runtime';
import { tryCreate } from './compare-and-set.ts';
import type { Controller } from './controller.ts';
import { apiError } from './errors.ts';
import { MetadataFollower } from './metadata-follower.ts';
import type { MetadataView } from './metadata-view.ts';
import type { PartitionTable } from './partition-table.ts';
import { type Endpoints, register } from './registration.ts';

export interface ClusterMemberOptions {
  readonly nodeId: number;
  readonly openRegistry: OpenRegistry;
  readonly view: MetadataView;
  readonly table: PartitionTable;
  readonly controller: Controller;
}

interface Session {
  readonly registry: Registry;
  /** Ends what goes on in this session. */
  readonly end: AbortController;
}

const joinAgainMs = 1_000;

/**
 * A broker's membership in its cluster: one registry session after the other. When a session expires the broker leads
 * nothing, opens a new one and registers anew, as another incarnation (protocols §B.7).
 */
export class ClusterMember {
  readonly #options: ClusterMemberOptions;
  readonly #world: World;
  readonly #leave = new AbortController();
  #session: Session | undefined;
  #joining: Promise<void> | undefined;
  #staying: Promise<void> | undefined;

  constructor(options: ClusterMemberOptions, world: World) {
    this.#options = options;
    this.#world = world;
  }

  /** The present session. COORDINATOR_NOT_AVAILABLE when there is none at the moment. */
  get registry(): Registry {
    if (this.#session !== undefined) return this.#session.registry;
    throw apiError('COORDINATOR_NOT_AVAILABLE', 'the broker has no session with its registry at the moment');
  }

  /** Registers, stands for controller and has looked at everything once. NODE_ID_TAKEN. */
  join(endpoints: Endpoints): Promise<void> {
    this.#joining = this.#open(endpoints).then((session) => {
      this.#staying = this.#stay(session, endpoints).catch((error: unknown) =>
        this.#world.logger.error({ error }, 'the broker stopped following its cluster'),
      );
    });
    return this.#joining;
  }

  /** Ends the session: the broker's ephemeral nodes go at once. Idempotent. */
  async leave(): Promise<void> {
    this.#leave.abort();
    await this.#joining?.catch(() => {}); // whoever joined was told
    await this.#staying;
  }

  async #open(endpoints: Endpoints): Promise<Session> {
    const { nodeId, openRegistry, view, table, controller } = this.#options;
    const registry = await openRegistry(this.#leave.signal);
    const end = new AbortController();
    const session = { registry, end };
    try {
      const incarnation = await register(registry, nodeId, endpoints, this.#world);
      view.clusterId = await this.#clusterId(registry);
      this.#session = session;
      table.join({ registry, incarnation });
      this.#stand(controller, session);
      await new MetadataFollower(view, registry, end.signal, this.#world).follow();
      return session;
    } catch (error) {
      await this.#close(session);
      throw error;
    }
  }

  async #stay(first: Session, endpoints: Endpoints): Promise<void> {
    let session: Session | undefined = first;
    while (session !== undefined) {
      await this.#ended(session);
      await this.#close(session);
      if (this.#leave.signal.aborted) return;
      this.#world.logger.warn({ nodeId: this.#options.nodeId }, 'the registry session expired; joining anew');
      session = await this.#openAgain(endpoints);
    }
  }

  /** A new session, however long it takes; undefined when leaving. */
  async #openAgain(endpoints: Endpoints): Promise<Session | undefined> {
    while (!this.#leave.signal.aborted) {
      try {
        return await this.#open(endpoints);
      } catch (error) {
        if (this.#leave.signal.aborted) return undefined;
        this.#world.logger.warn({ error }, 'could not join the cluster; trying again');
        await this.#world.clock.sleep(joinAgainMs, this.#leave.signal).catch(() => {}); // leaving, which the loop sees
      }
    }
    return undefined;
  }

  /** Resolves when the session has expired or the broker leaves. */
  async #ended({ registry }: Session): Promise<void> {
    for await (const state of registry.states(this.#leave.signal)) {
      if (state === 'expired') return;
    }
  }

  async #close({ registry, end }: Session): Promise<void> {
    this.#session = undefined;
    this.#options.table.resign();
    end.abort();
    await registry.close().catch((error: unknown) => {
      this.#world.logger.warn({ error }, 'a registry session could not be closed; it ends by itself');
    });
  }

  #stand(controller: Controller, { registry, end }: Session): void {
    const stand = (): void => {
      controller.stand(registry, end.signal).catch((error: unknown) => {
        if (end.signal.aborted || registry.state === 'expired') return;
        this.#world.logger.warn({ error }, 'could not stand for controller; trying again');
        this.#world.clock.after(joinAgainMs, stand);
      });
    };
    stand();
  }

  /** The first broker ever names the cluster. */
  async #clusterId(registry: Registry): Promise<string> {
    for (;;) {
      const found = await registry.get(paths.clusterId);
      if (found !== undefined) return Buffer.from(found.data).toString();
      await tryCreate(registry, paths.clusterId, Buffer.from(this.#world.random.uuid()));
    }
  }
}
