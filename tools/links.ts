import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** A link of a page to something in the clone. */
export interface Link {
  /** The page, below the clone, and the line. */
  readonly from: string;
  readonly to: string;
}

/** The pages of the clone: what is not ignored, also what is not added yet. */
export function pagesOf(root: string): string[] {
  const names = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard', '--', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  });
  return names
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(root, name)))
    .sort();
}

/** The links of a page that stay in the clone, `[text](place)` and `[name]: place`; what is within code is no link. */
export function linksIn(page: string, text: string): Link[] {
  return proseLines(text).flatMap(({ line, number }) =>
    [...line.matchAll(/\]\(<?([^()\s>]+)>?(?:\s+"[^"]*")?\)|^\s*\[[^\]]+\]:\s+<?([^\s>]+)/g)]
      .map(([, inline, named]) => ({ from: `${page}:${number}`, to: inline ?? named ?? '' }))
      .filter(({ to }) => !/^[a-z][a-z+.-]*:/i.test(to)),
  );
}

/** Why a link leads nowhere; undefined: it leads somewhere. */
export function brokenBecause(root: string, page: string, { to }: Link): string | undefined {
  const [path = '', fragment] = to.split('#', 2);
  const target = path === '' ? join(root, page) : join(root, dirname(page), decodeURIComponent(path));
  if (relative(root, target).startsWith('..')) return 'lies outside the clone';
  if (!existsSync(target)) return 'is not there';
  if (fragment === undefined) return undefined;
  const file = statSync(target).isDirectory() ? join(target, 'README.md') : target;
  if (!existsSync(file) || !file.endsWith('.md')) return `has no headings to find #${fragment} among`;
  return anchorsOf(readFileSync(file, 'utf8')).has(fragment) ? undefined : `has no heading #${fragment}`;
}

/** The fragments of a page's headings, made as GitHub makes them: a second one of the same words ends in -1. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const { line } of proseLines(text, 'with code')) {
    const words = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (words === undefined) continue;
    const anchor = words
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Lines outside of fences; without their `code`, unless that is asked for. */
function proseLines(text: string, code?: 'with code'): { line: string; number: number }[] {
  let fence: string | undefined;
  return text.split('\n').flatMap((line, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined && mark === undefined)
      return [{ line: code === undefined ? line.replace(/`[^`]*`/g, '') : line, number: index + 1 }];
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
    return [];
  });
}
