import type { OpenRegistry } from '@millrace/coordination';
import { codeOf, type World } from '@millrace/runtime';
import { cliError } from './errors.ts';

/** Sessions on the ZooKeeper at `host:port[,host:port][/path]`, which `source` said. USAGE; PACKAGE_MISSING when one is opened. */
export async function zookeeperAt(connect: string, source: string, world: World): Promise<OpenRegistry> {
  const { zookeeperRegistry } = await import('@millrace/coordination/zookeeper');
  try {
    return zookeeperRegistry({ connect }, world);
  } catch (cause) {
    if (!(cause instanceof RangeError) && codeOf(cause) !== 'INVALID_PATH') throw cause;
    throw cliError('USAGE', `${source} '${connect}' is not host:port,host:port/path`, {
      hint: 'for example 127.0.0.1:2181/millrace',
      cause,
    });
  }
}
