import assert from 'node:assert/strict';
import { codeOf } from '@millrace/runtime';
import type { RegistryErrorCode } from '../errors.ts';
import type { OpenRegistry, Registry, SessionState } from '../registry.ts';

/** A registry under test, empty, and how to reach into it. */
export interface RegistrySubject {
  readonly open: OpenRegistry;
  /** Ends the session by the registry's own decision; resolves once its ephemeral nodes are gone. */
  readonly expire: (session: Registry) => Promise<void>;
  /** Closes whatever is still open. */
  readonly close: () => Promise<void>;
}

export interface RegistryConformance {
  /** jest's, vitest's or node:test's. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** A fresh one for each test. */
  readonly create: () => Promise<RegistrySubject>;
}

type Check = (session: Registry, subject: RegistrySubject) => Promise<void>;

/** What every `Registry` does, wherever it keeps its nodes. */
export function registryConformance(suite: RegistryConformance): void {
  for (const checks of [nodes, comparing, sessions, watching, states]) {
    for (const [name, check] of Object.entries(checks)) {
      suite.test(name, async () => {
        const subject = await suite.create();
        try {
          await check(await subject.open(), subject);
        } finally {
          await subject.close();
        }
      });
    }
  }
}

const nodes: Record<string, Check> = {
  'gives back what was created': async (session) => {
    const made = await session.create('/a', bytes('one'));
    const read = await session.get('/a');
    assert.equal(text(read?.data), 'one');
    assert.equal(made.version, 0);
    assert.equal(made.owned, false);
    assert.equal(read?.version, 0);
    assert.equal(read.created, made.created);
  },
  'knows nothing of a node that is not there': async (session) => {
    assert.equal(await session.get('/a'), undefined);
    assert.deepEqual(await session.children('/a'), []);
  },
  'makes missing parents, which stay': async (session) => {
    await session.create('/a/b/c', bytes('leaf'), { ephemeral: true });
    await session.delete('/a/b/c');
    assert.deepEqual(await session.children('/a'), ['b']);
    assert.equal((await session.get('/a/b'))?.owned, false);
  },
  'makes missing parents also while others make the same': async (session, { open }) => {
    const others = await Promise.all(Array.from({ length: 4 }, () => open()));
    await Promise.all(others.map((other, index) => other.create(`/a/b/c/${index}`, bytes(''))));
    assert.deepEqual(await session.children('/a/b/c'), ['0', '1', '2', '3']);
  },
  'makes parents again that it made before and others deleted': async (session, { open }) => {
    const other = await open();
    await session.create('/a/b/c', bytes(''));
    for (const path of ['/a/b/c', '/a/b', '/a']) await other.delete(path);
    await session.create('/a/b/d', bytes(''));
    assert.deepEqual(await other.children('/a/b'), ['d']);
  },
  'refuses to create what is there, and leaves it': async (session) => {
    await session.create('/a', bytes('one'));
    await rejects(session.create('/a', bytes('two')), 'NODE_EXISTS');
    assert.equal(text((await session.get('/a'))?.data), 'one');
  },
  'lists the names of children, sorted, and not of grandchildren': async (session) => {
    for (const path of ['/a/c', '/a/b', '/a/d/e']) await session.create(path, bytes(''));
    assert.deepEqual(await session.children('/a'), ['b', 'c', 'd']);
  },
  'tells a node created again from the one before': async (session) => {
    const first = await session.create('/a', bytes(''));
    await session.set('/a', bytes('x'), { version: 0 });
    await session.delete('/a');
    const second = await session.create('/a', bytes(''));
    assert.ok(second.created > first.created);
    assert.equal(second.version, 0);
  },
  'numbers creations over the whole registry': async (session, { open }) => {
    const other = await open();
    const first = await session.create('/a', bytes(''));
    const second = await other.create('/b/c', bytes(''), { ephemeral: true });
    const third = await session.create('/d', bytes(''));
    assert.ok(first.created < second.created && second.created < third.created);
  },
  'does not share its bytes with those who write or read': async (session) => {
    const given = bytes('mine');
    await session.create('/a', given);
    given.fill(0);
    const read = await session.get('/a');
    read?.data.fill(0);
    assert.equal(text((await session.get('/a'))?.data), 'mine');
  },
  'keeps an empty value and one of 100 kB': async (session) => {
    await session.create('/a', bytes(''));
    await session.create('/b', Buffer.alloc(100_000, 7));
    assert.equal((await session.get('/a'))?.data.byteLength, 0);
    assert.ok(Buffer.alloc(100_000, 7).equals((await session.get('/b'))?.data ?? bytes('')));
  },
  'refuses a value above 1,000,000 bytes and goes on': async (session) => {
    await session.create('/a', Buffer.alloc(1_000_000, 7));
    await rejects(session.create('/b', Buffer.alloc(1_000_001)), 'VALUE_TOO_LARGE');
    await rejects(session.set('/a', Buffer.alloc(2_000_000), { version: 0 }), 'VALUE_TOO_LARGE');
    assert.equal((await session.get('/a'))?.data.byteLength, 1_000_000);
    assert.equal(await session.get('/b'), undefined);
  },
  'refuses paths that are none': async (session) => {
    const malformed = ['', 'a', '/a/', '//a', '/a/../b', '/a/./b', '/a\0b'];
    // ZooKeeper takes no surrogates, private characters and specials, and so nobody does.
    const unusual = ['/a\u{1F600}', '/a\uD800', '/a\uE000', '/a\uFFFD', '/a\u007F'];
    for (const path of [...malformed, ...unusual]) {
      await rejects(session.create(path, bytes('')), 'INVALID_PATH');
    }
    await session.create('/größe ÷ 名', bytes(''));
    assert.deepEqual(await session.children('/'), ['größe ÷ 名']);
    await rejects(session.create('/', bytes('')), 'INVALID_PATH');
  },
  'creates nothing below an ephemeral node': async (session) => {
    await session.create('/a', bytes(''), { ephemeral: true });
    await rejects(session.create('/a/b', bytes('')), 'INVALID_PATH');
  },
};

