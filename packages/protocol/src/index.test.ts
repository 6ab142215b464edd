import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Modules that are loaded at run time when `file` is, itself included. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  seen.add(file);
  const code = readFileSync(file, 'utf8');
  for (const [statement, specifier = ''] of code.matchAll(/^(?:import|export) [^;]*? from '([^']+)';/gms)) {
    if (/^(?:import|export) type /.test(statement)) continue;
    const path = specifier.startsWith('.') ? join(dirname(file), specifier) : specifier;
    if (!seen.has(path)) {
      if (specifier.startsWith('.')) loadedBy(path, seen);
      else seen.add(path);
    }
  }
  return seen;
}

describe('@millrace/protocol', () => {
  it('loads neither zod nor msgpackr', () => {
    const outside = [...loadedBy(join(__dirname, 'index.ts'))].filter((name) => !name.startsWith('/'));
    expect(outside).toEqual(['@millrace/runtime']);
  });

  it('has a codec that loads both, from its own entry', () => {
    const loaded = [...loadedBy(join(__dirname, 'msgpack/index.ts'))];
    expect(loaded).toEqual(expect.arrayContaining(['zod/mini', 'msgpackr/unpack-no-eval']));
  });
});
