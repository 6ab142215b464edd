import type { MemoryFileSystem, OpenFile } from '@millrace/runtime';

/** Files in memory whose flushes can be made to wait, as on a disk that is busy. */
export interface HeldFiles {
  readonly files: MemoryFileSystem;
  /** From now on no `sync` returns. */
  readonly hold: () => void;
  /** Lets those that wait go on, and all that come. */
  readonly release: () => void;
}

export function heldFiles(files: MemoryFileSystem): HeldFiles {
  let gate: PromiseWithResolver | undefined;
  const wrap = (file: OpenFile): OpenFile => ({
    descriptor: file.descriptor,
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    append: (chunks) => file.append(chunks),
    truncate: (size) => file.truncate(size),
    sync: async () => {
      await gate?.promise;
      await file.sync();
    },
    close: () => file.close(),
  });
  return {
    files: {
      open: async (path, mode) => wrap(await files.open(path, mode)),
      list: (directory) => files.list(directory),
      ensureDirectory: (path) => files.ensureDirectory(path),
      syncDirectory: (path) => files.syncDirectory(path),
      rename: (from, to) => files.rename(from, to),
      remove: (path) => files.remove(path),
      exists: (path) => files.exists(path),
      lock: (path, notes) => files.lock(path, notes),
      crash: (random) => files.crash(random),
      failNext: (operation, error) => files.failNext(operation, error),
    },
    hold: () => {
      gate ??= withResolver();
    },
    release: () => {
      gate?.resolve();
      gate = undefined;
    },
  };
}

interface PromiseWithResolver {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function withResolver(): PromiseWithResolver {
  let resolve = (): void => {};
  const promise = new Promise<void>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}
