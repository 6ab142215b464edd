import { nodeWorld } from '@millrace/runtime/node';
import type { Registry } from '../registry.ts';
import { type FakeNativeClient, fakeNativeClients } from './fake-native-client.fixture.ts';
import { zookeeperRegistry, zookeeperRegistryOf } from './zookeeper-registry.ts';

const bytes = Buffer.from('value');

/** A session on a native client that says what the test wants; a real server cannot be brought to. */
async function withFake(
  run: (session: Registry, fake: FakeNativeClient, made: FakeNativeClient[]) => Promise<void>,
): Promise<void> {
  const { Native, made } = fakeNativeClients();
  const options = { connect: '127.0.0.1:1', sessionTimeoutMs: 9_000 };
  const session = await zookeeperRegistryOf(() => Promise.resolve(Native), options, nodeWorld)();
  const [fake] = made;
  if (fake === undefined) throw new Error('no client was made');
  try {
    await run(session, fake, made);
  } finally {
    made.at(-1)?.tell('close', -112);
    await session.close();
  }
}

describe('zookeeperRegistry', () => {
  it.each([
    [{ connect: 'nowhere:x' }, /is not host:port/],
    [
      { connect: 'zk:1', sessionTimeoutMs: 0 },
      'sessionTimeoutMs is 0, not a whole number of milliseconds from 1',
    ],
    [{ connect: 'zk:1', connectTimeoutMs: 1.5 }, /connectTimeoutMs is 1.5/],
  ])('refuses %j', (options, message) => {
    expect(() => zookeeperRegistry(options)).toThrow(message);
  });

  it('refuses a chroot that is no path', () => {
    expect(() => zookeeperRegistry({ connect: 'zk:1/a//b' })).toThrow(
      expect.objectContaining({ code: 'INVALID_PATH' }),
    );
  });

  it('names the package that is missing, and how to get it', async () => {
    jest.doMock('zookeeper', () => {
      throw new Error('Cannot find module');
    });
    const open = zookeeperRegistry({ connect: '127.0.0.1:1' });

    await expect(open()).rejects.toMatchObject({
      code: 'PACKAGE_MISSING',
      hint: expect.stringContaining('npm install zookeeper'),
    });
    jest.dontMock('zookeeper');
  });
});

describe('a session on the npm client', () => {
  it('never takes ten silent reads for an expiry, and keeps the client off stderr', () =>
    withFake(async (_, fake) => {
      expect(fake.config).toMatchObject({ response_counter_limit: 2 ** 31 - 1, debug_level: 0 });
    }));

  it('knows its own nodes by the owner, and not by an owner that is none', () =>
    withFake(async (session, fake) => {
      fake.stat = { czxid: 7, version: 3, ephemeralOwner: 'abc' };
      expect(await session.get('/a')).toMatchObject({ owned: true, created: 7, version: 3 });
      fake.stat = { ...fake.stat, ephemeralOwner: '0' };
      expect((await session.get('/a'))?.owned).toBe(false);
      fake.stat = { ...fake.stat, ephemeralOwner: 'abd' };
      expect((await session.get('/a'))?.owned).toBe(false);
    }));

  it('takes no value for an empty one', () =>
    withFake(async (session, fake) => {
      fake.data = null;
      expect((await session.get('/a'))?.data.byteLength).toBe(0);
    }));

  it.each([
    ['another value', { version: 0, ephemeralOwner: '0' }, Buffer.from('other')],
    ['a change since', { version: 1, ephemeralOwner: '0' }, bytes],
    ['somebody’s ephemeral node', { version: 0, ephemeralOwner: 'abd' }, bytes],
  ])('does not know what became of a node that it created and reads back with %s', (_, stat, data) =>
    withFake(async (session, fake) => {
      fake.stat = { czxid: 5, ...stat };
      fake.data = data;
      const ephemeral = stat.ephemeralOwner !== '0';

      await expect(session.create('/a', bytes, { ephemeral })).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
      });
    }),
  );

  it.each([
    [-4, 'OUTCOME_UNKNOWN'],
    [-7, 'OUTCOME_UNKNOWN'],
    [-118, 'OUTCOME_UNKNOWN'],
    [-102, 'REGISTRY_REFUSED'],
    [-8, 'INVALID_PATH'],
    [-101, 'NODE_MISSING'],
  ])('tells a change that is answered %d as %s', (code, expected) =>
    withFake(async (session, fake) => {
      fake.code = code;

      await expect(session.set('/a', bytes, { version: 0 })).rejects.toMatchObject({
        code: expected,
        details: { path: '/a' },
      });
    }),
  );

  it('does not wait for a callback that a call has said will not come', () =>
    withFake(async (session, fake) => {
      fake.returned = -9;

      await expect(session.get('/a')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    }));

  it('closes a client while it tells of the loss, and takes the session over with another', () =>
    withFake(async (session, fake, made) => {
      fake.tell('connecting');
      expect(fake.closed).toBe(1);
      await expect(session.get('/a')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      while (made.length < 2) await nodeWorld.clock.sleep(1);

      expect(made[1]?.config).toMatchObject({ client_id: 'abc', client_password: 'secret' });
      fake.tell('close', -112);
      expect(session.state).toBe('connected');
    }));

  it('answers what was under way when a client that is lost does not', () =>
    withFake(async (session, fake) => {
      fake.code = 0;
      fake.a_get = () => 0;
      const unanswered = session.get('/a');
      fake.tell('connecting');

      await expect(unanswered).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    }));
});
