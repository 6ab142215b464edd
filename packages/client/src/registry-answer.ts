import type { RegistryErrorCode, RegistryNode } from '@millrace/coordination';
import type { RequestOf, ResponseOf } from '@millrace/protocol';
import { CodedError } from '@millrace/runtime';

/** One call to the registry, without what names the session. */
export type Operation = Omit<RequestOf<'registryCall'>, 'session' | 'attachment' | 'data'> & {
  data?: Buffer;
};
export type Answer = ResponseOf<'registryCall'>;

/** The node in the answer to `get`; undefined when there is none. */
export function nodeOf({ version, created, owned = false, data }: Answer): RegistryNode | undefined {
  if (version === undefined || created === undefined || !Buffer.isBuffer(data)) return undefined;
  return { version, created, owned, data: Uint8Array.from(data) };
}

/** The answer, or its outcome thrown. */
export function checkedAnswer(answer: Answer, { operation, path }: Operation): Answer {
  const { outcome, message } = answer;
  if (outcome === 'DONE') return answer;
  if (outcome === 'SESSION_EXPIRED') throw sessionExpired();
  throw registryFailure(outcome, message ?? `${operation} ${path} failed`);
}

export function registryFailure(code: RegistryErrorCode, message: string): CodedError<RegistryErrorCode> {
  return new CodedError(code, message);
}

export function sessionExpired(): CodedError<RegistryErrorCode> {
  return registryFailure('SESSION_EXPIRED', 'this session of the broker’s registry is over');
}
