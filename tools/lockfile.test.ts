import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  readonly version?: string;
  readonly optionalDependencies?: { readonly [name: string]: string };
}

const lock: { packages: { [location: string]: LockedPackage } } = JSON.parse(
  readFileSync(join(__dirname, '../package-lock.json'), 'utf8'),
);

/** Whether a module asked for at `location` is found there or in a folder above, as Node looks for it. */
function isLocked(location: string, name: string): boolean {
  for (
    let folder = location;
    folder !== '';
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  )
    if (`${folder}/node_modules/${name}` in lock.packages) return true;
  return `node_modules/${name}` in lock.packages;
}

describe('package-lock.json', () => {
  it('holds the optional parts of every package for every platform, or `npm ci` refuses it', () => {
    const missing = Object.entries(lock.packages).flatMap(([location, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => !isLocked(location, name))
        .map((name) => `${location} -> ${name}`),
    );

    expect(missing).toEqual([]);
  });

  it('names no registry', () => {
    expect(JSON.stringify(lock)).not.toContain('"resolved":"http');
  });
});
