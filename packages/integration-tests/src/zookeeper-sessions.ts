import type { OpenRegistry, Registry, SessionState } from '@millrace/coordination';
import { zookeeperRegistry } from '@millrace/coordination/zookeeper';
import type { World } from '@millrace/runtime';
import { nodeWorld } from '@millrace/runtime/node';
import { pause } from './millrace-process.ts';

/** Opens sessions and closes, at the end of a test, those that are still open: one left over keeps jest from ending. */
export class Sessions {
  readonly #opened: Registry[] = [];

  /** The longest timeout that the server of the tests grants, unless told otherwise: a busy machine is no failure. */
  at(address: string, options: { sessionTimeoutMs?: number; world?: World } = {}): OpenRegistry {
    const { sessionTimeoutMs = 4_000, world = nodeWorld } = options;
    const open = zookeeperRegistry({ connect: address, sessionTimeoutMs, connectTimeoutMs: 10_000 }, world);
    return async (signal) => {
      const session = await open(signal);
      this.#opened.push(session);
      return session;
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((session) => session.close()));
  }
}

/**
 * Ends a session by the server's decision, at once: whoever knows a session's id and password may close it. The id
 * stands in its ephemeral nodes, and the server computes the password from the id.
 */
export async function expireSession(session: Registry, address: string): Promise<void> {
  if (session.state === 'expired') return;
  const path = `/to-expire-${Math.random()}`;
  await session.create(path, Buffer.alloc(0), { ephemeral: true });
  const id = await ownerOf(address, path);
  const deadline = performance.now() + 10_000;
  while (stateOf(session) !== 'expired') {
    // The session's own client may be faster and take it back.
    await takeAndClose(id, address);
    for (const until = performance.now() + 100; performance.now() < until; await pause(2)) {
      if (stateOf(session) === 'expired') return;
    }
    if (performance.now() > deadline) throw new Error('the session did not learn of its end');
  }
}

async function takeAndClose(id: string, address: string): Promise<void> {
  const { default: ZooKeeper } = await import('zookeeper');
  const client_password = passwordOf(BigInt(`0x${id}`));
  const heir = new ZooKeeper({ connect: address, timeout: 4_000, client_id: id, client_password });
  // One that comes too late is told so.
  const gone = new Promise((resolve) => heir.on('close', resolve));
  await Promise.race([connected(heir), gone]);
  heir.close();
}

async function ownerOf(address: string, path: string): Promise<string> {
  const { default: ZooKeeper } = await import('zookeeper');
  const client = new ZooKeeper({ connect: address, timeout: 4_000 });
  try {
    await connected(client);
    const { ephemeralOwner } = await client.exists(path, false);
    return String(ephemeralOwner);
  } finally {
    client.close();
  }
}

function connected(client: {
  connect(options: object, done: (error: unknown) => void): void;
}): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect({}, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

/** ZooKeeper's SessionTracker: sixteen bytes of java.util.Random, seeded by the id. */
function passwordOf(id: bigint): string {
  const mask = (1n << 48n) - 1n;
  const multiplier = 0x5deece66dn;
  let seed = (id ^ 0xb3415c00n ^ multiplier) & mask;
  const password = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 4) {
    seed = (seed * multiplier + 0xbn) & mask;
    password.writeUInt32LE(Number((seed >> 16n) & 0xffffffffn), at);
  }
  return password.toString('hex').toUpperCase();
}

/** As it is now; what was seen before says nothing. */
function stateOf(session: Registry): SessionState {
  return session.state;
}
