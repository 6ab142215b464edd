import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { hasCode } from '../coded-error.ts';
import type { FileSystem } from '../file-system.ts';
import { called } from './callback.ts';
import { openNodeFile } from './node-file.ts';
import { lockNodeFile } from './node-lock.ts';

/** The files of the machine. */
export const nodeFileSystem: FileSystem = {
  open: openNodeFile,
  lock: lockNodeFile,
  syncDirectory,
  remove,
  exists,
  // A copy: under jest the array of `fs` is of another realm, and equals none of the test's.
  list: async (directory) => [...(await called<string[]>((done) => fs.readdir(directory, done)))].sort(),
  ensureDirectory,
  rename: (from, to) => called<void>((done) => fs.rename(from, to, done)),
};

/**
 * Node's own `recursive` never ends where a parent takes no directories (/proc), and says ENOENT where the disk is
 * read-only.
 */
async function ensureDirectory(path: string): Promise<void> {
  const make = (): Promise<void> => called<void>((done) => fs.mkdir(path, done));
  try {
    await make();
  } catch (error) {
    const parent = dirname(path);
    if (hasCode(error, 'ENOENT') && parent !== path) {
      await ensureDirectory(parent);
      await make().catch((again: unknown) => unlessDirectory(path, again));
    } else await unlessDirectory(path, error);
  }
}

async function unlessDirectory(path: string, error: unknown): Promise<void> {
  const found = await called<fs.Stats>((done) => fs.stat(path, done)).catch(() => undefined);
  if (found?.isDirectory() !== true) throw error;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory and keeps names in a journal of its own.
  if (process.platform === 'win32') return;
  const descriptor = await called<number>((done) =>
    fs.open(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY, done),
  );
  try {
    await called<void>((done) => fs.fsync(descriptor, done));
  } finally {
    await called<void>((done) => fs.close(descriptor, done));
  }
}

async function remove(path: string): Promise<void> {
  try {
    await called<void>((done) => fs.unlink(path, done));
  } catch (error) {
    // A directory: Linux says EISDIR, others EPERM.
    if (!hasCode(error, 'EISDIR') && !hasCode(error, 'EPERM')) throw error;
    const stats = await called<fs.Stats>((done) => fs.lstat(path, done));
    if (!stats.isDirectory()) throw error;
    await called<void>((done) => fs.rmdir(path, done));
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await called<void>((done) => fs.access(path, done));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false;
    throw error;
  }
}
