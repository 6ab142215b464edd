import type { Writable } from 'node:stream';
import type { Logger } from '@millrace/runtime';
import { pino } from 'pino';

/** A logger for programs that gather logs: pino's, an object a line. */
export function jsonLogger(stderr: Writable, verbose: boolean): Logger {
  const { err } = pino.stdSerializers;
  return pino(
    {
      name: 'millrace',
      level: verbose ? 'debug' : 'info',
      formatters: { level: (level) => ({ level }) },
      serializers: { err, error: err },
    },
    stderr,
  );
}
