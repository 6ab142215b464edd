import type { Registry, SessionState } from '@millrace/coordination';
import { zookeeperRegistry } from '@millrace/coordination/zookeeper';
import { pause } from './millrace-process.ts';
import { ZookeeperProxy } from './zookeeper-proxy.ts';
import { describeWithZookeeper, ZookeeperServer } from './zookeeper-server.ts';
import { expireSession, Sessions } from './zookeeper-sessions.ts';

const shortMs = 1_200;

describeWithZookeeper('a session with ZooKeeper', () => {
  let server: ZookeeperServer;
  let proxy: ZookeeperProxy;
  let tests = 0;
  const sessions = new Sessions();

  beforeAll(async () => {
    server = await ZookeeperServer.start();
  });
  beforeEach(async () => {
    tests += 1;
    proxy = await ZookeeperProxy.before(server.port);
  });
  afterEach(async () => {
    // A client waits for the answer to its goodbye, synchronously: this process cannot pass it on meanwhile.
    proxy.block();
    await sessions.close();
    await proxy.close();
  });
  afterAll(() => server?.stop());

  const direct = (): string => `${server.address}/faults/${tests}`;
  const throughProxy = (): string => `${proxy.address}/faults/${tests}`;
  /** One that the proxy stands before, and one that it does not. */
  const both = async (sessionTimeoutMs = 4_000): Promise<[Registry, Registry]> => [
    await sessions.at(throughProxy(), { sessionTimeoutMs })(),
    await sessions.at(direct())(),
  ];

  it('survives a restart of the server: what it owns stays, what it watches is seen', async () => {
    const [session, other] = await Promise.all([sessions.at(direct())(), sessions.at(direct())()]);
    await session.create('/mine', text(''), { ephemeral: true });
    const looks = await watching(session, '/watched');

    const killed = performance.now();
    await server.kill();
    await server.start();
    const looked = looks.next();
    await steadily(() => other.create('/watched', text('')));
    await looked;

    expect((await steadily(() => session.get('/mine')))?.owned).toBe(true);
    expect(session.state).not.toBe('expired');
    expect(performance.now() - killed).toBeLessThan(15_000);
  });

  it('is unsure when the server falls silent, and sure again when it speaks', async () => {
    const session = await sessions.at(direct(), { sessionTimeoutMs: shortMs })();
    const states = following(session);

    await server.freeze();
    const frozen = performance.now();
    try {
      await until(() => session.state === 'unsure');
      expect(performance.now() - frozen).toBeLessThan(shortMs + 300);
    } finally {
      await server.thaw();
    }
    await until(() => session.state !== 'unsure');

    // The server was stopped as well, so it need not have ended anything; its word counts, whichever it is.
    expect(states.slice(0, 2)).toEqual(['connected', 'unsure']);
  });

  it('is unsure a third of its timeout after the connection broke, and then sure again by an answer', async () => {
    const [session] = await both(3_000);
    const states = following(session);

    const broken = performance.now();
    proxy.block();
    await until(() => session.state === 'unsure');
    const unsureAfterMs = performance.now() - broken;
    proxy.restore();
    await until(() => session.state !== 'unsure');

    expect(unsureAfterMs).toBeGreaterThan(900);
    expect(unsureAfterMs).toBeLessThan(1_600);
    await until(() => states.length === 3);
    expect(states).toEqual(['connected', 'unsure', 'connected']);
  });

  it('stays connected through a break that is short', async () => {
    const [session, other] = await both();
    const states = following(session);
    await session.create('/mine', text(''), { ephemeral: true });

    for (let times = 0; times < 3; times++) {
      proxy.cut();
      await steadily(() => session.get('/mine'));
    }

    expect((await other.get('/mine'))?.owned).toBe(false);
    expect((await session.get('/mine'))?.owned).toBe(true);
    expect(states).toEqual(['connected']);
  });

  it('outlives many breaks in the middle of requests, while other sockets come and go', async () => {
    const [session] = await both();
    await session.create('/a', text('0'));
    const ask = (): Promise<unknown>[] => Array.from({ length: 5 }, () => session.get('/a'));

    for (let times = 0; times < 40; times++) {
      await steadily(() => session.get('/a'));
      const before = ask();
      proxy.cut();
      const others = Array.from({ length: 5 }, () => server.ask('ruok'));
      await Promise.allSettled([...before, ...ask()]);
      expect(await Promise.all(others)).toEqual(['imok', 'imok', 'imok', 'imok', 'imok']);
    }

    expect(Buffer.from((await steadily(() => session.get('/a')))?.data ?? []).toString()).toBe('0');
  });

  it('is over only when the server says so, however long it was not reached', async () => {
    const [session, other] = await both(shortMs);
    const states = following(session);
    await session.create('/mine', text(''), { ephemeral: true });
    const looks = await watching(session, '/watched');
    const looked = looks.next();

    proxy.freeze();
    await until(async () => (await other.get('/mine')) === undefined);
    await pause(shortMs);
    const whileUnreachable = session.state;
    proxy.restore();
    await until(() => session.state === 'expired');

    expect(whileUnreachable).toBe('unsure');
    expect((await looked).done).toBe(true);
    await expect(session.get('/mine')).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await until(() => states.at(-1) === 'expired');
    expect(states).toEqual(['connected', 'unsure', 'expired']);
  });

  it('does not know the outcome of a change whose answer was lost, and reading back tells it', async () => {
    const [session, other] = await both();
    await session.create('/a', text('0'));

    const lost = proxy.loseNextAnswer();
    const outcome = session.set('/a', text('1'), { version: 0 });
    await expect(outcome).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', details: { path: '/a' } });
    await lost;

    const read = await steadily(() => session.get('/a'));
    expect(Buffer.from(read?.data ?? []).toString()).toBe('1');
    expect((await other.get('/a'))?.version).toBe(1);
  });

  it('owns the ephemeral node whose creation was not answered', async () => {
    const [session] = await both();

    const lost = proxy.loseNextAnswer();
    const outcome = session.create('/mine', text('me'), { ephemeral: true });
    await expect(outcome).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await lost;

    const found = await steadily(() => session.get('/mine'));
    if (found === undefined) await session.create('/mine', text('me'), { ephemeral: true });
    expect((await session.get('/mine'))?.owned).toBe(true);
  });

  it('sees after a break what changed during it', async () => {
    const [session, other] = await both();
    await other.create('/value', text('0'));
    await other.create('/parent/child', text(''));
    const watches = await Promise.all(['/value', '/parent', '/later'].map((path) => watching(session, path)));
    const looked = watches.map((looks) => looks.next());

    proxy.block();
    await other.set('/value', text('1'), { version: 0 });
    await other.delete('/parent/child');
    await other.create('/later', text(''));
    proxy.restore();

    expect((await Promise.all(looked)).map(({ done }) => done)).toEqual([false, false, false]);
    expect((await steadily(() => session.get('/value')))?.version).toBe(1);
  });

  it('watches also what it was asked to watch while it was not connected', async () => {
    const [session, other] = await both();
    proxy.block();
    const looks = session.watch('/a', new AbortController().signal)[Symbol.asyncIterator]();
    const first = looks.next();
    await pause(50);
    proxy.restore();

    await first;
    const looked = looks.next();
    await other.create('/a', text(''));

    expect((await looked).done).toBe(false);
  });

  it('leaves nothing behind when its event loop was blocked for longer than the session', async () => {
    const [session, other] = await both(shortMs);
    await session.create('/mine', text(''), { ephemeral: true });

    const free = performance.now() + shortMs * 2;
    while (performance.now() < free);
    const atFirstLook = session.state;

    expect(atFirstLook).toBe('unsure');
    await until(() => session.state !== 'unsure');
    expect((await other.get('/mine')) === undefined).toBe(session.state === 'expired');
  });

  it('takes nothing of an expired session into the next one', async () => {
    const open = sessions.at(direct());
    const first = await open();
    const left = await first.create('/mine', text('me'), { ephemeral: true });
    await expireSession(first, direct());
    const second = await open();

    const made = await second.create('/mine', text('me'), { ephemeral: true });

    expect(made.created).toBeGreaterThan(left.created);
    await first.close();
    expect((await second.get('/mine'))?.owned).toBe(true);
  });

  it('closes without blocking the event loop while the server does not answer', async () => {
    const [session] = await both(shortMs);
    proxy.freeze();
    let longestMs = 0;
    let last = performance.now();
    const ticks = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 5);

    const closed = session.close();
    const stateAtOnce: SessionState = session.state;
    await closed;
    clearInterval(ticks);

    expect(stateAtOnce).toBe('expired');
    expect(longestMs).toBeLessThan(400);
  });
});

