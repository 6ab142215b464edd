// A ZooKeeper for the tests: Debian's, started from its jars; no service, no root to run it.
import { existsSync } from 'node:fs';
import { installCommand, installFromDebian, onPath } from './debian.mjs';
import { Failure } from './failure.mjs';

const debianJars = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-nop.jar'];
const packages = ['zookeeper', 'default-jre-headless'];

/**
 * The class path of a ZooKeeper: $MILLRACE_ZOOKEEPER_CLASSPATH, or Debian's, which is installed first if `mayInstall`
 * and this is root on a Debian. Rejects with a `Failure` when there is none.
 */
export async function findZookeeper({ mayInstall }) {
  const given = process.env.MILLRACE_ZOOKEEPER_CLASSPATH;
  if (given) return given;
  if (!isThere() && mayInstall) await installFromDebian(packages, 'tests need a real ZooKeeper');
  if (isThere()) return debianJars.join(':');
  throw new Failure('there is no ZooKeeper here', { hint: installCommand(packages) });
}

function isThere() {
  return onPath('java') && debianJars.every((jar) => existsSync(jar));
}
