import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { examplePrograms, promisedOutput, shownExamples } from './readme-examples.ts';

const root = join(__dirname, '..');
const runFile = promisify(execFile);

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

describe('examples', () => {
  it.each(examplePrograms(root))(
    '%s prints what it promises and ends',
    async (program) => {
      const { stdout } = await runFile(
        process.execPath,
        ['--import', 'tsx', '--conditions=@millrace/source', join(root, program)],
        { cwd: root, timeout: 20_000 },
      );

      const promised = promisedOutput(readFileSync(join(root, program), 'utf8'));
      expect(promised.length).toBeGreaterThan(0);
      expect(stdout.split('\n').filter((line) => line !== '')).toEqual(promised);
    },
    30_000,
  );
});
