// Other versions of Node for the tests of what is published: npm has them as packages.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './npm.mjs';
import { stateDirectory } from './workspace.mjs';

const wanted = { 22: '22.23.3', 24: '24.9.0' };

/** Resolves to `{ found, missing }`: by name (`Node 22.23.3`) the executable, or why there is none. */
export async function installOtherNodes() {
  const found = {};
  const missing = {};
  for (const [major, version] of Object.entries(wanted)) {
    const name = `Node ${version}`;
    const folder = join(stateDirectory, `node-${version}`);
    const kind = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
    const executable = join(folder, 'node_modules', kind, 'bin/node');
    try {
      if (!existsSync(executable))
        await npm(
          ['install', '--prefix', folder, '--no-audit', '--no-fund', `${kind}@${version}`],
          `node-${major}.log`,
        );
      found[name] = executable;
    } catch (error) {
      missing[name] = error.hint ?? error.message;
    }
  }
  return { found, missing };
}
