import { apiError } from './errors.ts';

/** A name that is safe as a part of a file name and of a registry path. INVALID_TOPIC_EXCEPTION. */
export function checkTopicName(name: string): void {
  if (/^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..') return;
  throw apiError(
    'INVALID_TOPIC_EXCEPTION',
    `'${name.slice(0, 249)}' cannot be the name of a topic`,
    "a name has 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and is not '.' or '..'",
  );
}
