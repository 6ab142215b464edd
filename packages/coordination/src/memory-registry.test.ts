import { testWorld } from '@millrace/runtime/testing';
import { memoryRegistry } from './memory-registry.ts';
import { MemorySession } from './memory-session.ts';
import type { Registry } from './registry.ts';
import type { RegistryJournal } from './registry-store.ts';
import { registryConformance } from './testing/registry-conformance.ts';

const world = testWorld();

describe('memoryRegistry', () => {
  registryConformance({
    test: it,
    create: async () => subjectOf(memoryRegistry(world)),
  });
});

describe('memoryRegistry with a journal', () => {
  registryConformance({
    test: it,
    create: async () => subjectOf(memoryRegistry(world, { journal: journal() })),
  });

  it('shows a change to nobody before it is durable', async () => {
    const changes = journal({ held: true });
    const registry = memoryRegistry(world, { journal: changes });
    const [writer, reader] = [registry.session(), registry.session()];

    const created = writer.create('/a', text('one'));
    const before = await reader.get('/a');
    changes.release();
    await created;

    expect(before).toBeUndefined();
    expect(await reader.get('/a')).toMatchObject({ version: 0 });
  });

  it('hands on the next change before the last one is durable', async () => {
    const changes = journal({ held: true });
    const session = memoryRegistry(world, { journal: changes }).session();

    const calls = [
      session.create('/a', text('0')),
      session.set('/a', text('1'), { version: 0 }),
      session.set('/a', text('2'), { version: 1 }),
    ];

    expect(changes.appended).toHaveLength(3);
    changes.release();
    await Promise.all(calls);
    expect(await textAt(session, '/a')).toBe('2');
  });

  it('refuses because of a change under way only once that one is durable', async () => {
    const changes = journal({ held: true });
    const registry = memoryRegistry(world, { journal: changes });
    let refused = false;

    const created = registry.session().create('/a', text('one'));
    const second = registry.session().create('/a', text('two'));
    second.catch(() => {
      refused = true;
    });
    await world.clock.advance(0);
    const refusedBefore = refused;
    changes.release();
    await created;

    expect(refusedBefore).toBe(false);
    await expect(second).rejects.toMatchObject({ code: 'NODE_EXISTS' });
  });

  it('shows changes in their order also when the journal answers out of order', async () => {
    const changes = journal({ held: true });
    const registry = memoryRegistry(world, { journal: changes });
    const [writer, reader] = [registry.session(), registry.session()];

    const first = writer.create('/a', text(''));
    const second = writer.create('/b', text(''));
    changes.releaseOne(1);
    await world.clock.advance(0);
    const early = await reader.get('/b');
    changes.release();
    await Promise.all([first, second]);

    expect(early).toBeUndefined();
    expect(await reader.children('/')).toEqual(['a', 'b']);
  });

  it('is again what it was, from its history, without the sessions', async () => {
    const changes = journal();
    const session = memoryRegistry(world, { journal: changes }).session();
    await session.create('/a/b', text('0'));
    await session.set('/a/b', text('1'), { version: 0 });
    await session.create('/a/gone', text(''));
    await session.delete('/a/gone');
    const last = await session.create('/a/mine', text(''), { ephemeral: true });

    const again = memoryRegistry(world, { journal: journal(), history: changes.appended }).session();

    expect(await again.children('/a')).toEqual(['b']);
    expect(await again.get('/a/b')).toMatchObject({ version: 1, data: Uint8Array.from(text('1')) });
    expect((await again.create('/new', text(''))).created).toBeGreaterThan(last.created);
  });

  it('journals the end of the sessions before', async () => {
    const changes = journal();
    await memoryRegistry(world, { journal: changes }).session().create('/a', text(''), { ephemeral: true });
    const second = memoryRegistry(world, { journal: changes, history: [...changes.appended] });
    await second.session().create('/b', text(''), { ephemeral: true });
    await second.session().create('/a', text('again'));

    const third = memoryRegistry(world, { history: changes.appended }).session();

    expect(await third.children('/')).toEqual(['a']);
    expect(await textAt(third, '/a')).toBe('again');
  });

  it('lets a snapshot stand for everything before it', async () => {
    const changes = journal();
    const registry = memoryRegistry(world, { journal: changes });
    const session = registry.session();
    const doomed = await session.create('/doomed', text(''));
    await session.delete('/doomed');
    await session.create('/a', text('0'));
    await session.create('/mine', text(''), { ephemeral: true });
    const snapshot = registry.snapshot();
    const behind = changes.appended.length;
    await session.set('/a', text('1'), { version: 0 });
    await session.close();

    const history = [snapshot, ...changes.appended.slice(behind)];
    const again = memoryRegistry(world, { history }).session();

    expect(await again.children('/')).toEqual(['a']);
    expect(await again.get('/a')).toMatchObject({ version: 1 });
    expect((await again.create('/b', text(''))).created).toBeGreaterThan(doomed.created);
  });

  it('may be replayed with changes that its snapshot covers already', async () => {
    const changes = journal();
    const registry = memoryRegistry(world, { journal: changes });
    const session = registry.session();
    await session.create('/a', text('0'));
    await session.set('/a', text('1'), { version: 0 });
    await session.create('/b', text(''));
    await session.delete('/b');

    const history = [registry.snapshot(), ...changes.appended];
    const again = memoryRegistry(world, { history }).session();

    expect(await again.children('/')).toEqual(['a']);
    expect(await again.get('/a')).toMatchObject({ version: 1 });
  });

  it('ends every session when the journal fails, and says of open calls that their outcome is unknown', async () => {
    const changes = journal({ held: true });
    const registry = memoryRegistry(world, { journal: changes });
    const [writer, other] = [registry.session(), registry.session()];

    const first = writer.create('/a', text(''));
    const second = other.create('/b', text(''));
    changes.fail(new Error('the disk is gone'));

    await expect(first).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(second).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect([writer.state, other.state]).toEqual(['expired', 'expired']);
    await expect(registry.open()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(registry.session().state).toBe('expired');
    await other.close();
  });

  it('refuses a history that it cannot read', () => {
    const history = [text('[["p","/a"]]')];

    expect(() => memoryRegistry(world, { history })).toThrow(expect.objectContaining({ code: 'BAD_NODE' }));
  });
});

function subjectOf(registry: ReturnType<typeof memoryRegistry>) {
  const opened: Registry[] = [];
  return {
    open: async (signal?: AbortSignal) => {
      const session = await registry.open(signal);
      opened.push(session);
      return session;
    },
    expire: async (session: Registry) => {
      if (!(session instanceof MemorySession)) throw new TypeError('not a session of this registry');
      session.expire();
      await session.close();
    },
    close: async () => {
      for (const session of opened) await session.close();
    },
  };
}

/** A journal in memory; a held one answers when told to. */
function journal({ held = false } = {}) {
  const appended: Uint8Array[] = [];
  const answers: { resolve(): void; reject(error: Error): void }[] = [];
  const append: RegistryJournal['append'] = (change) => {
    appended.push(change);
    if (!held) return Promise.resolve();
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  };
  return {
    append,
    appended,
    releaseOne: (index: number) => answers[index]?.resolve(),
    release: () => {
      for (const answer of answers) answer.resolve();
    },
    fail: (error: Error) => {
      for (const answer of answers) answer.reject(error);
    },
  };
}

async function textAt(session: Registry, path: string): Promise<string> {
  return Buffer.from((await session.get(path))?.data ?? []).toString();
}

function text(value: string): Buffer {
  return Buffer.from(value);
}
