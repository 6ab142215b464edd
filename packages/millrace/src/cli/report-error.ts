import type { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { codeOf } from '@millrace/runtime';
import { explanations, isExplained, isSystemCode } from '../explanations/catalogue.ts';
import { exitCodeFor } from './exit-code.ts';

/** Where the command line can say something shorter, or of itself. */
const hints: ReadonlyMap<string, string> = new Map([
  ['RECORD_TOO_LARGE', 'a record is one line of the input; is this a file of lines?'],
  ['MESSAGE_TOO_LARGE', '`millrace topic alter NAME --config max.message.bytes=N` lets the topic take more'],
  ['TOPIC_ALREADY_EXISTS', 'use it as it is, change it with `millrace topic alter`, or choose another name'],
]);

/**
 * Says on `stderr` what went wrong: one line, a hint and where to learn more, with `debug` also where. Returns the exit
 * code for it.
 */
export function reportError(error: unknown, stderr: Writable, debug: boolean): number {
  stderr.write(`error: ${oneLine(messageOf(error))}\n`);
  const hint = hintFor(error);
  if (hint !== undefined) stderr.write(`hint:  ${oneLine(hint)}\n`);
  const code = codeOf(error);
  if (isExplained(code)) stderr.write(`more:  millrace explain ${code}\n`);
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
  return hints.get(code) ?? (isSystemCode(code) ? asHint(explanations[code].cure) : undefined);
}

/** A sentence in the form that hints have. */
function asHint(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`;
}

/** Text from elsewhere must neither break the line nor drive the terminal. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ').trim();
  return line.replaceAll(/\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
