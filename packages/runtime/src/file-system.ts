/**
 * Files as an argument. Production uses `nodeFileSystem` from `@millrace/runtime/node`; tests and brokers that keep
 * nothing use `memoryFileSystem()`. Both pass `fileSystemConformance`.
 *
 * Errors carry Node's errno names as `code`: ENOENT, EEXIST, EACCES, ENOSPC, EIO, ENOTEMPTY, …; `lock` adds LOCKED.
 * Durability follows POSIX: bytes survive a power cut after `sync` of their file, names after `syncDirectory` of their
 * directory. Nothing is promised about the order in which unsynced writes and names reach the disk.
 */
export interface FileSystem {
  /**
   * `read`: an existing file, read only. `append`: an existing file, for reading and writing at its end.
   * `create`: for reading and writing, made anew and empty (an existing file of that name is emptied). ENOENT.
   */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Names (not paths) of files and directories in a directory, sorted. ENOENT. */
  list(directory: string): Promise<string[]>;
  /** Makes the directory and its missing parents; a no-op when it is there. Not durable before `syncDirectory` of each parent. */
  ensureDirectory(path: string): Promise<void>;
  /** Makes names that were created, renamed or removed in this directory durable. */
  syncDirectory(path: string): Promise<void>;
  /** Atomic; replaces `to`. ENOENT. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or an empty directory. ENOENT, ENOTEMPTY. */
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /**
   * Takes an exclusive lock for this process at `path` (a file whose parent exists). A lock whose holder no longer runs
   * is taken over. LOCKED: `details` has the holder's `pid`, `since` (ms since the epoch) and the holder's notes.
   */
  lock(path: string, notes?: LockNotes): Promise<FileLock>;
}

export type OpenMode = 'read' | 'append' | 'create';

/** What a holder tells those who find the lock taken, e.g. the address it serves. */
export interface LockNotes {
  readonly [name: string]: string | number;
}

export interface FileLock {
  /** Replaces the notes that others see in LOCKED. */
  annotate(notes: LockNotes): Promise<void>;
  /** Idempotent. */
  release(): Promise<void>;
}

export interface OpenFile {
  size(): Promise<number>;
  /** Set when the kernel can send from it (zero copy). */
  readonly descriptor: number | undefined;
  /** Short only at the end of the file. The buffer is the caller's. */
  read(position: number, length: number): Promise<Buffer>;
  /**
   * Writes the chunks at the end, in order, as one write where the system allows it; returns the position of the first
   * byte. Calls are the caller's to serialise. On failure (also after a short write, which is never reported as
   * success) the file may have grown by a part: truncate before going on.
   */
  append(chunks: readonly Uint8Array[]): Promise<number>;
  truncate(size: number): Promise<void>;
  /** fdatasync: the bytes and the size. After a failure the state of unsynced bytes is unknown: never retry, never trust. */
  sync(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}
