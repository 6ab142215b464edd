import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { anchorsOf, brokenBecause, linksIn, pagesOf } from './links.ts';

const root = join(__dirname, '..');

describe('links of our pages', () => {
  it.each(pagesOf(root))('of %s lead to files and headings that are there', (page) => {
    const links = linksIn(page, readFileSync(join(root, page), 'utf8'));

    const broken = links.flatMap((link) => {
      const reason = brokenBecause(root, page, link);
      return reason === undefined ? [] : [`${link.from}: ${link.to} ${reason}`];
    });

    expect(broken).toEqual([]);
  });

  it('are looked for in the pages that people read', () => {
    const pages = pagesOf(root);

    const links = pages.flatMap((page) => linksIn(page, readFileSync(join(root, page), 'utf8')));

    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'packages/log/README.md']));
    expect(links.length).toBeGreaterThan(pages.length);
  });
});

describe('a link', () => {
  const page = 'docs/README.md';
  const why = (to: string): string | undefined => brokenBecause(root, page, { from: `${page}:1`, to });

  it.each([
    '../README.md',
    'formats',
    'glossary.md#glossary',
    '../packages/millrace#in-a-test',
    '#documents',
  ])('to %s is sound', (to) => {
    expect(why(to)).toBeUndefined();
  });

  it.each([
    ['nowhere.md', 'is not there'],
    ['glossary.md#nothing', 'has no heading #nothing'],
    ['../tools/layers.ts#L3', 'has no headings to find #L3 among'],
    ['formats#wire', 'has no headings to find #wire among'],
    ['../../outside.md', 'lies outside the clone'],
  ])('to %s %s', (to, reason) => {
    expect(why(to)).toBe(reason);
  });

  it('is found in prose, and not in code or beyond the clone', () => {
    const text = [
      'see [one](a.md) and [`two`](b/c.md#d "title"), not [three](https://example.org) or `[four](d.md)`',
      '```md',
      '[five](e.md)',
      '```',
      '[![six](f.png)](g.md)',
    ].join('\n');

    expect(linksIn('p.md', text)).toEqual([
      { from: 'p.md:1', to: 'a.md' },
      { from: 'p.md:1', to: 'b/c.md#d' },
      { from: 'p.md:5', to: 'f.png' },
      { from: 'p.md:5', to: 'g.md' },
    ]);
  });
});

describe('the anchors of a page', () => {
  it('are its headings as GitHub writes them', () => {
    const text =
      '# `millrace start`\n## What, if "this"?\n## A_b — c\n```sh\n# no heading\n```\n### [Linked](x.md)\n## Same\n## Same\n';

    expect([...anchorsOf(text)]).toEqual([
      'millrace-start',
      'what-if-this',
      'a_b--c',
      'linked',
      'same',
      'same-1',
    ]);
  });
});
