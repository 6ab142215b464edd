import type { OpenRegistry, Registry, RegistryNode } from '@millrace/coordination';
import { apiError, type BrokerApi, type RequestOf, type ResponseOf } from '@millrace/protocol';
import { codeOf, type World } from '@millrace/runtime';
import { RemoteSession } from './remote-session.ts';

type DoorApi = Pick<BrokerApi, 'registrySession' | 'registryCall' | 'registryPoll'>;
type Call = RequestOf<'registryCall'>;
type CallAnswer = ResponseOf<'registryCall'>;

/** The registry that a broker keeps, for clients in other processes. */
export interface RegistryDoor {
  readonly api: DoorApi;
  /** Ends all sessions; what is parked is answered. Idempotent. */
  close(): Promise<void>;
}

/** Outside these a client gets the nearest. */
const timeoutMs = Object.freeze({ least: 1_000, most: 60_000 });
const maxSessions = 10_000;
const nothing = Buffer.alloc(0);
const outcomes: ReadonlySet<string> = new Set([
  'SESSION_EXPIRED',
  'NODE_EXISTS',
  'NODE_MISSING',
  'VERSION_MISMATCH',
  'NOT_EMPTY',
  'INVALID_PATH',
  'OUTCOME_UNKNOWN',
  'VALUE_TOO_LARGE',
]);

/** Each remote session has one of its own in the registry, which ends when nothing was heard of the client for its timeout. */
export function registryDoor(open: OpenRegistry, world: World): RegistryDoor {
  const sessions = new Map<string, RemoteSession>();
  let closed: Promise<void> | undefined;

  const openSession: DoorApi['registrySession'] = async (request) => {
    if (closed !== undefined || sessions.size >= maxSessions)
      throw apiError('COORDINATOR_NOT_AVAILABLE', 'the registry takes no more sessions at the moment');
    const ms = Math.min(timeoutMs.most, Math.max(timeoutMs.least, request.timeoutMs));
    const registry = await open();
    const name = nameOfSession(world);
    sessions.set(name, new RemoteSession(registry, ms, world, () => sessions.delete(name)));
    return { error: 'NONE', session: name, timeoutMs: ms };
  };

  const call: DoorApi['registryCall'] = async (request) => {
    const session = sessions.get(request.session);
    if (session === undefined) return { outcome: 'SESSION_EXPIRED', data: nothing };
    if (!session.attach(request.attachment))
      return {
        outcome: 'OUTCOME_UNKNOWN',
        message: 'the session goes on over another connection',
        data: nothing,
      };
    try {
      return { outcome: 'DONE', data: nothing, ...(await carryOut(session, request)) };
    } catch (error) {
      return refusal(error);
    }
  };

  const poll: DoorApi['registryPoll'] = async (request, { signal }) => {
    const session = sessions.get(request.session);
    if (session === undefined) return { outcome: 'SESSION_EXPIRED', sequence: 0, changed: [] };
    if (!session.attach(request.attachment))
      return { outcome: 'OUTCOME_UNKNOWN', sequence: request.seen, changed: [] };
    return session.poll(request.seen, request.maxWaitMs, signal);
  };

  return {
    api: { registrySession: openSession, registryCall: call, registryPoll: poll },
    close: () => {
      closed ??= Promise.all([...sessions.values()].map((session) => session.end())).then(() => {});
      return closed;
    },
  };
}

/** 128 bits of chance: whoever knows the name has the session. */
function nameOfSession({ random }: World): string {
  return Array.from({ length: 4 }, () =>
    random
      .int(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
}

async function carryOut(session: RemoteSession, request: Call): Promise<Partial<CallAnswer>> {
  const { registry } = session;
  const { operation, path, version, data } = request;
  switch (operation) {
    case 'create':
      return nodeAnswer(await registry.create(path, data, { ephemeral: request.ephemeral ?? false }));
    case 'get':
      return nodeAnswer(await registry.get(path));
    case 'set':
      return { version: await setNode(registry, request) };
    case 'delete':
      await registry.delete(path, version === undefined ? undefined : { version });
      return {};
    case 'children':
      return { names: await registry.children(path) };
    case 'watch':
      session.watch(path);
      return {};
    case 'unwatch':
      session.unwatch(path);
      return {};
    case 'close':
      await session.end();
      return {};
  }
}

function setNode(registry: Registry, { path, version, data }: Call): Promise<number> {
  if (version === undefined) throw apiError('INVALID_REQUEST', `set ${path} without the version it expects`);
  return registry.set(path, data, { version });
}

function nodeAnswer(node: RegistryNode | undefined): Partial<CallAnswer> {
  if (node === undefined) return {};
  const { version, created, owned, data } = node;
  return { version, created, owned, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}

/** What the registry says of a call is an answer; anything else fails the call. */
function refusal(error: unknown): CallAnswer {
  const outcome = codeOf(error);
  if (outcome === undefined || !outcomes.has(outcome)) throw error;
  return { outcome: outcome as CallAnswer['outcome'], message: (error as Error).message, data: nothing };
}
