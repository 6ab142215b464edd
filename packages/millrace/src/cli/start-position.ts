import type { StartPosition } from '../reading-plan.ts';
import { cliError } from './errors.ts';

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * `earliest`, `latest`, an offset, or `@` and a time: `@2026-11-20T10:00` (local time unless it names a zone),
 * `@1763630000000` (ms since the epoch), `@-15m` (so long ago; s, m, h or d). USAGE.
 */
export function parseStartPosition(text: string, now: number, option = '--from'): StartPosition {
  if (text === 'earliest' || text === 'latest') return text;
  if (text.startsWith('@')) return { timestamp: parseTime(text.slice(1), now, option) };
  const offset = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset;
  throw cliError('USAGE', `${option} ${text} is no place to begin`, {
    hint: 'earliest, latest, an offset like 42, or a time like @2026-11-20T10:00, @1763630000000 or @-15m',
  });
}

function parseTime(text: string, now: number, option: string): number {
  const ago = /^-(\d+)([smhd])$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs];
  const time = /^\d+$/.test(text)
    ? Number(text)
    : /^\d{4}-/.test(text)
      ? Date.parse(localTime(text))
      : Number.NaN;
  if (Number.isSafeInteger(time)) return time;
  throw cliError('USAGE', `${option} @${text} names no time`, {
    hint: 'a date like @2026-11-20T10:00, ms since the epoch like @1763630000000, or so long ago like @-15m',
  });
}

/** A day alone would be taken for UTC, unlike a day with a time. */
function localTime(text: string): string {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text;
}
