import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that can be imported from a package. */
export interface PublishedEntry {
  /** `@millrace/log/testing` */
  readonly name: string;
  /** Its source file, and the README of its package. */
  readonly source: string;
  readonly readme: string;
}

/** What the `exports` of our packages name, but for package.json. */
export function publishedEntries(root: string): PublishedEntry[] {
  return readdirSync(join(root, 'packages')).flatMap((directory) => {
    const folder = join(root, 'packages', directory);
    const readme = join(folder, 'README.md');
    if (!existsSync(readme)) return [];
    const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      exports: { [subpath: string]: string | { '@millrace/source': string } };
    };
    return Object.entries(exports).flatMap(([subpath, target]) =>
      typeof target === 'string'
        ? []
        : [{ name: join(name, subpath), source: join(folder, target['@millrace/source']), readme }],
    );
  });
}
