// Checks what would be published: publint on each package, attw on each tarball. Needs `npm run build` first.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackages } from './pack.mjs';
import { packageDirectories } from './workspace.mjs';

/**
 * What attw says of us and why it stands: one set of declarations serves `import` and `require`, because Node 20.19+ gives
 * both the same ES module; only tools without the module-sync condition (jest) get the .cjs, and they read no types.
 * TypeScript's `node10` resolution knows no subpaths at all.
 */
const accepted = (problem) =>
  problem.kind === 'FalseESM' || problem.resolutionKind === 'node10' || problem.resolutionOption === 'node10';

const directory = mkdtempSync(join(tmpdir(), 'millrace-packages-'));
const complaints = [];
try {
  for (const { name, tarball } of await packPackages(directory)) {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
    const problems = analysis.types
      ? analysis.problems.filter((problem) => !accepted(problem))
      : [{ kind: 'NoTypes' }];
    for (const problem of problems) complaints.push(`${name} (attw): ${JSON.stringify(problem)}`);
  }
  for (const pkgDir of packageDirectories()) {
    const { messages, pkg } = await publint({ pkgDir, strict: true });
    for (const message of messages) complaints.push(`${pkg.name} (publint): ${formatMessage(message, pkg)}`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length === 0 ? 0 : 1;
