import { registryError } from './errors.ts';

const longestGroup = 200;

/** Where everything lies in the registry. Group ids are encoded, since they may hold any character. INVALID_GROUP. */
export const paths = {
  brokers: '/brokers',
  broker: (nodeId: number): string => `/brokers/${nodeId}`,
  controller: '/controller',
  topics: '/topics',
  topic: (name: string): string => `/topics/${name}`,
  deletedTopics: '/deleted-topics',
  deletedTopic: (topicId: string): string => `/deleted-topics/${topicId}`,
  partitions: (topicId: string): string => `/partitions/${topicId}`,
  partition: (topicId: string, partition: number): string => `/partitions/${topicId}/${partition}`,
  producerIds: '/producer-ids',
  clusterId: '/cluster-id',
  groups: '/groups',
  group: groupPath,
  members: (group: string): string => `${groupPath(group)}/members`,
  member: (group: string, memberId: string): string => `${groupPath(group)}/members/${memberId}`,
  assignment: (group: string): string => `${groupPath(group)}/assignment`,
  offsets: (group: string): string => `${groupPath(group)}/offsets`,
  offset: (group: string, topicId: string, partition: number): string =>
    `${groupPath(group)}/offsets/${topicId}-${partition}`,
} as const;

function groupPath(group: string): string {
  if (group === '') throw registryError('INVALID_GROUP', 'a group id is empty');
  if (group.length > longestGroup) {
    throw registryError(
      'INVALID_GROUP',
      `a group id has ${group.length} characters, ${longestGroup} are allowed: ${group.slice(0, 20)}…`,
    );
  }
  return `/groups/${encodePart(group)}`;
}

/** One part of a path that stands for `text` and nothing else; letters, digits, `.`, `_` and `-` stay readable. */
function encodePart(text: string): string {
  // `.` and `..` mean something in paths, and encodeURIComponent leaves them alone.
  if (text === '.' || text === '..') return text.replaceAll('.', '%2E');
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw registryError('INVALID_GROUP', `a group id is not well-formed text: ${JSON.stringify(text)}`, {
      cause,
    });
  }
}

/** What `encodePart` was given. A part that it cannot have made stays as it is. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
