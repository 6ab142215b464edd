import type { ExplainedCode } from './error-codes.ts';
import type { Explanation } from './explanation.ts';

/** For those who use the registry itself; elsewhere these are met and handled. */
export const registryExplanations = {
  NODE_EXISTS: {
    meaning: 'There is a node at that path already.',
    why: 'Somebody else created it first, or your own create had its effect although its answer was lost.',
    cure: 'Read it: whether it is yours decides how to go on.',
    retry: 'No.',
    from: 'registry.create.',
  },
  NODE_MISSING: {
    meaning: 'There is no node at that path.',
    why: 'It was never made, was deleted, or belonged to a session that is over.',
    cure: 'Create it, or take its absence for an answer.',
    retry: 'No.',
    from: 'registry.set and registry.delete.',
  },
  VERSION_MISMATCH: {
    meaning: 'Somebody else changed the node since you read it.',
    why: 'A change names the version that it replaces, and that is no longer the newest.',
    cure: 'Read it again and decide anew.',
    retry: 'No, not with the old version.',
    from: 'registry.set and registry.delete.',
  },
  NOT_EMPTY: {
    meaning: 'A node that has children cannot be deleted.',
    why: 'Something lies below it. The message names one.',
    cure: 'Delete what is below it first.',
    retry: 'No, unless the children go.',
    from: 'registry.delete.',
  },
  SESSION_EXPIRED: {
    meaning: 'The session with the registry is over, and all that belonged to it is gone.',
    why: 'The registry did not hear from this process in time: a long pause, a lost network, or a stopped broker.',
    cure: 'Open a new session. Brokers and consumers do so by themselves.',
    retry: 'No, not with this session.',
    from: 'Every call of a registry, and a consumer’s signal.',
  },
  OUTCOME_UNKNOWN: {
    meaning: 'The answer of the registry was lost; the change may have been made.',
    why: 'The connection broke in between, or the registry could not write to its disk.',
    cure: 'Read back before going on. If the registry stopped, restart the broker that keeps it.',
    retry: 'No, not before reading back.',
    from: 'registry.create, set and delete.',
  },
  INVALID_PATH: {
    meaning: 'This cannot be the path of a node.',
    why: 'A path begins with / and has no empty parts; nothing can lie below a node that ends with its session.',
    cure: 'Choose another path.',
    retry: 'No.',
    from: 'Every call of a registry.',
  },
  VALUE_TOO_LARGE: {
    meaning: 'A value is larger than a registry takes.',
    why: 'Registries hold small values: names, numbers and lists of them. Records belong into topics.',
    cure: 'Keep less in one node: fewer partitions in a group or topic, or shorter names.',
    retry: 'No.',
    from: 'registry.create and registry.set.',
  },
  REGISTRY_UNREACHABLE: {
    meaning: 'No session with the registry could be opened in the time given.',
    why: 'ZooKeeper is not running, is at another address, or a firewall is in between.',
    cure: 'Start it, or check the address and what lies between.',
    retry: 'Yes, once it answers.',
    from: '`--zookeeper`, and opening a registry in ZooKeeper.',
  },
  REGISTRY_REFUSED: {
    meaning: 'The registry does not let this process do what it asked.',
    why: 'Somebody has restricted who may read or change that part of ZooKeeper.',
    cure: 'Ask whoever runs ZooKeeper, or use another path in it.',
    retry: 'No.',
    from: 'Every call of a registry in ZooKeeper.',
  },
  PACKAGE_MISSING: {
    meaning: 'A package that is needed only for this is not installed, or cannot be loaded.',
    why: 'It is optional, or was compiled for another version of Node.',
    cure: 'Install the package that the message names, or build it again with `npm rebuild`.',
    retry: 'No, not before it is installed.',
    from: 'Opening a registry in ZooKeeper.',
  },
  BAD_NODE: {
    meaning: 'What lies at a path of the registry cannot be read as what belongs there.',
    why: 'Another program or another version wrote it, or it is damaged.',
    cure: 'The message names the path and what is wrong with it. Remove or mend that node.',
    retry: 'No.',
    from: 'Brokers and consumers, when they read the registry.',
  },
} satisfies { readonly [Code in ExplainedCode]?: Explanation };
