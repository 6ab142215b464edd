import { memoryRegistry, type Registry } from '@millrace/coordination';
import { CodedError } from '@millrace/runtime';
import { seededRandom } from '@millrace/runtime/testing';
import { createWriter, tryCreate, trySet } from './compare-and-set.ts';

/** A session that loses the answers to its next calls: the work is done, or it is not. */
function forgetful(registry: Registry, answers: ('done' | 'not done')[]): Registry {
  const lose = async (work: () => Promise<unknown>): Promise<never> => {
    if (answers.shift() === 'done') await work();
    throw new CodedError('OUTCOME_UNKNOWN', 'the answer was lost');
  };
  return {
    create: (path, data, options) =>
      answers.length === 0
        ? registry.create(path, data, options)
        : lose(() => registry.create(path, data, options)),
    set: (path, data, expected) =>
      answers.length === 0
        ? registry.set(path, data, expected)
        : lose(() => registry.set(path, data, expected)),
    get: (path) => registry.get(path),
    delete: (path, expected) => registry.delete(path, expected),
    children: (path) => registry.children(path),
    watch: (path, signal) => registry.watch(path, signal),
    states: (signal) => registry.states(signal),
    get state() {
      return registry.state;
    },
    close: () => registry.close(),
    [Symbol.asyncDispose]: () => registry.close(),
  };
}

const mine = Buffer.from('mine');
const theirs = Buffer.from('theirs');

describe('compare and set', () => {
  it('makes a node once', async () => {
    const session = memoryRegistry().session();

    expect(await tryCreate(session, '/a', mine)).toBe(true);
    expect(await tryCreate(session, '/a', theirs)).toBe(false);
  });

  it('replaces the very version it was computed from', async () => {
    const session = memoryRegistry().session();
    await session.create('/a', theirs);

    expect(await trySet(session, '/a', mine, 0)).toBe(true);
    expect(await trySet(session, '/a', theirs, 0)).toBe(false);
    expect(await trySet(session, '/missing', mine, 0)).toBe(false);
  });

  it.each<'done' | 'not done'>(['done', 'not done'])(
    'knows its own write again when the answer was lost and the work %s',
    async (outcome) => {
      const session = memoryRegistry().session();

      expect(await tryCreate(forgetful(session, [outcome]), '/a', mine)).toBe(true);
      expect(await trySet(forgetful(session, [outcome, outcome]), '/a', theirs, 0)).toBe(true);

      expect(await session.get('/a')).toMatchObject({ version: 1, data: new Uint8Array(theirs) });
    },
  );

  it('does not take the write of another for its own when the answer was lost', async () => {
    const session = memoryRegistry().session();
    await session.create('/a', theirs);
    await session.set('/a', theirs, { version: 0 });

    expect(await tryCreate(forgetful(session, ['not done']), '/a', mine)).toBe(false);
    expect(await trySet(forgetful(session, ['not done']), '/a', mine, 0)).toBe(false);
  });

  it('never gives two writes the same name', () => {
    const one = createWriter(1, seededRandom(1));
    const again = createWriter(1, seededRandom(2));

    expect(new Set([one(), one(), again(), again()]).size).toBe(4);
  });
});
