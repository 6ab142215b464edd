import { basename, resolve } from 'node:path';
import { logsIn } from '@millrace/log';
import { codeOf, type World } from '@millrace/runtime';
import { logToolError } from './errors.ts';

export interface FoundLog {
  readonly name: string;
  readonly path: string;
}

export interface FoundLogs {
  /** Whether the directory is a log itself, or holds logs. */
  readonly kind: 'log' | 'logs';
  /** By name, at least one. */
  readonly logs: readonly FoundLog[];
}

/** The logs of a data directory, or the one log that the directory is. LOG_NOT_FOUND. */
export async function findLogs(directory: string, world: World): Promise<FoundLogs> {
  const found = await list(directory, world);
  const alone = found.get('');
  if (alone !== undefined)
    return { kind: 'log', logs: [{ name: basename(resolve(directory)), path: alone }] };
  if (found.size === 0)
    throw logToolError('LOG_NOT_FOUND', `there is no log in ${directory}`, {
      hint: 'name a data directory of millrace, or the directory of one log in it',
    });
  return { kind: 'logs', logs: [...found].map(([name, path]) => ({ name, path })) };
}

async function list(directory: string, world: World): Promise<ReadonlyMap<string, string>> {
  try {
    return await logsIn(directory, world);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    const what = code === 'ENOENT' ? 'there is no directory' : 'this is no directory:';
    throw logToolError('LOG_NOT_FOUND', `${what} ${directory}`, { cause: error });
  }
}
