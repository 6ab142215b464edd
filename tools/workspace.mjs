import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
/** What the set-up remembers and logs; not in git. */
export const stateDirectory = join(root, '.millrace');

/** Folders of packages that are built and published, by name. */
export function packageDirectories() {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((directory) => existsSync(join(directory, 'src/index.ts')));
}

/** Changes when a file appears, goes or is touched. */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) addTo(hash, path);
  return hash.digest('hex');
}

function addTo(hash, path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isDirectory()) {
    for (const name of readdirSync(path).sort()) addTo(hash, join(path, name));
  } else if (!/\.(test|fixture)\.ts$/.test(path)) {
    hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  }
}

export function contentHash(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** A step that was done for this key need not be done again; one that was interrupted has no mark. */
export function isDone(step, key) {
  try {
    return readFileSync(join(stateDirectory, `${step}.done`), 'utf8') === key;
  } catch {
    return false;
  }
}

export function markDone(step, key) {
  mkdirSync(stateDirectory, { recursive: true });
  writeFileSync(join(stateDirectory, `${step}.done`), key);
}

export function forget(step) {
  rmSync(join(stateDirectory, `${step}.done`), { force: true });
}
