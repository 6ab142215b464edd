import { hasCode } from '@millrace/runtime';
import { topicNode } from './cluster-nodes.ts';
import { registryError } from './errors.ts';
import { type OffsetNode, offsetNode } from './group-nodes.ts';
import type { Position } from './groups.ts';
import { paths } from './paths.ts';
import type { Registry } from './registry.ts';

/**
 * Puts a group elsewhere (protocols §A, rule 17): whoever owns one of the partitions is fenced, claims it again and goes
 * on from there. `writer` names who did it. NODE_MISSING for a topic that is not there; what was put before it stays put.
 */
export async function seekGroup(
  registry: Registry,
  group: string,
  positions: readonly Position[],
  writer: string,
): Promise<void> {
  for (const { topic, partition, offset } of positions) {
    const path = paths.offset(group, await topicIdOf(registry, topic), partition);
    while (!(await put(registry, path, offset, writer))) {
      // A commit came in between: the next attempt builds on it.
    }
  }
}

async function topicIdOf(registry: Registry, topic: string): Promise<string> {
  const path = paths.topic(topic);
  const node = await registry.get(path);
  const decoded = node === undefined ? undefined : topicNode.decode(node.data, path);
  if (decoded === undefined || decoded.deleted)
    throw registryError('NODE_MISSING', `there is no topic ${topic}`, { details: { path } });
  return decoded.id;
}

/** Whether it is there; false: another was faster. */
async function put(registry: Registry, path: string, offset: number, writer: string): Promise<boolean> {
  const found = await registry.get(path);
  const before = found === undefined ? undefined : offsetNode.decode(found.data, path);
  const next: OffsetNode = {
    generation: before?.generation ?? 0,
    claim: (before?.claim ?? 0) + 1,
    offset,
    writer,
  };
  try {
    if (found === undefined) await registry.create(path, offsetNode.encode(next));
    else await registry.set(path, offsetNode.encode(next), found);
    return true;
  } catch (error) {
    const wasFaster = ['VERSION_MISMATCH', 'NODE_EXISTS', 'NODE_MISSING'].some((code) =>
      hasCode(error, code),
    );
    if (wasFaster) return false;
    throw error;
  }
}
