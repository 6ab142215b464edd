// The registry on a ZooKeeper; needs the package `zookeeper`.
export { type ZookeeperOptions, zookeeperRegistry } from './zookeeper-registry.ts';
