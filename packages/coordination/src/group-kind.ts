import { hasCode } from '@millrace/runtime';
import { registryError } from './errors.ts';
import { paths } from './paths.ts';
import type { Registry } from './registry.ts';

/**
 * A group's name belongs to one kind: Millrace's own groups lie below its node in the registry, those of Kafka's clients lie
 * with their coordinator, which makes the node with this value. A group of our own makes it without one, as a parent.
 */
const classic = Buffer.from('classic');

/** Whether the name belongs to a group of Kafka's clients. */
export async function isClassicGroup(registry: Registry, group: string): Promise<boolean> {
  const node = await registry.get(paths.group(group));
  return node !== undefined && classic.equals(node.data);
}

/** For a coordinator: the name is its group's from now on. OTHER_GROUP_KIND when it is one of our own; INVALID_GROUP. */
export async function claimClassicGroup(registry: Registry, group: string): Promise<void> {
  try {
    await registry.create(paths.group(group), classic);
  } catch (error) {
    // Also when nobody knows what came of it: the node says.
    const isUnknown = hasCode(error, 'OUTCOME_UNKNOWN');
    if (!isUnknown && !hasCode(error, 'NODE_EXISTS')) throw error;
    if (await isClassicGroup(registry, group)) return;
    if (isUnknown) throw error;
    throw registryError(
      'OTHER_GROUP_KIND',
      `group '${group}' is one of Millrace's own, kept in the registry`,
      {
        hint: 'choose another name',
        cause: error,
      },
    );
  }
}

/** The name is free again. */
export async function releaseClassicGroup(registry: Registry, group: string): Promise<void> {
  const node = await registry.get(paths.group(group));
  if (node === undefined || !classic.equals(node.data)) return;
  try {
    await registry.delete(paths.group(group), { version: node.version });
  } catch (error) {
    if (!hasCode(error, 'NODE_MISSING')) throw error;
  }
}

/** For a member of our own kind. OTHER_GROUP_KIND. */
export async function refuseClassicGroup(registry: Registry, group: string): Promise<void> {
  if (!(await isClassicGroup(registry, group))) return;
  throw registryError(
    'OTHER_GROUP_KIND',
    `group '${group}' is one of Kafka's clients, kept by its coordinator`,
    {
      hint: 'choose another name',
    },
  );
}
