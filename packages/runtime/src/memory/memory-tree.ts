import { parse, resolve, sep } from 'node:path';
import { CodedError } from '../coded-error.ts';
import type { Random } from '../random.ts';
import { MemoryFile } from './memory-file.ts';
import { MemoryDirectory, type MemoryNode, NameJournal } from './name-journal.ts';

/** Where a name would lie: its directory is there, it need not be. */
interface Place {
  readonly directory: MemoryDirectory;
  readonly name: string;
  readonly node: MemoryNode | undefined;
}

/** What truncations took away is kept up to this for the case of a power cut; beyond, they count as written. */
const maxCutBytes = 64 * 1024 * 1024;

/** The tree of names and the rules of POSIX for changing it. Every method takes effect when called. */
export class MemoryTree {
  readonly #root: MemoryDirectory;
  readonly #journal = new NameJournal();
  readonly #filesWithCuts = new Set<MemoryFile>();

  constructor(root = new MemoryDirectory()) {
    this.#root = root;
  }

  file(path: string, call: string): MemoryFile {
    const node = this.#node(path, call);
    if (node instanceof MemoryFile) return node;
    throw errnoError('EISDIR', call, path);
  }

  directory(path: string, call: string): MemoryDirectory {
    const node = this.#node(path, call);
    if (node instanceof MemoryDirectory) return node;
    throw errnoError('ENOTDIR', call, path);
  }

  exists(path: string): boolean {
    let node: MemoryNode | undefined = this.#root;
    for (const name of namesOf(path)) {
      if (!(node instanceof MemoryDirectory)) return false;
      node = node.entries.get(name);
    }
    return node !== undefined;
  }

  /** The empty file of that name, made or emptied. */
  createFile(path: string, call: string): MemoryFile {
    const { directory, name, node } = this.#place(path, call);
    if (node instanceof MemoryDirectory) throw errnoError('EISDIR', call, path);
    if (node !== undefined) {
      this.truncate(node, 0);
      return node;
    }
    const file = new MemoryFile();
    this.#journal.change({ directory, name, before: undefined, after: file });
    return file;
  }

  ensureDirectory(path: string): void {
    let directory = this.#root;
    const names = namesOf(path);
    for (const [index, name] of names.entries()) {
      const node = directory.entries.get(name);
      if (node instanceof MemoryFile)
        throw errnoError(index === names.length - 1 ? 'EEXIST' : 'ENOTDIR', 'mkdir', path);
      const next = node ?? new MemoryDirectory();
      if (node === undefined) this.#journal.change({ directory, name, before: undefined, after: next });
      directory = next;
    }
  }

  remove(path: string): void {
    const { directory, name, node } = this.#place(path, 'unlink');
    if (node === undefined) throw errnoError('ENOENT', 'unlink', path);
    if (node instanceof MemoryDirectory && node.entries.size > 0)
      throw errnoError('ENOTEMPTY', 'rmdir', path);
    this.#journal.change({ directory, name, before: node, after: undefined });
  }

  rename(from: string, to: string): void {
    const source = this.#place(from, 'rename');
    const target = this.#place(to, 'rename');
    if (source.node === undefined) throw errnoError('ENOENT', 'rename', from);
    if (source.node === target.node) return;
    if (isBelow(to, from)) throw errnoError('EINVAL', 'rename', from);
    if (isBelow(from, to)) throw errnoError('ENOTEMPTY', 'rename', to);
    if (target.node !== undefined) mustBeReplaceable(source.node, target.node, to);
    this.#journal.change(
      { directory: source.directory, name: source.name, before: source.node, after: undefined },
      { directory: target.directory, name: target.name, before: target.node, after: source.node },
    );
  }

  truncate(file: MemoryFile, size: number): void {
    file.truncate(size);
    if (file.cutBytes === 0) return;
    this.#filesWithCuts.add(file);
    let sum = 0;
    for (const other of this.#filesWithCuts) {
      sum += other.cutBytes;
      if (other.cutBytes === 0) this.#filesWithCuts.delete(other);
    }
    if (sum <= maxCutBytes) return;
    for (const other of this.#filesWithCuts) other.settleCut();
    this.#filesWithCuts.clear();
  }

  syncDirectory(path: string): void {
    this.#journal.sync(this.directory(path, 'fsync'));
  }

  /** The tree that a power cut would leave. */
  crash(random: Random): MemoryTree {
    return new MemoryTree(this.#journal.crash(this.#root, random));
  }

  #node(path: string, call: string): MemoryNode {
    if (namesOf(path).length === 0) return this.#root;
    const { node } = this.#place(path, call);
    if (node === undefined) throw errnoError('ENOENT', call, path);
    return node;
  }

  #place(path: string, call: string): Place {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw errnoError('EBUSY', call, path);
    let directory = this.#root;
    for (const parent of names) {
      const next = directory.entries.get(parent);
      if (next === undefined) throw errnoError('ENOENT', call, path);
      if (next instanceof MemoryFile) throw errnoError('ENOTDIR', call, path);
      directory = next;
    }
    return { directory, name, node: directory.entries.get(name) };
  }
}

function mustBeReplaceable(source: MemoryNode, target: MemoryNode, path: string): void {
  if (source instanceof MemoryFile && target instanceof MemoryDirectory)
    throw errnoError('EISDIR', 'rename', path);
  if (source instanceof MemoryDirectory && target instanceof MemoryFile)
    throw errnoError('ENOTDIR', 'rename', path);
  if (target instanceof MemoryDirectory && target.entries.size > 0)
    throw errnoError('ENOTEMPTY', 'rename', path);
}

function namesOf(path: string): string[] {
  const absolute = resolve(path);
  return absolute
    .slice(parse(absolute).root.length)
    .split(sep)
    .filter((name) => name !== '');
}

function isBelow(path: string, directory: string): boolean {
  return resolve(path).startsWith(resolve(directory) + sep);
}

const meanings = {
  EBADF: 'the file is closed',
  EBUSY: 'the root stays as it is',
  EEXIST: 'a file is there already',
  EINVAL: 'a directory cannot move into itself',
  EISDIR: 'this is a directory',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'this is not a directory',
  ENOTEMPTY: 'the directory is not empty',
};

/** An error that reads like Node's own. */
export function errnoError(code: keyof typeof meanings, call: string, path: string): CodedError {
  return new CodedError(code, `${code}: ${meanings[code]}, ${call} '${path}'`, { details: { path } });
}
