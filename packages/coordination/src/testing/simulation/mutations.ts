import { hasCode } from '@millrace/runtime';
import { offsetNode } from '../../group-nodes.ts';
import type { MemoryRegistry } from '../../memory-registry.ts';
import type { Registry, RegistryNode } from '../../registry.ts';
import { nameOf, parentOf } from '../../registry-path.ts';
import type { Mutation } from './simulated-member.ts';

/**
 * Each breaks one rule for all members, by a registry that lets them go on as if they did not keep to it. A check of
 * the simulation that does not find them checks nothing.
 */
export const mutations: readonly {
  readonly rule: string;
  readonly mutation: Mutation;
  /** What the checker says of it. */
  readonly finding: RegExp;
}[] = [
  {
    rule: 'rule 3: nobody watches who came before',
    mutation: (session) => changed(session, { watch: (path, signal) => lookOnce(session, path, signal) }),
    finding: /rule 20: owned in the end/,
  },
  {
    rule: 'rule 9: an owner is looked up in a list read before',
    mutation: (session, registry) => changed(session, { get: cachedOwners(session, registry) }),
    finding: /rule 9: .* robbed/,
  },
  {
    rule: 'rule 11: a claim forgets the offset',
    mutation: (session) =>
      changed(session, { get: async (path) => withoutOffset(await session.get(path), path) }),
    finding: /rule 11/,
  },
  {
    rule: 'rule 12: what is written is written without the version',
    mutation: (session) =>
      changed(session, { set: (path, data, expected) => setAnyhow(session, path, data, expected) }),
    finding: /rule 8|rule 12/,
  },
  {
    rule: 'rule 13: a lost answer is taken for success',
    mutation: (session) =>
      changed(session, { set: (path, data, expected) => believe(session, path, data, expected) }),
    finding: /rule 12: .* was told/,
  },
];

type Calls = Partial<Pick<Registry, 'get' | 'set' | 'watch'>>;

function changed(session: Registry, calls: Calls): Registry {
  return {
    create: (path, data, options) => session.create(path, data, options),
    get: calls.get ?? ((path) => session.get(path)),
    set: calls.set ?? ((path, data, expected) => session.set(path, data, expected)),
    delete: (path, expected) => session.delete(path, expected),
    children: (path) => session.children(path),
    watch: calls.watch ?? ((path, signal) => session.watch(path, signal)),
    get state() {
      return session.state;
    },
    states: (signal) => session.states(signal),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

function isOffset(path: string): boolean {
  return parentOf(path).endsWith('/offsets');
}

function isMember(path: string): boolean {
  return parentOf(path).endsWith('/members');
}

/** A claim that asks for an owner is answered from the list of members as it was when the session began. */
function cachedOwners(session: Registry, registry: MemoryRegistry): Registry['get'] {
  const reader = registry.session();
  let list: Promise<string[]> | undefined;
  let readPartition = false;
  return async (path) => {
    const asksForOwner = readPartition && isMember(path);
    readPartition = isOffset(path);
    if (isMember(path)) list ??= reader.children(parentOf(path));
    const node = await session.get(path);
    if (!asksForOwner || node?.owned === true) return node;
    return (await list)?.includes(nameOf(path)) === true ? node : undefined;
  };
}

async function setAnyhow(
  session: Registry,
  path: string,
  data: Uint8Array,
  expected: { version: number },
): Promise<number> {
  if (!isOffset(path)) return session.set(path, data, expected);
  for (;;) {
    const node = await session.get(path);
    try {
      return await session.set(path, data, node ?? expected);
    } catch (error) {
      if (!hasCode(error, 'VERSION_MISMATCH')) throw error;
    }
  }
}

async function believe(
  session: Registry,
  path: string,
  data: Uint8Array,
  expected: { version: number },
): Promise<number> {
  try {
    return await session.set(path, data, expected);
  } catch (error) {
    if (isOffset(path) && hasCode(error, 'OUTCOME_UNKNOWN')) return expected.version + 1;
    throw error;
  }
}

function withoutOffset(node: RegistryNode | undefined, path: string): RegistryNode | undefined {
  if (node === undefined || !isOffset(path)) return node;
  const { offset: _, ...rest } = offsetNode.decode(node.data, path);
  return { ...node, data: offsetNode.encode(rest) };
}

async function* lookOnce(
  session: Registry,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<void, void, undefined> {
  let looked = false;
  for await (const _ of session.watch(path, signal)) {
    if (!looked || !isMember(path)) yield;
    looked = true;
  }
}
