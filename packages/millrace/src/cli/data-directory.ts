import { join } from 'node:path';
import { CodedError, codeOf, type World } from '@millrace/runtime';
import { isSystemCode } from '../explanations/catalogue.ts';
import { cliError } from './errors.ts';

/**
 * A directory is ours when it is new or empty, or when a broker's registry, lock or partition lies in it.
 * FOREIGN_DIRECTORY.
 */
export async function refuseForeignDirectory(directory: string, world: World): Promise<void> {
  try {
    await refuse(directory, world);
  } catch (error) {
    throw aboutDirectory(directory, error);
  }
}

async function refuse(directory: string, { files }: World): Promise<void> {
  if (!(await files.exists(directory))) return;
  const names = await files.list(directory);
  if (names.length === 0 || names.some((name) => name === '.lock' || name.startsWith('__registry.'))) return;
  // Who meets the others in ZooKeeper has no registry of its own.
  for (const name of names) {
    if (/-\d+$/.test(name) && (await files.exists(join(directory, name, 'log.metadata')))) return;
  }
  throw cliError(
    'FOREIGN_DIRECTORY',
    `${directory} is no data directory of Millrace: it holds ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`,
    { hint: `choose an empty or new directory, such as --dir ${join(directory, 'millrace-data')}` },
  );
}

/** The system says what it could not do, which may be a file that nobody has heard of: say for what it was done. */
export function aboutDirectory(directory: string, error: unknown): unknown {
  const code = codeOf(error);
  if (!isSystemCode(code)) return error;
  const { message } = error as { message?: string };
  return new CodedError(code, `cannot keep data in ${directory}: ${message ?? code}`, { cause: error });
}
