import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { shownExamples } from './readme-examples.ts';

const root = join(__dirname, '..');

describe('READMEs', () => {
  it.each(
    shownExamples(root).map(
      (example) => [example.readme.slice(root.length + 1), example.file, example] as const,
    ),
  )('%s shows %s as it is', (_readme, _file, { shown, actual }) => {
    expect(shown).toBe(actual);
  });

  it.each(readdirSync(join(root, 'packages')).filter((name) => name !== 'integration-tests'))(
    'of %s shows at least one example',
    (name) => {
      const readme = join(root, 'packages', name, 'README.md');
      expect(shownExamples(root).map((example) => example.readme)).toContain(readme);
    },
  );
});
