import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { registryError } from '../errors.ts';
import type { OpenRegistry } from '../registry.ts';
import { checkPath } from '../registry-path.ts';
import { type ConnectString, parseConnectString } from './connect-string.ts';
import { loadNativeClient, type NativeClientClass } from './native-client.ts';
import { ServerLink } from './server-link.ts';
import { ZookeeperClient } from './zookeeper-client.ts';
import { ZookeeperSession } from './zookeeper-session.ts';

export interface ZookeeperOptions {
  /** `host:port,host:port/path`; below that path lies everything, and it is made when it is missing. */
  connect: string;
  /**
   * How long ZooKeeper keeps a session that it does not hear of, in ms; it may agree to another. The event loop must
   * not be blocked for nearly as long. Default 10,000.
   */
  sessionTimeoutMs?: number;
  /** How long opening a session may take, in ms, before REGISTRY_UNREACHABLE. Default 30,000. */
  connectTimeoutMs?: number;
}

const defaults = Object.freeze({ sessionTimeoutMs: 10_000, connectTimeoutMs: 30_000 });
const pauseMs = 200;
const shortestAttemptMs = 1_000;

/**
 * Sessions on a ZooKeeper, by way of the npm package `zookeeper`, which has to be installed beside this one
 * (PACKAGE_MISSING). A session becomes unsure when nobody answered for its timeout, or for a third of it after the
 * connection broke; it is over only when ZooKeeper says so, which it can only once it is reached again.
 */
export function zookeeperRegistry(options: ZookeeperOptions, world: World = nodeWorld): OpenRegistry {
  return zookeeperRegistryOf(loadNativeClient, options, world);
}

export function zookeeperRegistryOf(
  load: () => Promise<NativeClientClass>,
  options: ZookeeperOptions,
  world: World,
): OpenRegistry {
  const { connect, sessionTimeoutMs, connectTimeoutMs } = { ...defaults, ...options };
  const target = parseConnectString(connect);
  if (target.root !== '') checkPath(target.root);
  checkMs({ sessionTimeoutMs, connectTimeoutMs });
  const opening = { load, target, connect, sessionTimeoutMs, connectTimeoutMs, world };
  return (signal) => open(opening, signal);
}

interface Opening {
  readonly load: () => Promise<NativeClientClass>;
  readonly target: ConnectString;
  readonly connect: string;
  readonly sessionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly world: World;
}

async function open(opening: Opening, signal: AbortSignal | undefined): Promise<ZookeeperSession> {
  const { load, connect, connectTimeoutMs, world } = opening;
  const { clock, random, logger } = world;
  signal?.throwIfAborted();
  const Native = await load();
  const giveUpAt = clock.monotonic() + connectTimeoutMs;
  let cause: unknown;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(Native, opening, giveUpAt - clock.monotonic(), signal);
    if ('session' in outcome) return outcome.session;
    signal?.throwIfAborted();
    cause = outcome.failure ?? cause;
    const remaining = giveUpAt - clock.monotonic();
    if (remaining <= 0) throw unreachable(connect, connectTimeoutMs, cause);
    logger.warn({ connect, attempt, err: cause }, 'ZooKeeper does not answer; trying again');
    await clock.sleep(Math.min(remaining, pauseMs + random.int(pauseMs)), signal);
  }
}

/** A native client may be stuck for good, so each attempt has a new one. `failure`: why a server was last not reached. */
async function attemptOnce(
  Native: NativeClientClass,
  { target, sessionTimeoutMs, world }: Opening,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<{ session: ZookeeperSession } | { failure: unknown }> {
  const attemptMs = Math.max(shortestAttemptMs, sessionTimeoutMs / 3);
  const limit = new AbortController();
  const timer = world.clock.after(Math.max(0, Math.min(limitMs, attemptMs)), () => limit.abort());
  const stop = whenAborted(signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]));
  const link = await ServerLink.open(target.servers, world);
  try {
    const native = { link, root: target.root, sessionTimeoutMs };
    const session = new ZookeeperSession(
      (events) => new ZookeeperClient(Native, native, events, world),
      world,
    );
    await Promise.race([session.opened, stop]);
    if (session.state === 'connected' && signal?.aborted !== true) return { session };
    await session.close();
    return { failure: link.failure };
  } finally {
    timer.cancel();
  }
}

function whenAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function unreachable(connect: string, connectTimeoutMs: number, cause: unknown): Error {
  return registryError(
    'REGISTRY_UNREACHABLE',
    `no ZooKeeper answered at ${connect} for ${connectTimeoutMs} ms`,
    { cause, retriable: true, hint: 'start it, or check the address and what lies between' },
  );
}

function checkMs(options: { readonly [name: string]: number }): void {
  for (const [name, ms] of Object.entries(options)) {
    if (Number.isSafeInteger(ms) && ms > 0 && ms < 2 ** 31) continue;
    throw new RangeError(`${name} is ${ms}, not a whole number of milliseconds from 1`);
  }
}