describeWithZookeeper('opening a session with ZooKeeper', () => {
  let server: ZookeeperServer;
  const sessions = new Sessions();

  beforeAll(async () => {
    server = await ZookeeperServer.start();
  });
  afterEach(() => sessions.close());
  afterAll(() => server?.stop());

  it('waits for a server that is not there yet', async () => {
    await server.kill();
    const opening = sessions.at(server.address)();
    await pause(300);
    await server.start();

    expect((await opening).state).toBe('connected');
  });

  it('gives up after the time it was given, and says where it looked', async () => {
    const open = zookeeperRegistry({ connect: '127.0.0.1:1', connectTimeoutMs: 700 });

    await expect(open()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retriable: true,
      message: 'no ZooKeeper answered at 127.0.0.1:1 for 700 ms',
    });
  });

  it('names a host that is not known', async () => {
    const open = zookeeperRegistry({ connect: 'no-such-host.invalid:2181', connectTimeoutMs: 1_000 });

    await expect(open()).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      cause: { code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) },
    });
  });

  it('ends when its signal aborts', async () => {
    const stop = new AbortController();
    const reason = new Error('no longer wanted');
    const opening = zookeeperRegistry({ connect: '127.0.0.1:1' })(stop.signal);
    await pause(50);
    stop.abort(reason);

    await expect(opening).rejects.toBe(reason);
  });

  it('finds a server by name, and the one of several that is there', async () => {
    const session = await sessions.at(`127.0.0.1:1,localhost:${server.port}/by-name`)();

    await session.create('/a', Buffer.alloc(0));

    expect(await session.children('/')).toEqual(['a']);
  });

  it('hides what the server keeps for itself at its root', async () => {
    const session = await sessions.at(server.address)();

    expect(await session.children('/')).not.toContain('zookeeper');
  });
});

function text(value: string): Buffer {
  return Buffer.from(value);
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await pause(5);
  }
}

/** Asks again when the answer was lost, as everybody does who reads. */
async function steadily<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline || !String(error).includes('broke before')) throw error;
    }
    await pause(10);
  }
}

/** A watch whose first look was taken. */
async function watching(session: Registry, path: string): Promise<AsyncIterator<void>> {
  const looks = session.watch(path, new AbortController().signal)[Symbol.asyncIterator]();
  await looks.next();
  return looks;
}

function following(session: Registry): SessionState[] {
  const seen: SessionState[] = [];
  void (async () => {
    for await (const state of session.states(new AbortController().signal)) seen.push(state);
  })();
  return seen;
}
