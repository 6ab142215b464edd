import type { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { codeOf } from '@millrace/runtime';
import { exitCodeFor } from './exit-code.ts';

const hints: ReadonlyMap<string, string> = new Map([
  ['BROKER_UNREACHABLE', 'start one with `millrace start`, or name one with --broker host:port'],
  ['RECORD_TOO_LARGE', 'a record is one line of the input; is this a file of lines?'],
  ['MESSAGE_TOO_LARGE', '`millrace topic alter NAME --config max.message.bytes=N` lets the topic take more'],
  ['EACCES', 'this user may not read or write there; choose another place or change its permissions'],
  ['EPERM', 'this user may not do that; choose another place or change its permissions'],
  ['EROFS', 'the disk is mounted read-only; choose another place'],
  ['ENOSPC', 'the disk is full; make room and try again'],
  ['ENOTDIR', 'a part of the path is a file; choose another place'],
  ['EISDIR', 'this is a directory; choose another place'],
  ['EMFILE', 'too many files are open; raise the limit with `ulimit -n`'],
]);

/** Says on `stderr` what went wrong: one line and a hint, with `debug` also where. Returns the exit code for it. */
export function reportError(error: unknown, stderr: Writable, debug: boolean): number {
  stderr.write(`error: ${oneLine(messageOf(error))}\n`);
  const hint = hintFor(error);
  if (hint !== undefined) stderr.write(`hint:  ${oneLine(hint)}\n`);
  if (debug) stderr.write(`${inspect(error, { depth: 4 })}\n`);
  return exitCodeFor(error);
}

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) {
    const message = String(error.message);
    if (message !== '') return message;
  }
  return codeOf(error) ?? String(error);
}

function hintFor(error: unknown): string | undefined {
  if (typeof error === 'object' && error !== null && 'hint' in error && typeof error.hint === 'string')
    return error.hint;
  const code = codeOf(error);
  if (code === undefined) return 'this should not happen; run it again with --debug to see where';
  return hints.get(code);
}

/** Text from elsewhere must neither break the line nor drive the terminal. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.replaceAll(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
