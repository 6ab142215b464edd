import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fences, forbidden, layers } from './layers.ts';

export interface SourceFile {
  /** The package's folder. */
  readonly folder: string;
  /** Path below the package's `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** The sources of all packages, tests included. */
export function sourceFiles(packages: string): SourceFile[] {
  return readdirSync(packages).flatMap((folder) => {
    const source = join(packages, folder, 'src');
    return readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => ({
        folder,
        path: path.split(sep).join('/'),
        text: readFileSync(join(source, path), 'utf8'),
      }));
  });
}

/** What a file does that its place forbids, one sentence each. A test may import more than the code beside it, and take its time. */
export function violations(file: SourceFile): string[] {
  if (/\.(test|fixture)\.ts$/.test(file.path)) return [];
  const code = withoutComments(file.text);
  const where = `packages/${file.folder}/src/${file.path}`;
  const found = importsOf(code).flatMap((specifier) => {
    const reason = refusal(file, specifier);
    return reason === undefined ? [] : [`${where} imports ${specifier}: ${reason}`];
  });
  if (!['runtime', 'integration-tests'].includes(file.folder))
    for (const pattern of forbidden) {
      const match = pattern.exec(code);
      if (match) found.push(`${where} uses ${match[0]}: take it from the World, or a promise`);
    }
  return found;
}

function refusal(file: SourceFile, specifier: string): string | undefined {
  const allowed = layers[file.folder];
  if (allowed === undefined) return `tools/layers.ts does not know the package ${file.folder}`;
  const own =
    /^@millrace\/([^/]+)/.exec(specifier)?.[1] ??
    (/^millrace(\/|$)/.test(specifier) ? 'millrace' : undefined);
  if (own !== undefined)
    return allowed === 'anything' || allowed.includes(own)
      ? undefined
      : `${file.folder} may not import ${own}`;
  if (specifier === 'fast-check')
    return file.path.startsWith('testing/') ? undefined : 'only testing and tests may';
  if (file.folder === 'integration-tests') return undefined;
  const fence = fences[moduleOf(specifier)];
  if (fence === undefined || fence.some((place) => lies(`${file.folder}/${file.path}`, place)))
    return undefined;
  return `only ${fence.join(', ') || 'nobody'} may`;
}

function moduleOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function lies(path: string, place: string): boolean {
  return place.endsWith('**') ? path.startsWith(place.slice(0, -2)) : path === place;
}

function importsOf(code: string): string[] {
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;
  return [...code.matchAll(pattern)]
    .map((match) => match[2] ?? '')
    .filter((specifier) => !specifier.startsWith('.'));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
