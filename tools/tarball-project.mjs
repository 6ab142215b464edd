// What a user has after `npm install millrace`: an empty folder with our packed tarballs in it. Needs a build.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { packPackages } from './pack.mjs';
import { packageDirectories } from './workspace.mjs';

const runFile = promisify(execFile);

/** Resolves to `{ folder, packages, remove }`; `packages` as `packPackages` says. */
export async function createTarballProject() {
  const parent = mkdtempSync(join(tmpdir(), 'millrace-tarballs-'));
  const packages = await packPackages(join(parent, 'tarballs'));
  const folder = join(parent, 'project');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'somebody', private: true }));
  const tarballs = packages.map(({ tarball }) => tarball);
  await runFile('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs], {
    cwd: folder,
  });
  return { folder, packages, remove: () => rmSync(parent, { recursive: true, force: true }) };
}

/** Copies the examples of every package to `examples/<package>`, where they find the installed packages. */
export function copyExamples(folder) {
  mkdirSync(join(folder, 'examples'));
  writeFileSync(join(folder, 'examples/package.json'), '{ "type": "module" }');
  for (const directory of packageDirectories()) {
    const examples = join(directory, 'examples');
    if (existsSync(examples))
      cpSync(examples, join(folder, 'examples', basename(directory)), { recursive: true });
  }
}
