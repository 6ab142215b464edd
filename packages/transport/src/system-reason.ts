import { codeOf } from '@millrace/runtime';

const meanings: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not'],
  ['EADDRNOTAVAIL', 'that is no address of this machine'],
  ['EAI_AGAIN', 'the name service does not answer'],
  ['ECONNREFUSED', 'nothing listens there'],
  ['ECONNRESET', 'the connection was broken off'],
  ['EHOSTUNREACH', 'no way leads there'],
  ['ENETUNREACH', 'no way leads there'],
  ['ENOTFOUND', 'no machine of that name is known'],
  ['ETIMEDOUT', 'that machine does not answer'],
]);

/** Why the system refused an address: in plain words, and in its own. */
export function systemReason(error: Error): string {
  const code = codeOf(error);
  if (code === undefined) return error.message;
  const meaning = meanings.get(code);
  return meaning === undefined ? code : `${meaning} (${code})`;
}
