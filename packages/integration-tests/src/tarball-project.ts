import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a user has after installing our packed tarballs, with the examples beside them. */
export interface TarballProject {
  readonly folder: string;
  readonly packages: readonly { readonly name: string; readonly files: readonly string[] }[];
  /** As `tools/stock-jest.mjs` says. */
  runStockJest(options: {
    name?: string;
    files?: number;
    fake?: boolean;
    flags?: readonly string[];
    node?: string;
  }): Promise<{ said: string; times: readonly { readonly [name: string]: number }[] }>;
  remove(): Promise<void>;
}

const tools = join(__dirname, '../../../tools');

export async function createTarballProject(): Promise<TarballProject> {
  const { folder, packages } = await inNode<Omit<TarballProject, 'runStockJest' | 'remove'>>(
    `import { copyExamples, createTarballProject } from ${fileOf('tarball-project.mjs')};
     const project = await createTarballProject();
     copyExamples(project.folder);
     answer(project);`,
  );
  return {
    folder,
    packages,
    runStockJest: (options) =>
      inNode(
        `import { runStockJest } from ${fileOf('stock-jest.mjs')};
         answer(await runStockJest(${JSON.stringify(folder)}, ${JSON.stringify(options)}));`,
      ),
    remove: () =>
      inNode(
        `import { rmSync } from 'node:fs';
         answer(rmSync(${JSON.stringify(join(folder, '..'))}, { recursive: true, force: true }) ?? null);`,
      ),
  };
}

function fileOf(tool: string): string {
  return JSON.stringify(join(tools, tool));
}

/** The tools are ES modules, which jest's CommonJS cannot load. */
async function inNode<Answer>(source: string): Promise<Answer> {
  const whole = `${source}\nfunction answer(value) { console.log(JSON.stringify(value)); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', whole], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Answer;
}
