// Figures as people read them, the same on every machine.

/** `1 record`, `2000 records`: digits alone, so that scripts can read them too. */
export function counted(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** In powers of 1000: 999 → `999 B`, 1234567 → `1.2 MB`. */
export function byteSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (unit < units.length - 1 && value >= (unit === 0 ? 1000 : 999.95)) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** 1234 → `1.23 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** Whole ones per second, over `ms`; a moment too short to measure counts as one millisecond. */
export function perSecond(amount: number, ms: number): number {
  return Math.round((amount * 1000) / Math.max(ms, 1));
}
