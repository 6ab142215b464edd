import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const runFile = promisify(execFile);
const root = join(__dirname, '../../..');

interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  readonly files: readonly string[];
}

/** An empty folder into which all our tarballs were installed, as a user would. */
async function installTarballs(): Promise<{ folder: string; packages: readonly PackedPackage[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-tarballs-'));
  const pack = `import { packPackages } from ${JSON.stringify(join(root, 'tools/pack.mjs'))};
    console.log(JSON.stringify(await packPackages(${JSON.stringify(join(folder, 'tarballs'))})));`;
  const { stdout } = await runFile(process.execPath, ['--input-type=module', '--eval', pack]);
  const packages: PackedPackage[] = JSON.parse(stdout);
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'somebody', private: true }));
  const tarballs = packages.map(({ tarball }) => tarball);
  await runFile('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], {
    cwd: project,
  });
  return { folder, packages };
}

describe('the packed tarballs, installed into an empty folder', () => {
  let folder: string;
  let project: string;
  let packages: readonly PackedPackage[];

  beforeAll(async () => {
    ({ folder, packages } = await installTarballs());
    project = join(folder, 'project');
  }, 180_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const node = async (name: string, source: string): Promise<string> => {
    await writeFile(join(project, name), source);
    const { stdout } = await runFile(process.execPath, [name], { cwd: project, timeout: 20_000 });
    return stdout.trim();
  };

  it('hold the build, its types and the README, and no tests', () => {
    for (const { name, files } of packages) {
      expect([name, files.includes('dist/index.js')]).toEqual([name, true]);
      expect([name, files.includes('dist/index.cjs')]).toEqual([name, true]);
      expect([name, files.includes('dist/index.d.ts')]).toEqual([name, true]);
      expect([name, files.includes('README.md')]).toEqual([name, true]);
      expect([name, files.filter((file) => file.includes('.test.'))]).toEqual([name, []]);
    }
  });

  it('can each be imported and required, and both give the same module', async () => {
    const names = packages.map(({ name }) => name);
    const output = await node(
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
    );

    expect(output).toBe('same');
  });

  it('run a broker for an ES module', async () => {
    expect(await node('embed.mjs', `import { connect, startBroker } from 'millrace';\n${embed}`)).toBe(
      'first',
    );
  });

  it('run a broker for a CommonJS module', async () => {
    const body = `const { connect, startBroker } = require('millrace');\n(async () => {${embed}})();`;

    expect(await node('embed.cjs', body)).toBe('first');
  });

  it('run a broker in a stock jest project: no transform, no flags, CommonJS', async () => {
    await mkdir(join(project, 'stock'), { recursive: true });
    await writeFile(join(project, 'stock/package.json'), JSON.stringify({ name: 'stock', jest: {} }));
    await writeFile(join(project, 'stock/broker.test.js'), stockTest);

    const jest = join(root, 'node_modules/jest/bin/jest.js');
    const { stderr } = await runFile(process.execPath, [jest, '--rootDir', '.'], {
      cwd: join(project, 'stock'),
      timeout: 60_000,
    });

    expect(stderr).toContain('Tests:       1 passed, 1 total');
  }, 60_000);

  it('bring the command line', async () => {
    const { stdout } = await runFile('npx', ['millrace', '--version'], { cwd: project });

    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

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

const stockTest = `
  const { startTestBroker } = require('millrace/testing');
  test('a record comes back', async () => {
    const broker = await startTestBroker();
    try {
      await broker.producer().send({ topic: 'orders', key: 'a', value: 'first' });
      const records = await broker.records('orders');
      expect(records.map((record) => record.value.toString())).toEqual(['first']);
    } finally {
      await broker.close();
    }
  });`;
