import type { CodedError } from '@millrace/runtime';
import { type RegistryErrorCode, registryError } from '../errors.ts';
import type { Refusal } from './reply.ts';

/** What a caller of the registry is told when a request for `path` was not answered with a result. */
export function failureOf(
  path: string,
  reply: { readonly code: Refusal; readonly message: string },
  asked: 'read' | 'change',
  expectedVersion?: number,
): CodedError<RegistryErrorCode> {
  const details = { path };
  switch (reply.code) {
    case 'NODE_MISSING':
      return registryError('NODE_MISSING', `there is no ${path}`, { details });
    case 'NODE_EXISTS':
      return registryError('NODE_EXISTS', `${path} is there already`, { details });
    case 'VERSION_MISMATCH':
      return registryError('VERSION_MISMATCH', `${path} is not at version ${expectedVersion}`, { details });
    case 'NOT_EMPTY':
      return registryError('NOT_EMPTY', `${path} has children`, { details });
    case 'BELOW_EPHEMERAL':
      return registryError('INVALID_PATH', `${path} would lie below an ephemeral node`, { details });
    case 'BAD_PATH':
      return registryError('INVALID_PATH', `ZooKeeper takes no such path: ${JSON.stringify(path)}`, {
        details,
      });
    case 'UNSENT':
      return registryError('SESSION_EXPIRED', `the session of ZooKeeper is over (${path})`, { details });
    case 'OVER':
      if (asked === 'read') return failureOf(path, { ...reply, code: 'UNSENT' }, asked);
      return registryError('OUTCOME_UNKNOWN', `the session ended before ${path} was answered`, { details });
    case 'LOST':
      return registryError(
        'OUTCOME_UNKNOWN',
        `the connection to ZooKeeper broke before ${path} was answered`,
        {
          details,
        },
      );
    case 'REFUSED':
      return registryError('REGISTRY_REFUSED', `ZooKeeper refuses ${path}: ${reply.message}`, {
        details,
        hint: 'Millrace uses no access control of ZooKeeper: look at the ACLs of that node',
      });
  }
}