const comparing: Record<string, Check> = {
  'sets a value at the expected version, and counts': async (session) => {
    await session.create('/a', bytes('0'));
    assert.equal(await session.set('/a', bytes('1'), { version: 0 }), 1);
    assert.equal(await session.set('/a', bytes('2'), { version: 1 }), 2);
    const read = await session.get('/a');
    assert.equal(text(read?.data), '2');
    assert.equal(read?.version, 2);
  },
  'refuses any other version, and leaves the value': async (session) => {
    await session.create('/a', bytes('0'));
    await session.set('/a', bytes('1'), { version: 0 });
    await rejects(session.set('/a', bytes('x'), { version: 0 }), 'VERSION_MISMATCH');
    await rejects(session.set('/a', bytes('x'), { version: 2 }), 'VERSION_MISMATCH');
    assert.equal(text((await session.get('/a'))?.data), '1');
  },
  'takes no version for any version': async (session) => {
    await session.create('/a', bytes('0'));
    for (const version of [-1, 2 ** 32 - 1, 2 ** 32, 0.5]) {
      await rejects(session.set('/a', bytes('x'), { version }), 'VERSION_MISMATCH');
      await rejects(session.delete('/a', { version }), 'VERSION_MISMATCH');
      await rejects(session.set('/b', bytes('x'), { version }), 'NODE_MISSING');
      await rejects(session.delete('/b', { version }), 'NODE_MISSING');
    }
    assert.equal(text((await session.get('/a'))?.data), '0');
  },
  'lets one of many who expect the same version have its way': async (session, { open }) => {
    await session.create('/a', bytes(''));
    const contenders = await Promise.all(Array.from({ length: 8 }, () => open()));
    const outcomes = await Promise.allSettled(
      contenders.map((contender, index) => contender.set('/a', bytes(`${index}`), { version: 0 })),
    );
    const won = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    assert.equal(won.length, 1);
    assert.equal(text((await session.get('/a'))?.data), `${won[0]}`);
  },
  'does not set what is not there': async (session) => {
    await rejects(session.set('/a', bytes(''), { version: 0 }), 'NODE_MISSING');
  },
  'deletes, at any version or at the expected one': async (session) => {
    for (const path of ['/a', '/b', '/c']) await session.create(path, bytes(''));
    await session.delete('/a');
    await session.delete('/b', { version: 0 });
    await rejects(session.delete('/c', { version: 1 }), 'VERSION_MISMATCH');
    await rejects(session.delete('/a'), 'NODE_MISSING');
    assert.deepEqual(
      [await session.get('/a'), await session.get('/b'), (await session.get('/c'))?.version],
      [undefined, undefined, 0],
    );
  },
  'does not delete what has children': async (session) => {
    await session.create('/a/b', bytes(''));
    await rejects(session.delete('/a'), 'NOT_EMPTY');
    await session.delete('/a/b');
    await session.delete('/a');
  },
  'takes the calls of a session in their order': async (session) => {
    const made = session.create('/a', bytes('0'));
    const first = session.set('/a', bytes('1'), { version: 0 });
    const second = session.set('/a', bytes('2'), { version: 1 });
    const read = session.get('/a');
    await Promise.all([made, first, second]);
    assert.equal(text((await read)?.data), '2');
  },
};

