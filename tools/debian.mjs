// What tests need of Debian: installed by apt-get where this is root on a Debian, else named with the command that does.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from './failure.mjs';
import { stateDirectory } from './workspace.mjs';

const install = (packages) => ['install', '-y', '--no-install-recommends', ...packages];

/** The one command that a person installs them with. */
export const installCommand = (packages) => `sudo apt-get ${install(packages).join(' ')}`;

/** Installs Debian's packages, if this is root on a Debian; says `why`. A `Failure` when apt-get fails. */
export async function installFromDebian(packages, why) {
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return;
  console.error(`millrace: installing Debian's ${packages.join(' and ')}: ${why}`);
  mkdirSync(stateDirectory, { recursive: true });
  const log = join(stateDirectory, `apt-${packages[0]}.log`);
  const output = openSync(log, 'w');
  try {
    // The lists may be missing, as in a container, or older than the archive.
    if (await aptGet(install(packages), output)) return;
    if ((await aptGet(['update'], output)) && (await aptGet(install(packages), output))) return;
  } finally {
    closeSync(output);
  }
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5);
  throw new Failure(`apt-get could not install ${packages.join(' and ')} (${log}): ${tail.at(-1)}`, {
    hint: installCommand(packages),
    tail,
  });
}

export function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function aptGet(args, output) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn('apt-get', args, { stdio: ['ignore', output, output], env });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}
