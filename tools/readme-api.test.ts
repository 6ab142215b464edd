import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedEntries } from './published-entries.ts';

const root = join(__dirname, '..');

describe('the README of', () => {
  it.each(publishedEntries(root).map((entry) => [entry.name, entry] as const))(
    '%s names everything that can be imported from there and is no type',
    (name, { source, readme }) => {
      const exported = Object.keys(jest.requireActual<object>(source));
      const text = readFileSync(readme, 'utf8');

      const missing = exported.filter((each) => !isNamed(each, text));

      expect(exported.length).toBeGreaterThan(0);
      expect({ name, missing }).toEqual({ name, missing: [] });
    },
  );
});

describe('the entries of our packages', () => {
  it('are what package.json publishes', () => {
    const names = publishedEntries(root).map(({ name }) => name);

    expect(names).toEqual(
      expect.arrayContaining(['millrace', 'millrace/testing', '@millrace/log', '@millrace/runtime/node']),
    );
    expect(publishedEntries(root).filter(({ source }) => !existsSync(source))).toEqual([]);
  });
});

describe('a name', () => {
  it.each([
    ['`openLog(directory)`', true],
    ['| `a`, `openLog` |', true],
    ['`openLogDirectory(directory)`', false],
    ['we openLog often', false],
    ['```ts\nopenLog()\n```', false],
  ])('in %j is there: %s', (text, expected) => {
    expect(isNamed('openLog', text)).toBe(expected);
  });
});

/** Whether the name stands as a word in `code`; what examples use is not thereby explained. */
function isNamed(name: string, text: string): boolean {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].some(([, code = '']) =>
    new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(code),
  );
}
