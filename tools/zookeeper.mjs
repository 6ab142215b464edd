// A ZooKeeper for the tests: Debian's, started from its jars; no service, no root to run it.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from './failure.mjs';
import { stateDirectory } from './workspace.mjs';

const debianJars = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-nop.jar'];
const packages = ['zookeeper', 'default-jre-headless'];
const install = ['install', '-y', '--no-install-recommends', ...packages];

/** The one command that a person installs it with. */
export const installCommand = `sudo apt-get ${install.join(' ')}`;

/**
 * The class path of a ZooKeeper: $MILLRACE_ZOOKEEPER_CLASSPATH, or Debian's, which is installed first if `mayInstall`
 * and this is root on a Debian. Rejects with a `Failure` when there is none.
 */
export async function findZookeeper({ mayInstall }) {
  const given = process.env.MILLRACE_ZOOKEEPER_CLASSPATH;
  if (given) return given;
  if (isThere()) return debianJars.join(':');
  if (mayInstall && process.getuid?.() === 0 && onPath('apt-get')) await installIt();
  if (isThere()) return debianJars.join(':');
  throw new Failure('there is no ZooKeeper here', { hint: installCommand });
}

async function installIt() {
  console.error(`millrace: installing Debian's ${packages.join(' and ')}: tests need a real ZooKeeper`);
  mkdirSync(stateDirectory, { recursive: true });
  const log = join(stateDirectory, 'apt.log');
  const output = openSync(log, 'w');
  try {
    // The lists may be missing, as in a container, or older than the archive.
    if (await aptGet(install, output)) return;
    if ((await aptGet(['update'], output)) && (await aptGet(install, output))) return;
  } finally {
    closeSync(output);
  }
  const tail = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-5);
  throw new Failure(`apt-get could not install ZooKeeper (${log}): ${tail.at(-1)}`, {
    hint: installCommand,
    tail,
  });
}

function aptGet(args, output) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const child = spawn('apt-get', args, { stdio: ['ignore', output, output], env });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}

function isThere() {
  return onPath('java') && debianJars.every((jar) => existsSync(jar));
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
