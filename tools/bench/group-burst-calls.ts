import type { OpenRegistry, Registry } from '@millrace/coordination';

/** What was asked of a registry. A watch counts each time it fires: the registry has to tell, and the reader looks. */
export interface Calls {
  reads: number;
  writes: number;
  watches: number;
}

/** Sessions whose calls are counted together. */
export function counting(open: OpenRegistry): { readonly calls: Calls; readonly opened: OpenRegistry } {
  const calls: Calls = { reads: 0, writes: 0, watches: 0 };
  return { calls, opened: async (signal) => counted(await open(signal), calls) };
}

function counted(registry: Registry, calls: Calls): Registry {
  const reading = <Result>(read: () => Promise<Result>): Promise<Result> => {
    calls.reads += 1;
    return read();
  };
  const writing = <Result>(write: () => Promise<Result>): Promise<Result> => {
    calls.writes += 1;
    return write();
  };
  return {
    get: (path) => reading(() => registry.get(path)),
    children: (path) => reading(() => registry.children(path)),
    create: (path, data, options) => writing(() => registry.create(path, data, options)),
    set: (path, data, expected) => writing(() => registry.set(path, data, expected)),
    delete: (path, expected) => writing(() => registry.delete(path, expected)),
    watch: async function* (path, signal) {
      for await (const _ of registry.watch(path, signal)) {
        calls.watches += 1;
        yield;
      }
    },
    get state() {
      return registry.state;
    },
    states: (signal) => registry.states(signal),
    close: () => registry.close(),
    [Symbol.asyncDispose]: () => registry.close(),
  };
}
