import type { Writable } from 'node:stream';
import type { Logger } from '@millrace/runtime';

/** A logger for people: `warning: text (name=value, …)`, a line each. Says what is wrong; with `verbose` everything. */
export function lineLogger(stderr: Writable, verbose: boolean): Logger {
  const say = (level: string) => (fields: object, message: string) => {
    stderr.write(`${level}: ${message}${described(fields, verbose)}\n`);
  };
  const ignore = (): void => {};
  return {
    debug: verbose ? say('debug') : ignore,
    info: verbose ? say('info') : ignore,
    warn: say('warning'),
    error: say('error'),
  };
}

function described(fields: object, verbose: boolean): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${shown(value, verbose)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function shown(value: unknown, verbose: boolean): string {
  if (value instanceof Error) return JSON.stringify(verbose ? (value.stack ?? value.message) : value.message);
  if (typeof value === 'object' && value !== null && 'message' in value)
    return JSON.stringify(String(value.message));
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
}