const sessions: Record<string, Check> = {
  'shows an ephemeral node to all, as owned to its session alone': async (session, { open }) => {
    await session.create('/a', bytes('x'), { ephemeral: true });
    assert.equal((await session.get('/a'))?.owned, true);
    assert.equal((await (await open()).get('/a'))?.owned, false);
  },
  'removes ephemeral nodes when their session closes, and no others': async (session, { open }) => {
    const other = await open();
    await session.create('/a/mine', bytes(''), { ephemeral: true });
    await session.create('/a/stays', bytes(''));
    await other.create('/a/theirs', bytes(''), { ephemeral: true });
    await session.close();
    assert.deepEqual(await other.children('/a'), ['stays', 'theirs']);
  },
  'removes ephemeral nodes when their session expires': async (session, { open, expire }) => {
    const other = await open();
    await session.create('/a/mine', bytes(''), { ephemeral: true });
    await expire(session);
    assert.deepEqual(await other.children('/a'), []);
  },
  'does not take what an earlier session left for its own, though the values are equal': async (
    session,
    { open, expire },
  ) => {
    const other = await open();
    const left = await session.create('/a', bytes('me'), { ephemeral: true });
    await rejects(other.create('/a', bytes('me'), { ephemeral: true }), 'NODE_EXISTS');
    assert.equal((await other.get('/a'))?.owned, false);
    await expire(session);
    const made = await other.create('/a', bytes('me'), { ephemeral: true });
    assert.equal(made.owned, true);
    assert.ok(made.created > left.created);
  },
  'answers what was called before the session was closed': async (session, { open }) => {
    const other = await open();
    const made = session.create('/a', bytes('0'));
    const changed = session.set('/a', bytes('1'), { version: 0 });
    await session.close();
    assert.equal((await made).version, 0);
    assert.equal(await changed, 1);
    assert.equal(text((await other.get('/a'))?.data), '1');
  },
  'does not remove what another session created again in its place': async (session, { open }) => {
    const other = await open();
    await session.create('/a', bytes(''), { ephemeral: true });
    await session.delete('/a');
    await other.create('/a', bytes('other'), { ephemeral: true });
    await session.close();
    assert.equal(text((await other.get('/a'))?.data), 'other');
  },
  'refuses everything once the session is over': async (session, { expire }) => {
    await session.create('/a', bytes(''));
    await expire(session);
    await rejects(session.get('/a'), 'SESSION_EXPIRED');
    await rejects(session.children('/a'), 'SESSION_EXPIRED');
    await rejects(session.create('/b', bytes('')), 'SESSION_EXPIRED');
    await rejects(session.set('/a', bytes(''), { version: 0 }), 'SESSION_EXPIRED');
    await rejects(session.delete('/a'), 'SESSION_EXPIRED');
  },
  'closes any number of times, also after it expired': async (session, { open, expire }) => {
    await session.close();
    await session.close();
    const other = await open();
    await expire(other);
    await other.close();
    assert.equal(other.state, 'expired');
  },
  'opens no session for a signal that has aborted': async (_, { open }) => {
    const reason = new Error('no longer wanted');
    await assert.rejects(open(AbortSignal.abort(reason)), (error) => error === reason);
  },
};

