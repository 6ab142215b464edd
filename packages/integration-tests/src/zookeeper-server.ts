import { zookeeperClassPath } from './zookeeper-process.ts';

export { ZookeeperServer } from './zookeeper-process.ts';

/** `npm test` says above its last line when there is no ZooKeeper. */
const withoutClient = process.env['MILLRACE_WITHOUT_ZOOKEEPER'] === '1';

/** For what needs a real ZooKeeper. */
export const describeWithZookeeper =
  zookeeperClassPath === undefined || zookeeperClassPath === '' || withoutClient ? describe.skip : describe;
