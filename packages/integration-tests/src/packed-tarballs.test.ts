import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { examplePrograms, promisedOutput } from '../../../tools/readme-examples.ts';
import { otherNodes } from './other-nodes.ts';
import { createTarballProject, type TarballProject } from './tarball-project.ts';

const runFile = promisify(execFile);
const root = join(__dirname, '../../..');
const nodes = otherNodes();

describe('the packed tarballs, installed into an empty folder', () => {
  let project: TarballProject;

  beforeAll(async () => {
    project = await createTarballProject();
  }, 180_000);

  afterAll(() => project.remove());

  /** Runs a program of ours in the folder; `node`: by which Node. */
  const run = async (name: string, source: string, node = process.execPath): Promise<string> => {
    await writeFile(join(project.folder, name), source);
    const { stdout } = await runFile(node, [name], { cwd: project.folder, timeout: 60_000 });
    return stdout.trim();
  };

  it('hold the build, its types and the README, and no tests', () => {
    for (const { name, files } of project.packages) {
      const expected = ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'README.md'];
      expect([name, expected.filter((file) => !files.includes(file))]).toEqual([name, []]);
      expect([name, files.filter((file) => file.includes('.test.'))]).toEqual([name, []]);
    }
  });

  describe.each([['this Node', process.execPath], ...nodes])('on %s', (_version, node) => {
    it('can each be imported and required, and both give the same module', async () => {
      const names = project.packages.map(({ name }) => name);
      const output = await run(
        'both.mjs',
        `import { createRequire } from 'node:module';
         const require = createRequire(import.meta.url);
         for (const name of ${JSON.stringify(names)}) {
           const imported = await import(name);
           const required = require(name);
           for (const key of Object.keys(imported)) if (imported[key] !== required[key]) throw new Error(name + ' ' + key);
           if (Object.keys(imported).length === 0) throw new Error(name + ' exports nothing');
         }
         console.log('same');`,
        node,
      );

      expect(output).toBe('same');
    });

    it('run a broker for an ES module and for a CommonJS one', async () => {
      const asModule = `import { connect, startBroker } from 'millrace';\n${embed}`;
      const required = `const { connect, startBroker } = require('millrace');\n(async () => {${embed}})();`;

      expect(await run('embed.mjs', asModule, node)).toBe('first');
      expect(await run('embed.cjs', required, node)).toBe('first');
    });

    it('run a broker in each of 20 files of a stock jest project, and leave nothing open', async () => {
      const { said, times } = await project.runStockJest({ node, flags: ['--detectOpenHandles'] });

      expect(said).toContain('Tests:       20 passed, 20 total');
      expect(said).not.toMatch(/open handle|did not exit|Warning/);
      expect(times).toHaveLength(20);
      process.stderr.write(`  ${inWords(times)}\n`);
    }, 120_000);
  });

  it('run a broker in stock jest under fake timers', async () => {
    const { said } = await project.runStockJest({ name: 'fake', files: 2, fake: true });

    expect(said).toContain('Tests:       2 passed, 2 total');
  }, 60_000);

  it.each(examplePrograms(root))('run %s, which prints what it promises and ends', async (program) => {
    const [, name = '', ...file] = program
      .split('/')
      .slice(0)
      .filter((part) => part !== 'examples');
    const copy = join('examples', name, ...file);

    const { stdout } = await runFile(process.execPath, ['--import', tsx, copy], {
      cwd: project.folder,
      timeout: 60_000,
    });

    const promised = promisedOutput(readFileSync(join(root, program), 'utf8'));
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.split('\n').filter((line) => line !== '')).toEqual(promised);
  });

  it('run the example tests in stock jest', async () => {
    await symlink(join(root, 'node_modules/kafkajs'), join(project.folder, 'node_modules/kafkajs'));
    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const { stderr } = await runFile(process.execPath, [jest, '--rootDir', '.'], {
      cwd: join(project.folder, 'examples/millrace/jest'),
      timeout: 60_000,
    });

    expect(stderr).toContain('Tests:       2 passed, 2 total');
  }, 60_000);

  it('run the example tests in vitest', async () => {
    await symlink(join(root, 'node_modules/vitest'), join(project.folder, 'node_modules/vitest'));
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { stdout } = await runFile(
      process.execPath,
      [vitest, 'run', '--root', 'examples/millrace/vitest'],
      {
        cwd: project.folder,
        env: { ...process.env, NO_COLOR: '1', CI: '1' },
        timeout: 60_000,
      },
    );

    expect(stdout).toMatch(/Tests +2 passed \(2\)/);
  }, 60_000);

  it('run the example test in Node’s own test runner, eight days on a manual clock', async () => {
    const { stdout } = await runFile(process.execPath, ['--test', 'examples/millrace/node-test/'], {
      cwd: project.folder,
      timeout: 60_000,
    });

    expect(stdout).toMatch(/pass 1\n[\s\S]*fail 0/);
  });

  it('count the lines of a real log with three consumers', async () => {
    const log = ['/var/log/dpkg.log', join(root, 'package-lock.json')].find((path) => existsSync(path)) ?? '';
    const { stdout } = await runFile(
      process.execPath,
      ['--import', tsx, 'examples/millrace/web-log/web-log.ts', log],
      { cwd: project.folder, timeout: 60_000 },
    );

    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    const counts = new Map<string, number>();
    for (const line of lines) {
      const what = line.split(' ')[2] ?? '-';
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    const printed = stdout.trimEnd().split('\n');
    const last = printed.pop() ?? '';
    expect(printed.sort()).toEqual([...counts].map(([what, count]) => `${count} ${what}`).sort());
    expect(last).toMatch(new RegExp(`^${lines.length} lines, counted by three consumers: `));
  }, 60_000);

  it('have types that hold for all examples, by what was published alone', async () => {
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      strict: true,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
    };
    await writeFile(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['examples'] }),
    );

    const { stdout } = await runFile(join(root, 'node_modules/.bin/tsc'), ['-p', project.folder], {
      cwd: project.folder,
    }).catch((error: { stdout: string }) => error);

    expect(stdout).toBe('');
  }, 60_000);

  it('bring the command line', async () => {
    const { stdout } = await runFile('npx', ['millrace', '--version'], { cwd: project.folder });

    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

const tsx = join(root, 'node_modules/tsx/dist/loader.mjs');

const embed = `
  const broker = await startBroker();
  const client = connect(broker);
  await client.producer().send({ topic: 'orders', value: 'first' });
  for await (const record of client.consumer({ partitions: [{ topic: 'orders', partition: 0 }] })) {
    console.log(record.value.toString());
    break;
  }
  await client.close();
  await broker.stop();`;

function inWords(times: readonly { readonly [name: string]: number }[]): string {
  const median = (name: string): string => {
    const sorted = times.map((one) => one[name] ?? Number.NaN).sort((a, b) => a - b);
    return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(1);
  };
  return `a test broker in stock jest, medians of ${times.length}: import ${median('importMs')} ms, start ${median('startMs')} ms, close ${median('closeMs')} ms`;
}