const watching: Record<string, Check> = {
  'looks once at once, then after each kind of change': async (session, { open }) => {
    const other = await open();
    await withWatch(session, '/a', async (look) => {
      await look();
      const changes = [
        () => other.create('/a', bytes('')),
        () => other.set('/a', bytes('x'), { version: 0 }),
        () => other.create('/a/b', bytes('')),
        () => other.delete('/a/b'),
        () => other.delete('/a'),
      ];
      for (const change of changes) {
        const looked = look();
        await change();
        await looked;
      }
    });
  },
  'shows by a read after the look what caused it': async (session, { open }) => {
    const other = await open();
    await other.create('/a', bytes('0'));
    await withWatch(session, '/a', async (look) => {
      await look();
      for (let version = 0; version < 20; version++) {
        const looked = look();
        await other.set('/a', bytes(`${version + 1}`), { version });
        await looked;
        assert.equal(text((await session.get('/a'))?.data), `${version + 1}`);
      }
    });
  },
  'loses no change between two looks': async (session, { open }) => {
    const other = await open();
    await other.create('/a', bytes('0'));
    await withWatch(session, '/a', async (look) => {
      await look();
      for (let version = 0; version < 5; version++) await other.set('/a', bytes('x'), { version });
      await look();
      assert.equal((await session.get('/a'))?.version, 5);
    });
  },
  'looks also when nothing was read since the last look': async (session, { open }) => {
    const other = await open();
    await other.create('/a', bytes('0'));
    await withWatch(session, '/a', async (look) => {
      await look();
      for (let version = 0; version < 20; version++) {
        await other.set('/a', bytes('x'), { version });
        await look();
      }
    });
  },
  'goes on watching what went and came again at once': async (session, { open }) => {
    const other = await open();
    await other.create('/a', bytes('0'));
    await withWatch(session, '/a', async (look) => {
      await look();
      const looked = look();
      await Promise.all([other.delete('/a'), other.create('/a', bytes('1'))]);
      await looked;
      while (text((await session.get('/a'))?.data) !== '1') await look();
      await other.create('/a/b', bytes(''));
      while ((await session.children('/a')).length === 0) await look();
    });
  },
  'goes on telling one reader of a path when another stops': async (session, { open }) => {
    const other = await open();
    await other.create('/a', bytes('0'));
    await withWatch(session, '/a', async (look) => {
      await look();
      await withWatch(session, '/a', (also) => also());
      await other.set('/a', bytes('1'), { version: 0 });
      await look();
    });
  },
  'is not woken by grandchildren or by the values of children': async (session, { open }) => {
    const other = await open();
    await other.create('/a/b', bytes(''));
    await withWatch(session, '/a', async (look) => {
      await look();
      const looked = look();
      await other.set('/a/b', bytes('x'), { version: 0 });
      await other.create('/a/b/c', bytes(''));
      assert.equal(
        await Promise.race([looked.then(() => 'looked'), session.get('/a').then(() => 'quiet')]),
        'quiet',
      );
      await other.create('/a/d', bytes(''));
      await looked;
    });
  },
  'sees ephemeral nodes go': async (session, { open, expire }) => {
    const other = await open();
    await other.create('/a/b', bytes(''), { ephemeral: true });
    await withWatch(session, '/a', async (look) => {
      await look();
      const looked = look();
      await expire(other);
      await looked;
      assert.deepEqual(await session.children('/a'), []);
    });
  },
  'ends a watch when its signal aborts': async (session) => {
    const stop = new AbortController();
    const looks = session.watch('/a', stop.signal)[Symbol.asyncIterator]();
    assert.equal((await looks.next()).done, false);
    const next = looks.next();
    stop.abort();
    assert.equal((await next).done, true);
    const late = session.watch('/a', stop.signal)[Symbol.asyncIterator]();
    assert.equal((await late.next()).done, true);
  },
  'ends a watch when the session expires': async (session, { expire }) => {
    const looks = session.watch('/a', new AbortController().signal)[Symbol.asyncIterator]();
    await looks.next();
    const next = looks.next();
    await expire(session);
    // A connection that is new on the way there says "look again" once more.
    let looked = await next;
    for (let more = 0; more < 100 && looked.done !== true; more++) looked = await looks.next();
    assert.equal(looked.done, true);
  },
};

const states: Record<string, Check> = {
  'tells the state, and its end': async (session, { expire }) => {
    const seen: SessionState[] = [];
    const following = follow(session, new AbortController().signal, seen);
    assert.equal(session.state, 'connected');
    await expire(session);
    await following;
    assert.equal(session.state, 'expired');
    assert.deepEqual([seen[0], seen.at(-1)], ['connected', 'expired']);
  },
  'tells the end also to those who ask after it': async (session) => {
    await session.close();
    const seen: SessionState[] = [];
    await follow(session, new AbortController().signal, seen);
    assert.deepEqual(seen, ['expired']);
  },
  'stops telling when the signal aborts': async (session) => {
    const stop = new AbortController();
    const seen: SessionState[] = [];
    const following = follow(session, stop.signal, seen);
    stop.abort();
    await following;
    assert.ok(seen.every((state) => state === 'connected'));
  },
};

async function follow(session: Registry, signal: AbortSignal, seen: SessionState[]): Promise<void> {
  for await (const state of session.states(signal)) seen.push(state);
}

async function withWatch(
  session: Registry,
  path: string,
  run: (look: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const looks = session.watch(path, stop.signal)[Symbol.asyncIterator]();
  try {
    await run(async () => {
      assert.equal((await looks.next()).done, false, `the watch of ${path} ended`);
    });
  } finally {
    stop.abort();
  }
}

async function rejects(call: Promise<unknown>, code: RegistryErrorCode): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.equal(codeOf(error), code);
    return true;
  });
}

function bytes(value: string): Buffer {
  return Buffer.from(value);
}

function text(data: Uint8Array | undefined): string | undefined {
  return data && Buffer.from(data).toString();
}
