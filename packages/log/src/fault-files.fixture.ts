import { CodedError, type FileLock, type FileSystem, type OpenFile, type OpenMode } from '@millrace/runtime';

export type FaultyCall =
  | 'open'
  | 'create'
  | 'list'
  | 'ensureDirectory'
  | 'syncDirectory'
  | 'rename'
  | 'remove'
  | 'exists'
  | 'size'
  | 'read'
  | 'append'
  | 'truncate'
  | 'sync'
  | 'close';

export interface Fault {
  /** An errno's name. */
  readonly code: string;
  /** Which calls meet it; all when not given. */
  readonly calls?: readonly FaultyCall[];
  /** From which call on, counted from 1 over the calls that could meet it. */
  readonly from: number;
  /** How many calls meet it; one when not given. */
  readonly times?: number;
}

/**
 * A file system some of whose calls fail. A failing append writes the first half of its bytes; a failing close has
 * closed the file; every other failing call has done nothing. What lies outside `affected` never fails.
 */
export class FaultyFiles implements FileSystem {
  readonly #files: FileSystem;
  readonly #affected: (path: string) => boolean;
  #fault: Fault | undefined;
  #met = 0;
  #failed = 0;
  /** Of affected files, by kind. */
  readonly counts = new Map<FaultyCall, number>();

  constructor(files: FileSystem, affected: (path: string) => boolean = () => true) {
    this.#files = files;
    this.#affected = affected;
  }

  /** How many calls could have met the fault since it was set. */
  get met(): number {
    return this.#met;
  }

  /** How many did. */
  get failed(): number {
    return this.#failed;
  }

  /** Replaces what was set before; undefined: nothing fails any more. */
  set(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#met = 0;
    this.#failed = 0;
  }

  /** The error that this call meets, if any. */
  meet(call: FaultyCall, path: string): Error | undefined {
    if (!this.#affected(path)) return undefined;
    this.counts.set(call, (this.counts.get(call) ?? 0) + 1);
    const fault = this.#fault;
    if (fault?.calls !== undefined && !fault.calls.includes(call)) return undefined;
    this.#met++;
    if (fault === undefined || this.#met < fault.from || this.#met >= fault.from + (fault.times ?? 1))
      return undefined;
    this.#failed++;
    return new CodedError(fault.code, `${fault.code}: injected, ${call} '${path}'`, { details: { path } });
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    this.#orThrow(mode === 'create' ? 'create' : 'open', path);
    return new FaultyFile(await this.#files.open(path, mode), path, this);
  }

  async list(directory: string): Promise<string[]> {
    this.#orThrow('list', directory);
    return this.#files.list(directory);
  }

  async ensureDirectory(path: string): Promise<void> {
    this.#orThrow('ensureDirectory', path);
    await this.#files.ensureDirectory(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#orThrow('syncDirectory', path);
    await this.#files.syncDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#orThrow('rename', from);
    await this.#files.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#orThrow('remove', path);
    await this.#files.remove(path);
  }

  async exists(path: string): Promise<boolean> {
    this.#orThrow('exists', path);
    return this.#files.exists(path);
  }

  lock(path: string, notes?: { readonly [name: string]: string | number }): Promise<FileLock> {
    return this.#files.lock(path, notes);
  }

  #orThrow(call: FaultyCall, path: string): void {
    const error = this.meet(call, path);
    if (error !== undefined) throw error;
  }
}

class FaultyFile implements OpenFile {
  readonly descriptor = undefined;
  readonly #file: OpenFile;
  readonly #path: string;
  readonly #faults: FaultyFiles;

  constructor(file: OpenFile, path: string, faults: FaultyFiles) {
    this.#file = file;
    this.#path = path;
    this.#faults = faults;
  }

  async size(): Promise<number> {
    this.#orThrow('size');
    return this.#file.size();
  }

  async read(position: number, length: number): Promise<Buffer> {
    this.#orThrow('read');
    return this.#file.read(position, length);
  }

  async append(chunks: readonly Uint8Array[]): Promise<number> {
    const error = this.#faults.meet('append', this.#path);
    if (error === undefined) return this.#file.append(chunks);
    const bytes = Buffer.concat(chunks);
    await this.#file.append([bytes.subarray(0, bytes.length >> 1)]);
    throw error;
  }

  async truncate(size: number): Promise<void> {
    this.#orThrow('truncate');
    await this.#file.truncate(size);
  }

  async sync(): Promise<void> {
    this.#orThrow('sync');
    await this.#file.sync();
  }

  async close(): Promise<void> {
    const error = this.#faults.meet('close', this.#path);
    await this.#file.close();
    if (error !== undefined) throw error;
  }

  #orThrow(call: FaultyCall): void {
    const error = this.#faults.meet(call, this.#path);
    if (error !== undefined) throw error;
  }
}
