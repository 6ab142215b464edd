/** Percentiles of figures, which are sorted in place. */
export function spread(figures: number[]): {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
} {
  figures.sort((a, b) => a - b);
  const at = (share: number): number =>
    figures[Math.min(figures.length - 1, Math.floor(figures.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}
