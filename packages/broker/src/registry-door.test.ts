import { remoteRegistry } from '@millrace/client';
import { type MemorySession, memoryRegistry, type Registry } from '@millrace/coordination';
import { registryConformance } from '@millrace/coordination/testing';
import type { Connection } from '@millrace/protocol';
import { msgpackCodec } from '@millrace/protocol/msgpack';
import { seededRandom, testWorld } from '@millrace/runtime/testing';
import { connectOver, duplexPair, inProcessConnector, serve } from '@millrace/transport';
import { registryDoor } from './registry-door.ts';

const codec = msgpackCodec();
const node = { nodeId: undefined, host: 'in-process', port: 0 };

/** A registry, its door, and how clients come through it. */
function broker({ timeoutMs = 10_000 } = {}) {
  const world = { ...testWorld(), random: seededRandom(1) };
  const memory = memoryRegistry(world);
  const sessions: MemorySession[] = [];
  const door = registryDoor(async () => {
    const session = memory.session();
    sessions.push(session);
    return session;
  }, world);
  const connections: Connection[] = [];
  const keep = (connection: Connection): Connection => {
    connections.push(connection);
    return connection;
  };
  const overWire = async (): Promise<Connection> => {
    const [near, far] = duplexPair();
    void serve(far, { api: door.api, codec }, world);
    return keep(connectOver(near, { codec }, world));
  };
  const inProcess = async (): Promise<Connection> => keep(await inProcessConnector(door.api)(node));
  const client = (connect: () => Promise<Connection>) => remoteRegistry(connect, timeoutMs, world);
  return { world, memory, door, sessions, connections, overWire, inProcess, client };
}

describe.each(['inProcess', 'overWire'] as const)('a remote registry %s', (by) => {
  registryConformance({
    test: it,
    create: async () => {
      const { door, sessions, client, memory, ...ways } = broker();
      const open = client(ways[by]);
      const opened: Registry[] = [];
      return {
        open: async (signal) => {
          const session = await open(signal);
          opened.push(session);
          return session;
        },
        expire: async (session) => {
          sessions[opened.indexOf(session)]?.expire();
          await memory.session().children('/');
        },
        close: async () => {
          await Promise.all(opened.map((session) => session.close()));
          await door.close();
        },
      };
    },
  });
});

describe('a session over the wire', () => {
  it('outlives its connection: nodes and watches stay, and a new connection is opened', async () => {
    const { client, overWire, connections, world, memory } = broker();
    const session = await client(overWire)();
    await session.create('/here', Buffer.from('x'), { ephemeral: true });
    const looks = session.watch('/there', new AbortController().signal)[Symbol.asyncIterator]();
    await looks.next();

    await connections[0]?.close();
    await world.clock.advance(1_000);
    const other = memory.session();
    const changed = looks.next();
    await other.create('/there', Buffer.from('y'));

    expect(await changed).toEqual({ done: false, value: undefined });
    expect(await session.get('/here')).toMatchObject({ owned: true });
    expect([session.state, connections.length]).toEqual(['connected', 2]);
    await session.close();
  });

  it('is unsure after a third of its time without a broker, and ends by the word of the broker alone', async () => {
    const { client, overWire, connections, world } = broker({ timeoutMs: 9_000 });
    let away = false;
    const session = await client(() => (away ? Promise.reject(new Error('away')) : overWire()))();
    away = true;
    await connections[0]?.close();

    await world.clock.advance(2_900);
    const early = session.state;
    await world.clock.advance(300);
    const unsure = session.state;
    await world.clock.advance(60_000);
    const late = session.state;
    away = false;
    await world.clock.advance(1_000);

    expect([early, unsure, late, session.state]).toEqual(['connected', 'unsure', 'unsure', 'expired']);
    await expect(session.get('/')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
  });

  it('does not guess what became of a change whose answer was lost', async () => {
    const { client, overWire, connections, world } = broker();
    const session = await client(overWire)();

    const change = session.create('/a', Buffer.from('x'));
    const read = session.get('/a');
    const outcomes = Promise.allSettled([change, read]);
    await connections[0]?.close();
    await world.clock.advance(1_000);

    const [changed, found] = await outcomes;
    expect(changed).toMatchObject({ status: 'rejected', reason: { code: 'OUTCOME_UNKNOWN' } });
    expect(found.status).toBe('fulfilled');
    await session.close();
  });

  it('ends when its client is not heard of', async () => {
    const { client, overWire, connections, world, memory } = broker({ timeoutMs: 5_000 });
    let away = false;
    const session = await client(() => (away ? Promise.reject(new Error('away')) : overWire()))();
    await session.create('/here', Buffer.from('x'), { ephemeral: true });
    const outside = memory.session();

    await world.clock.advance(60_000);
    const whileHeard = await outside.get('/here');
    away = true;
    await connections[0]?.close();
    await world.clock.advance(4_000);
    const soon = await outside.get('/here');
    await world.clock.advance(2_000);

    expect([whileHeard, soon].map((node) => node?.version)).toEqual([0, 0]);
    expect(await outside.get('/here')).toBeUndefined();
    await session.close();
  });

  it('takes nothing that still comes over a connection before', async () => {
    const { door, inProcess } = broker();
    const connection = await inProcess();
    const { session = '' } = await connection.call('registrySession', { timeoutMs: 10_000 });
    const call = (attachment: number, path: string) =>
      connection.call('registryCall', {
        session,
        attachment,
        operation: 'create',
        path,
        data: Buffer.alloc(0),
      });

    const [later, stale] = [await call(2, '/later'), await call(1, '/stale')];

    expect([later.outcome, stale.outcome]).toEqual(['DONE', 'OUTCOME_UNKNOWN']);
    await door.close();
  });

  it('leaves no timer behind when it is closed', async () => {
    const { client, overWire, connections, world, door } = broker();
    const session = await client(overWire)();
    await session.close();
    await connections[0]?.close();
    await door.close();

    expect(world.clock.pending).toBe(0);
  });
});
