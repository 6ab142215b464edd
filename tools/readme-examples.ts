import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A piece of a README that says which file it shows: `<!-- examples/quick-start.ts -->`, then a fence. */
export interface ShownExample {
  readonly readme: string;
  /** Below the README's folder. */
  readonly file: string;
  readonly shown: string;
  readonly actual: string;
}

/** The examples shown in READMEs of the packages and of the clone itself. */
export function shownExamples(root: string): ShownExample[] {
  const folders = [root, ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))];
  return folders.flatMap((folder) => {
    const readme = join(folder, 'README.md');
    if (!existsSync(readme)) return [];
    const text = readFileSync(readme, 'utf8');
    return [...text.matchAll(/<!-- (\S+) -->\n```\w+\n([\s\S]*?)```/g)].map(([, file = '', shown = '']) => {
      const path = join(folder, file);
      return { readme, file, shown, actual: existsSync(path) ? readFileSync(path, 'utf8') : '' };
    });
  });
}

/** Programs in the `examples` folders. */
export function examplePrograms(root: string): string[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name, 'examples');
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => join('packages', name, 'examples', file));
  });
}

/** What the program's `console.log(…) // → text` comments promise, in order. */
export function promisedOutput(source: string): string[] {
  return [...source.matchAll(/\/\/ → (.*)$/gm)].map(([, text = '']) => text.trimEnd());
}
