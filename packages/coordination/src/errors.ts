import { CodedError, type CodedErrorOptions } from '@millrace/runtime';

/**
 * - `NODE_EXISTS`, `NODE_MISSING`, `VERSION_MISMATCH`, `NOT_EMPTY`: what was there is not what the call expected.
 * - `SESSION_EXPIRED`: the session is over, by the registry's own word; nothing can be done with it.
 * - `OUTCOME_UNKNOWN`: the answer was lost; the call may have had its effect. Read back before going on.
 * - `NON_EMPTY_GROUP`: a group that has members cannot be forgotten.
 * - `INVALID_PATH`, `INVALID_GROUP`: such a name cannot be used.
 * - `VALUE_TOO_LARGE`: a registry holds small values.
 * - `REGISTRY_UNREACHABLE`: no session could be opened in the time given.
 * - `REGISTRY_REFUSED`: the registry does not let this process do it.
 * - `PACKAGE_MISSING`: an optional package is needed and not installed.
 * - `OTHER_GROUP_KIND`: the name belongs to a group of Kafka's clients, or to one of our own.
 * - `BAD_NODE`: what lies at a path cannot be read as what belongs there.
 */
export type RegistryErrorCode =
  | 'NODE_EXISTS'
  | 'NODE_MISSING'
  | 'VERSION_MISMATCH'
  | 'NOT_EMPTY'
  | 'SESSION_EXPIRED'
  | 'OUTCOME_UNKNOWN'
  | 'INVALID_PATH'
  | 'VALUE_TOO_LARGE'
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_REFUSED'
  | 'PACKAGE_MISSING'
  | 'BAD_NODE'
  | 'INVALID_GROUP'
  | 'NON_EMPTY_GROUP'
  | 'OTHER_GROUP_KIND';

/** A coded error of this package. */
export function registryError(
  code: RegistryErrorCode,
  message: string,
  options: CodedErrorOptions = {},
): CodedError<RegistryErrorCode> {
  return new CodedError(code, message, options);
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
