import type { LogDirectory } from '@millrace/log';
import { codeOf, type Logger } from '@millrace/runtime';

/** A log of a topic's partition: `<topic>-<partition>`. */
export const partitionLogName = /^(.+)-(\d+)$/;
/** An identity that no log has: asked for under it, a log says whose it is. */
const nobody = '';

/**
 * Deletes a log that no partition of this broker claims, if the topic it belongs to is known to be deleted; else it is
 * kept and reported: a missing node deletes nothing (protocols §B.16).
 */
export async function removeLeftoverLog(
  name: string,
  logs: LogDirectory,
  isDeleted: (topicId: string) => Promise<boolean>,
  logger: Logger,
): Promise<void> {
  const owner = await ownerOf(name, logs);
  const topicId = owner === undefined ? undefined : partitionLogName.exec(owner)?.[1];
  if (topicId !== undefined && (await isDeleted(topicId))) await logs.delete(name);
  else logger.warn({ log: name, owner }, 'kept a log that no partition of this broker claims');
}

async function ownerOf(name: string, logs: LogDirectory): Promise<string | undefined> {
  try {
    await logs.open(name, { identity: nobody });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'FOREIGN_LOG') throw error;
    return foreignOwner(error);
  }
}

/** The identity that the directory of a FOREIGN_LOG belongs to. */
export function foreignOwner(error: unknown): string | undefined {
  const details =
    typeof error === 'object' && error !== null && 'details' in error ? error.details : undefined;
  const owner =
    typeof details === 'object' && details !== null && 'owner' in details ? details.owner : undefined;
  return typeof owner === 'string' ? owner : undefined;
}
