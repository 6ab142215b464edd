import { registryError } from './errors.ts';

/** The root: it is always there, has no value, and can only be listed and watched. */
export const rootPath = '/';

/** INVALID_PATH unless `path` names a node below the root. */
export function checkNodePath(path: string): void {
  if (path === rootPath) throw invalid(path, 'is the root, which has no value');
  checkPath(path);
}

/**
 * INVALID_PATH unless `path` is the root or `/part/part`, without empty parts, `.`, `..` or characters that ZooKeeper
 * does not take: controls, all beyond 16 bits, private ones and specials.
 */
export function checkPath(path: string): void {
  if (path === rootPath) return;
  if (!path.startsWith('/')) throw invalid(path, 'does not begin with /');
  for (const part of path.slice(1).split('/')) {
    if (part === '') throw invalid(path, 'has an empty part');
    if (part === '.' || part === '..') throw invalid(path, `has the part ${part}`);
    if (/\p{Cc}/u.test(part)) throw invalid(path, 'has a control character');
    if (/[\uD800-\uF8FF\uFFF0-\uFFFF]/.test(part))
      throw invalid(path, 'has a character that ZooKeeper does not take');
  }
}

/** `/a/b` → `/a`, `/a` → `/`. */
export function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end === 0 ? rootPath : path.slice(0, end);
}

/** `/a/b` → `b`. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function invalid(path: string, what: string): Error {
  return registryError('INVALID_PATH', `the path ${JSON.stringify(path)} ${what}`);
}
